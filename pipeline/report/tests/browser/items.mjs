// The items: filters, the open item, addresses, the switch of languages.
import { answerOf, draws, expectedItems, stateNames, wordOf } from './expected.mjs';

const CONTROLS = { task: 'Task', language: 'Language', model: 'Model', state: 'Answer', origin: 'Origin', q: 'Search' };

const form = (page) => page.getByRole('search', { name: 'Filter items' });
const control = (page, name) => form(page).getByLabel(CONTROLS[name], { exact: true });
const plain = (text) => Number(text.replace(/,/g, ''));

/** Sets filters as a reader does, the others to what they are at first. */
async function setFilters(page, data, filters) {
  const first = { task: '', language: data.languages.find(({ code }) => code !== 'en').code, model: 0, state: '', origin: '', q: '' };
  const wanted = { ...first, ...filters };
  const task = wanted.task === '' ? '' : String(data.tasks.findIndex(({ name }) => name === wanted.task));
  await control(page, 'task').selectOption(task);
  await control(page, 'language').selectOption(String(data.languages.findIndex(({ code }) => code === wanted.language)));
  await control(page, 'model').selectOption(String(wanted.model));
  await control(page, 'state').selectOption(wanted.state);
  if (await control(page, 'origin').isVisible()) await control(page, 'origin').fill(wanted.origin);
  await control(page, 'q').fill(wanted.q);
  // The page leaves out an origin that the task does not have, and says so.
  const isKnown = data.sets.some((set) => (wanted.task === '' || data.tasks[set.task].name === wanted.task) && set.origins?.includes(wanted.origin));
  return isKnown ? wanted : { ...wanted, origin: '' };
}

/** What the page says: how many of how many, and the ids of the first page of the list. */
async function shownItems(page) {
  const text = await page.locator('#items > .count').textContent();
  const [, found, total] = /^([\d,]+) of ([\d,]+) items/.exec(text) ?? [];
  const ids = await page.locator('#items table.items tbody th').allTextContents();
  return { found: plain(found ?? '-1'), total: plain(total ?? '-1'), ids };
}

async function compare(page, data, checks, filters, what) {
  const wanted = expectedItems(data, filters);
  const shown = await shownItems(page);
  checks.equal([shown.found, shown.total], [wanted.ids.length, wanted.total], `${what} ${JSON.stringify(filters)}: items`);
  checks.equal(shown.ids, wanted.ids.slice(0, 50), `${what} ${JSON.stringify(filters)}: ids of the first page`);
}

/** Values to filter by, for each filter. */
function samples(data) {
  const origins = [...new Set(data.sets.flatMap((set) => (set.origins ?? []).filter((origin) => origin !== null)))];
  const texts = data.sets.flatMap((set) => ['en', data.languages.at(-1).code].flatMap((code) => (set.texts[code] ?? []).filter((text) => text)));
  const questions = texts.map(({ question }) => question).filter(Boolean);
  return {
    task: data.tasks.map(({ name }) => name),
    language: data.languages.map(({ code }) => code).filter((code) => code !== 'en'),
    model: data.models.map((_, number) => number).slice(0, 6),
    state: stateNames,
    origin: origins.slice(0, 3).concat(origins.slice(-1)),
    q: [data.sets[0].ids[0], questions[0]?.split(/\s/)[0].toUpperCase() ?? '', questions.at(-1)?.slice(0, 4) ?? '', 'no such text at all'],
  };
}

/** Each filter alone, then many together. */
export async function checkFilters(page, data, checks) {
  const values = samples(data);
  const hasOrigins = values.origin.length > 0;
  checks.equal(await control(page, 'origin').isVisible(), hasOrigins, 'the filter by origin is shown');
  if (!hasOrigins) delete values.origin;
  for (const [name, all] of Object.entries(values)) {
    for (const value of all) await compare(page, data, checks, await setFilters(page, data, { [name]: value }), 'one filter');
  }
  const random = draws();
  const draw = (all) => all[Math.floor(random.next().value * all.length)];
  for (let round = 0; round < 40; round += 1) {
    const names = Object.keys(values).filter(() => random.next().value < 0.5);
    const filters = Object.fromEntries(names.map((name) => [name, draw(values[name])]));
    await compare(page, data, checks, await setFilters(page, data, filters), 'filters together');
  }
  await form(page).getByRole('button', { name: 'Reset' }).click();
  await compare(page, data, checks, await setFilters(page, data, {}), 'after reset');
}

