// The places of fine-tuning runs.
import { expectedPlaces } from './expected.mjs';

const form = (page) => page.getByRole('search', { name: 'Filter places' });
const rowCount = async (page) => Number(/^([\d,]+) of/.exec(await page.locator('#places > .count').textContent())?.[1].replace(/,/g, '') ?? '-1');

/** Every run: its verdict, its rows, what has crossed, and the address. */
export async function checkPlaces(page, url, data, checks) {
  if ((data.trainings ?? []).length === 0) {
    checks.equal(await page.locator('#places').count(), 0, 'places without a training');
    return;
  }
  for (const [number, training] of data.trainings.entries()) {
    await form(page).getByLabel('Training').selectOption(String(number));
    for (const [at, run] of training.runs.slice(0, 12).entries()) {
      const what = `training ${training.name}, run ${at}`;
      await form(page).getByLabel('Run').selectOption(String(at));
      await form(page).getByRole('button', { name: 'Reset' }).click();
      await checkVerdict(page, checks, run, what);
      const wanted = expectedPlaces(run);
      checks.equal(await rowCount(page), wanted.rows, `${what}: rows`);
      const rows = page.locator('#places table tbody tr');
      checks.equal(await rows.count(), Math.min(wanted.rows, 1000), `${what}: rows at first`);
      const all = page.getByRole('button', { name: 'Show all' });
      checks.equal(await all.count(), wanted.rows > 1000 ? 1 : 0, `${what}: a button for the other rows`);
      if ((await all.count()) === 1) {
        await all.click();
        checks.equal(await rows.count(), wanted.rows, `${what}: all rows`);
      }
      await form(page).getByLabel('Crossing').selectOption('crossed');
      checks.equal(await rowCount(page), wanted.crossed, `${what}: crossed`);
      await form(page).getByLabel('Crossing').selectOption('not-crossed');
      checks.equal(await rowCount(page), wanted.notCrossed, `${what}: not crossed`);
      await form(page).getByLabel('Crossing').selectOption('');
      await form(page).getByLabel('Kind').selectOption('translation');
      const kinds = await page.locator('#places table tbody tr').evaluateAll((rows) => rows.map((row) => row.cells[4].textContent));
      checks.that(kinds.every((kind) => kind === 'translation'), `${what}: kinds ${[...new Set(kinds)]}`);
      await form(page).getByLabel('Kind').selectOption('');
    }
  }
  const run = data.trainings[0].runs[0];
  const place = run.places.at(-1);
  await page.goto('about:blank');
  await page.goto(`${url}#places?${new URLSearchParams({ training: data.trainings[0].name, run: 0, place: place.entity })}`);
  await page.waitForSelector('html[data-ready]');
  const row = page.locator('#places tr.current').first();
  checks.that((await row.textContent()).includes(place.names[run.source]), 'an address marks the place');
  checks.that(await row.evaluate((one) => one.getBoundingClientRect().top < innerHeight && one.getBoundingClientRect().bottom > 0), 'the place of an address is in the window');
  const names = await row.locator('th bdi').evaluateAll((all) => all.map((one) => [one.lang, one.dir, one.textContent]));
  checks.equal(names, [run.source, run.target].map((code) => [code, 'auto', place.names[code]]), 'names in both languages');
  const left = run.places.find(({ type }) => type === 0);
  if (left !== undefined) {
    await page.evaluate((hash) => (location.hash = hash), `#places?${new URLSearchParams({ place: left.entity, state: 'crossed' })}`);
    await page.waitForFunction((entity) => document.querySelector('#places > .notice').textContent.includes(entity), left.entity);
  }
  await page.goto('about:blank');
  await page.goto(`${url}#places?training=no-training&run=999&place=no-place`);
  await page.waitForSelector('html[data-ready]');
  const said = await page.locator('#places > .notice').textContent();
  for (const value of ['no-training', '999', 'no-place']) checks.that(said.includes(value), `an unknown ${value} is not said: ${said}`);
}

/** A line for each way to answer; a score without a passed gate is struck out. */
async function checkVerdict(page, checks, run, what) {
  const lines = page.locator('#places .verdicts li');
  const modes = [...new Set([...Object.keys(run.gates), ...Object.keys(run.xrr)])];
  checks.equal(await lines.count(), modes.length, `${what}: lines about the gate`);
  for (const [at, mode] of modes.entries()) {
    const line = lines.nth(at);
    const text = await line.textContent();
    checks.that(text.includes(mode), `${what}: ${mode} is not named`);
    checks.that(text.includes(run.gates[mode] ? 'gate passed' : 'gate failed'), `${what}, ${mode}: ${text}`);
    const value = run.xrr[mode];
    if (typeof value === 'number') checks.that(text.includes(value.toFixed(2)), `${what}, ${mode}: XRR ${value} is not in ${text}`);
    const struck = await line.locator('s').evaluateAll((all) => all.map((one) => getComputedStyle(one).textDecorationLine));
    checks.equal(struck, !run.gates[mode] && typeof value === 'number' ? ['line-through'] : [], `${what}, ${mode}: struck out`);
  }
}
