// Figures, widths and accessibility of a whole page.

/** Every figure has a drawing with a name, of a size that can be read, within its box. */
export async function checkFigures(page, checks) {
  const figures = await page.evaluate(() =>
    [...document.querySelectorAll('figure.figure')].map((figure) => {
      const svg = figure.querySelector('svg');
      if (svg === null) return { id: figure.id, svg: false };
      const [drawn, box] = [svg.getBoundingClientRect(), svg.parentElement.getBoundingClientRect()];
      const labels = (svg.getAttribute('aria-labelledby') ?? '').split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? '');
      const name = svg.getAttribute('aria-label') ?? (labels.join('') || svg.querySelector(':scope > title')?.textContent);
      const isInside = drawn.left >= box.left - 1 && drawn.right <= box.right + 1 && drawn.top >= box.top - 1 && drawn.bottom <= box.bottom + 1;
      const inWindow = box.left >= -1 && box.right <= document.documentElement.clientWidth + 1;
      return { id: figure.id, svg: true, width: drawn.width, height: drawn.height, name, role: svg.getAttribute('role'), isInside, inWindow };
    }),
  );
  for (const figure of figures) {
    checks.that(figure.svg, `figure ${figure.id} has no svg`);
    if (!figure.svg) continue;
    checks.that(figure.width > 100 && figure.height > 60, `figure ${figure.id} is ${figure.width} by ${figure.height} px`);
    checks.that(Boolean(figure.name?.trim()) && figure.role === 'img', `figure ${figure.id} has no accessible name, or is no img`);
    checks.that(figure.isInside && figure.inWindow, `figure ${figure.id} leaves its box or the window`);
  }
  return figures.length;
}

/** The page is no wider than the window. */
export async function checkWidth(page, checks, what) {
  const wide = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const isScrolled = (one) => {
      for (let at = one.parentElement; at !== null && at !== document.body; at = at.parentElement) {
        if (getComputedStyle(at).overflowX !== 'visible') return true;
      }
      return false;
    };
    const outside = [...document.body.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > width + 1 && !isScrolled(one) && one.closest('.unseen') === null);
    return { page: document.documentElement.scrollWidth, width, outside: outside.slice(0, 5).map((one) => `${one.tagName}.${one.className}`) };
  });
  checks.that(wide.page <= wide.width, `${what}: the page is ${wide.page} px wide in a window of ${wide.width} px: ${wide.outside.join(', ')}`);
}

/** axe-core finds nothing serious. It was given to the page before it was loaded. */
export async function checkAccessibility(page, checks, what) {
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, impact, help, nodes }) => ({
      id,
      impact,
      help,
      nodes: nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary.replace(/\s+/g, ' ')}`),
      count: nodes.length,
    }));
  });
  for (const { id, impact, help, nodes, count } of found) {
    const line = `${what}: axe ${impact} ${id} (${help}) in ${count}: ${nodes.join(' | ')}`;
    if (['serious', 'critical'].includes(impact)) checks.that(false, line);
    else console.error(`note: ${line}`);
  }
  checks.that(true, what);
}

/** Without scripts, headings, figures and tables are there, and a line says where the items are. */
export async function checkWithoutScripts(browser, url, checks) {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(url);
  checks.that((await page.locator('main h2:visible').count()) >= 5, 'without scripts: fewer than five headings');
  checks.that(await page.locator('#items noscript').isVisible(), 'without scripts: nothing says where the items are');
  checks.that((await page.locator('main table td:visible').count()) > 0, 'without scripts: no table');
  checks.equal(await page.locator('button:visible, form:visible').count(), 0, 'without scripts: controls that do nothing');
  await context.close();
}