/** Pages of the list. */
export async function checkPages(page, data, checks) {
  const wanted = expectedItems(data, await setFilters(page, data, {}));
  if (wanted.ids.length <= 50) return;
  const pager = page.getByRole('navigation', { name: 'Pages of the list' });
  await pager.getByRole('button', { name: 'Next' }).click();
  checks.equal((await shownItems(page)).ids, wanted.ids.slice(50, 100), 'ids of the second page');
  await pager.getByRole('button', { name: 'Previous' }).click();
  checks.equal((await shownItems(page)).ids, wanted.ids.slice(0, 50), 'ids of the first page again');
}

/** An item by keyboard: Enter opens it, j and k step, but not while something is typed. */
export async function checkOpening(page, data, checks) {
  const { ids } = expectedItems(data, await setFilters(page, data, {}));
  const title = page.locator('#item-title');
  await page.locator('#items table.items tbody button').first().focus();
  await page.keyboard.press('Enter');
  checks.equal(await title.textContent(), ids[0], 'Enter opens the item');
  checks.that(await page.evaluate(() => document.getElementById('item').contains(document.activeElement)), 'the focus goes to the open item');
  await page.keyboard.press('j');
  checks.equal(await title.textContent(), ids[1], 'j opens the next item');
  await page.keyboard.press('k');
  checks.equal(await title.textContent(), ids[0], 'k opens the previous item');
  await page.getByRole('button', { name: 'Next item' }).click();
  checks.equal(await title.textContent(), ids[1], 'the button opens the next item');
  await control(page, 'q').focus();
  await page.keyboard.type('j');
  checks.equal(await title.textContent(), ids[1], 'a typed j is a letter');
  await control(page, 'q').fill('');
  await page.getByRole('button', { name: 'Copy link' }).click();
  await page.waitForFunction(() => document.querySelector('#item .copied').textContent !== '');
  await page.locator('#item').getByRole('button', { name: 'Close' }).click();
  checks.equal(await page.locator('#item').isVisible(), false, 'Close closes the item');
}

/** What an open item says of its texts and of every model's answer. `which` are pairs of a set and an item. */
export async function checkPanels(page, url, data, checks, which) {
  for (const [set, item] of which) {
    const one = data.sets[set];
    const code = data.languages.find((language) => language.code !== 'en' && one.texts[language.code]?.[item])?.code ?? data.languages.find((language) => language.code !== 'en').code;
    const version = data.sets.slice(0, set + 1).filter(({ task }) => task === one.task).length;
    const what = `item ${one.ids[item]} (${version})`;
    const query = new URLSearchParams({ task: data.tasks[one.task].name, language: code, item: one.ids[item], version });
    await page.goto('about:blank');
    await page.goto(`${url}#items?${query}`);
    await page.waitForSelector('html[data-ready]');
    checks.equal(await page.locator('#item-title').textContent(), one.ids[item], `${what}: title`);
    const boxes = page.locator('#item .text');
    for (const [at, language] of ['en', code].entries()) {
      const text = one.texts[language]?.[item];
      const box = boxes.nth(at);
      if (!text) {
        checks.that((await box.textContent()).includes('is not known'), `${what}: a text that is not known in ${language}`);
        continue;
      }
      const { direction } = data.languages.find((known) => known.code === language);
      checks.equal(await box.locator('.question').allTextContents(), text.question ? [text.question] : [], `${what}: question in ${language}`);
      if (text.question) checks.equal(await box.locator('.question').evaluate((p) => [p.lang, p.dir]), [language, direction], `${what}: language and direction`);
      checks.equal(await box.locator('.choice').allTextContents(), text.choices, `${what}: choices in ${language}`);
      const label = one.labels[language]?.[item] ?? -1;
      const marked = await box.locator('.choices li').evaluateAll((all) => all.findIndex((li) => li.textContent.includes('right choice')));
      checks.equal(marked, label, `${what}: the right choice in ${language}`);
    }
    const asked = data.models.map((_, model) => model).filter((model) => data.answers.some((entry) => entry.model === model && entry.set === set));
    const rows = page.locator('#item table.answers tbody tr');
    checks.equal(await rows.locator('th').allTextContents(), asked.map((model) => data.models[model]), `${what}: models`);
    for (const [at, model] of asked.slice(0, 12).entries()) {
      const answers = ['en', code].map((language) => answerOf(data, model, set, item, language));
      const words = await rows.nth(at).locator('td.answer .word').allTextContents();
      checks.equal(words, answers.map(wordOf), `${what}: outcomes of ${data.models[model]}`);
      const scores = await rows.nth(at).locator('td.scores:not(.missing)').evaluateAll((cells) => cells.map((cell) => [...cell.querySelectorAll('.below')].map((below) => below.textContent)));
      const wanted = answers.filter((answer) => answer?.scores).map((answer) => answer.scores.map((tenths) => (tenths === 255 ? 'far' : tenths === 0 ? '0' : `−${Math.floor(tenths / 10)}.${tenths % 10}`)));
      checks.equal(scores, wanted, `${what}: scores of ${data.models[model]}`);
      const written = await rows.nth(at).locator('.written q').allTextContents();
      checks.equal(written, answers.map((answer) => answer?.response).filter((text) => text), `${what}: what ${data.models[model]} wrote`);
    }
    checks.equal(await page.evaluate(() => window.__hostile), undefined, `${what}: a text of the data ran`);
  }
}

