// Sorting of tables, by mouse and by keyboard.

/** The texts by which a column is sorted, in the order of the rows; '' for a missing value. */
const column = (table, index) =>
  table.evaluate((one, at) => {
    const cells = [...one.tBodies[0].rows].map((row) => row.cells[at]);
    return cells.map((cell) => {
      const text = cell.hasAttribute('data-sort') ? cell.getAttribute('data-sort') : cell.classList.contains('missing') ? '' : cell.textContent;
      return ['—', '–'].includes(text.trim()) ? '' : text.trim();
    });
  }, index);

const asNumber = (text) => Number(text.replace('−', '-').replace(/,/g, '').replace(/\s*%$/, ''));

/** Whether values are in order, with the missing ones at the end. */
function isSorted(texts, direction) {
  const known = texts.filter((text) => text !== '');
  if (texts.slice(known.length).some((text) => text !== '')) return false;
  const isNumeric = known.every((text) => !Number.isNaN(asNumber(text)));
  const order = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  const compare = isNumeric ? (a, b) => asNumber(a) - asNumber(b) : order.compare;
  return known.every((text, at) => at === 0 || direction * compare(known[at - 1], text) <= 0);
}

/** Sorts every column of the tables that a selector finds. The first column by keyboard, the others by mouse. */
export async function checkSorting(page, checks, selector) {
  const tables = page.locator(selector);
  let sorted = 0;
  for (let number = 0; number < Math.min(await tables.count(), 12); number += 1) {
    const table = tables.nth(number);
    const isPlain = await table.evaluate((one) => one.tBodies.length === 1 && [...one.tBodies[0].rows].every((row) => [...row.cells].every((cell) => cell.colSpan === 1 && cell.rowSpan === 1)));
    if (!isPlain || !(await table.isVisible())) continue;
    // The number of columns, and the heading of each, of the last row that has one.
    const buttons = table.locator('thead th button');
    const width = await table.evaluate((one) => one.tBodies[0].rows[0]?.cells.length ?? 0);
    const what = `${selector} ${number}`;
    checks.that((await buttons.count()) === width || width === 0, `${what}: ${await buttons.count()} sort buttons for ${width} columns`);
    if ((await buttons.count()) !== width) continue;
    for (let at = 0; at < Math.min(width, 12); at += 1) {
      const before = await column(table, at);
      const heading = buttons.nth(at).locator('xpath=..');
      const press = async () => {
        if (at > 0) return buttons.nth(at).click();
        await buttons.nth(at).focus();
        return page.keyboard.press('Enter');
      };
      for (let turn = 0; turn < 2; turn += 1) {
        await press();
        const direction = await heading.getAttribute('aria-sort');
        checks.that(['ascending', 'descending'].includes(direction), `${what}, column ${at}: aria-sort is ${direction}`);
        const texts = await column(table, at);
        checks.that(isSorted(texts, direction === 'ascending' ? 1 : -1), `${what}, column ${at} is not ${direction}: ${texts.slice(0, 12)}`);
        checks.equal([...texts].sort(), [...before].sort(), `${what}, column ${at}: rows`);
      }
      checks.equal(await table.locator('th[aria-sort]').count(), 1, `${what}: columns with aria-sort`);
      await press();
      checks.equal(await column(table, at), before, `${what}, column ${at}: the first order`);
      sorted += 1;
    }
  }
  return sorted;
}