/** Addresses: opened anew, changed by a filter, and back. */
export async function checkAddresses(page, url, data, checks) {
  const language = data.languages.at(-1).code;
  const model = data.models.length - 1;
  const set = data.sets.findIndex((_, number) => data.answers.some((entry) => entry.set === number && entry.model === model));
  const task = data.tasks[data.sets[set].task].name;
  const id = data.sets[set].ids[0];
  const query = new URLSearchParams({ task, language, model: data.models[model], state: 'wrong', item: id });
  await page.goto('about:blank');
  await page.goto(`${url}#items?${query}`);
  await page.waitForSelector('html[data-ready]');
  const filters = { task, language, model, state: 'wrong' };
  const values = async () => Promise.all(['task', 'language', 'model', 'state'].map((name) => control(page, name).locator('option:checked').textContent()));
  const wanted = [task, data.languages.at(-1).name, data.models[model], 'wrong'];
  checks.equal(await values(), wanted, 'an address sets the filters');
  checks.equal(await page.locator('#item-title').textContent(), id, 'an address opens the item');
  const isSeen = await page.locator('#item-title').evaluate((title) => title.getBoundingClientRect().top < innerHeight);
  checks.that(isSeen, 'the item of an address is in the window');
  const first = await page.evaluate(() => location.hash);
  await control(page, 'state').selectOption('right');
  const second = await page.evaluate(() => location.hash);
  checks.equal(new URLSearchParams(second.split('?')[1]).get('state'), 'right', 'a filter changes the address');
  await page.goBack();
  await page.waitForFunction((hash) => location.hash === hash, first);
  checks.equal(await values(), wanted, 'back sets the filters as they were');
  const back = await shownItems(page);
  checks.equal(back.found, expectedItems(data, filters).ids.length, 'back: items');
  await page.goto('about:blank');
  await page.goto(`${url}#items?task=no-task&language=xx&model=no-model&state=no-state&item=no-item&origin=no-origin&colour=blue`);
  await page.waitForSelector('html[data-ready]');
  const notice = page.locator('#items > .notice');
  checks.equal(await notice.getAttribute('role'), 'status', 'the line about unknown values');
  const said = await notice.textContent();
  checks.that(await notice.evaluate((line) => line.getBoundingClientRect().bottom > 0 && line.getBoundingClientRect().top < innerHeight), 'the line about unknown values is in the window');
  for (const value of ['no-task', 'xx', 'no-model', 'no-state', 'no-item', 'no-origin', 'colour']) checks.that(said.includes(value), `an unknown ${value} is not said: ${said}`);
  await compare(page, data, checks, { language: data.languages.find(({ code }) => code !== 'en').code, model: 0 }, 'with unknown values');
}

/** The switch at the top of the open item, by keyboard only. */
export async function checkSwitch(page, data, checks) {
  await setFilters(page, data, {});
  await page.locator('#items table.items tbody button').first().click();
  const others = data.languages.filter(({ code }) => code !== 'en');
  let isReached = false;
  for (let step = 0; step < 12 && !isReached; step += 1) {
    await page.keyboard.press('Tab');
    isReached = await page.evaluate(() => document.activeElement?.matches('fieldset.switch input') ?? false);
  }
  checks.that(isReached, 'the tab key reaches the switch of languages');
  for (const language of others.slice(1, 4)) {
    await page.keyboard.press('ArrowRight');
    const heading = await page.locator('#item .text h4').nth(1).textContent();
    checks.that(heading.startsWith(language.name), `the arrow key shows ${language.name}: ${heading}`);
    const hash = await page.evaluate(() => location.hash);
    checks.equal(new URLSearchParams(hash.split('?')[1]).get('language'), language.code, 'the switch changes the address');
    checks.that(await page.evaluate(() => document.activeElement.matches('fieldset.switch input')), 'the focus stays on the switch');
  }
}

/** The median time in ms from a change of a filter to the next frame, of 20 changes. */
export async function filterLatency(page) {
  return page.evaluate(async () => {
    const times = [];
    const selects = [...document.querySelectorAll('#items .filters select')];
    for (let change = 0; change < 20; change += 1) {
      const select = selects[change % selects.length];
      const start = performance.now();
      select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
      select.dispatchEvent(new Event('change', { bubbles: true }));
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    return { median: Math.round((times[9] + times[10]) / 2), worst: Math.round(times[19]) };
  });
}
