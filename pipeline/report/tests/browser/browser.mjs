// Opens a page of `clika report` from disk in Chromium, uses it, and looks at it: node browser.mjs PAGE.html OUT_FOLDER [--measure]
//
// Needs the packages of package.json (`npm ci` in this folder, or in a folder that BROWSER_PACKAGES names) and a Chromium: /usr/bin/chromium,
// or what CHROMIUM names. Writes screenshots and a PDF to OUT_FOLDER, and to standard output a JSON of times. Exits with 1 after saying
// every check that failed.
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Checks } from './checks.mjs';
import { readData } from './expected.mjs';
import { checkAddresses, checkFilters, checkOpening, checkPages, checkPanels, checkSwitch, filterLatency } from './items.mjs';
import { checkAccessibility, checkFigures, checkWidth, checkWithoutScripts } from './layout.mjs';
import { checkPlaces } from './places.mjs';
import { checkSorting } from './tables.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(process.env.BROWSER_PACKAGES ?? here, 'package.json'));
const { chromium } = require('playwright-core');
const axe = require.resolve('axe-core/axe.min.js');

const [file, out] = process.argv.slice(2);
if (out === undefined) {
  console.error('usage: node browser.mjs PAGE.html OUT_FOLDER');
  process.exit(2);
}
mkdirSync(out, { recursive: true });
const url = pathToFileURL(resolve(file)).href;
const data = readData(file);
const hasItems = data.models.length > 0 && data.sets.length > 0;
const checks = new Checks();
const times = {};

const SWITCHES = ['no-sandbox', 'disable-gpu', 'disable-quic', 'no-first-run', 'disable-background-networking', 'disable-component-update', 'disable-sync'];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: SWITCHES.map((name) => `--${name}`),
});

/**
 * Opens the page in a window of its own, with axe-core or without. `isOlder` is a browser that decodes base64 with `atob` only. What the
 * page should not do is noted for as long as it is open.
 */
async function opened(options, { withAxe = true, isOlder = false } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(5_000);
  if (withAxe) await context.addInitScript({ path: axe });
  if (isOlder) await context.addInitScript(() => delete Uint8Array.fromBase64);
  await context.addInitScript(() => {
    const look = () => {
      const isShown = document.querySelector('#items tbody tr') !== null || document.documentElement.dataset.ready !== undefined;
      if (isShown) window.firstItemAt = performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) checks.that(false, `console ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => checks.that(false, `error in the page: ${error.message}`));
  page.on('request', (request) => {
    const [requested] = request.url().split('#');
    if (requested !== url && requested !== 'about:blank') checks.that(false, `the page asks for ${requested.slice(0, 200)}`);
  });
  await page.goto(url);
  await page.waitForSelector('html[data-ready]', { timeout: 60_000 });
  return { context, page };
}

/** Loads the page anew, whatever became of it before. */
async function startAgain(page) {
  await page.goto('about:blank');
  await page.goto(url);
  await page.waitForSelector('html[data-ready]', { timeout: 60_000 });
}

/** Items that say something a page must not take for HTML, and the first and last of each set. */
function notableItems() {
  const found = [];
  data.sets.forEach((set, number) => {
    const isNotable = (item) => /[<\u202a-\u202e\u2066-\u2069]/.test(JSON.stringify([set.ids[item], Object.values(set.texts).map((texts) => texts?.[item])]));
    const all = set.ids.map((_, item) => item);
    const unknown = all.find((item) => Object.values(set.texts).some((texts) => texts?.[item] === null));
    for (const item of new Set([0, set.ids.length - 1, unknown ?? 0, ...all.filter(isNotable).slice(0, 5)])) found.push([number, item]);
  });
  return found.slice(0, 24);
}

/** A picture of the top of each section, of an open item, and of the whole page. */
async function photograph(page, name) {
  const shoot = async (part, options = {}) => page.screenshot({ path: join(out, `${name}-${part}.png`), animations: 'disabled', ...options });
  await page.evaluate(() => scrollTo(0, 0));
  await shoot('top');
  for (const part of ['figures', 'tables', 'items', 'places', 'provenance']) {
    if ((await page.locator(`#${part}`).count()) === 0) continue;
    await page.evaluate((id) => document.getElementById(id).scrollIntoView(), part);
    await shoot(part);
  }
  if (hasItems) {
    await page.locator('#items table.items tbody button').nth(3).click();
    await page.locator('#item details').evaluateAll((all) => all.forEach((one) => (one.open = true)));
    await page.waitForFunction(() => document.querySelector('#item .matrix') !== null);
    await shoot('item');
    await page.locator('#item').screenshot({ path: join(out, `${name}-item-whole.png`) });
  }
  await page.evaluate(() => scrollTo(0, 0));
  await shoot('page', { fullPage: true, scale: 'css' });
}

// For a benchmark: how long the page takes to load and to filter, and nothing else.
if (process.argv.includes('--measure')) {
  const { page } = await opened({}, { withAxe: false });
  times.first_item_ms = Math.round(await page.evaluate(() => window.firstItemAt));
  times.filter_ms = await filterLatency(page);
  console.log(JSON.stringify(times));
  await browser.close();
  process.exit(0);
}

await checks.group('the wide page', async () => {
  const { context, page } = await opened({}, { withAxe: false });
  times.first_item_ms = Math.round(await page.evaluate(() => window.firstItemAt));
  times.figures = await checkFigures(page, checks);
  await checkWidth(page, checks, 'at 1280 px');
  await checks.group('tables', async () => {
    times.sorted_columns = await checkSorting(page, checks, 'main > section:not(#items):not(#places) table.sortable');
    await checkSorting(page, checks, '#places table.sortable');
  });
  if (hasItems) {
    await checks.group('filters', () => checkFilters(page, data, checks));
    await checks.group('pages', () => checkPages(page, data, checks));
    await checks.group('opening', () => checkOpening(page, data, checks));
    await checks.group('switch', () => checkSwitch(page, data, checks));
    await checks.group('panels', () => checkPanels(page, url, data, checks, notableItems()));
    await checks.group('sorting of answers', () => checkSorting(page, checks, '#item table.sortable'));
    await checks.group('addresses', () => checkAddresses(page, url, data, checks));
    await checks.group('latency', async () => {
      await startAgain(page);
      times.filter_ms = await filterLatency(page);
    });
  }
  await checks.group('places', async () => {
    await startAgain(page);
    await checkPlaces(page, url, data, checks);
  });
  checks.equal(await page.evaluate(() => window.__hostile), undefined, 'a text of the data ran');
  await context.close();
});

for (const [name, options] of Object.entries({
  1280: {},
  390: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
  dark: { colorScheme: 'dark' },
})) {
  await checks.group(`the page ${name}`, async () => {
    const { context, page } = await opened(options, { isOlder: name === 'dark' });
    await photograph(page, name);
    await checkWidth(page, checks, `at ${name}`);
    await checkFigures(page, checks);
    await page.locator('details').evaluateAll((all) => all.forEach((one) => (one.open = true)));
    await checkWidth(page, checks, `at ${name}, all unfolded`);
    await checkAccessibility(page, checks, `at ${name}`);
    checks.equal(await page.evaluate(() => window.__hostile), undefined, 'a text of the data ran');
    await context.close();
  });
}

await checks.group('print', async () => {
  const { context, page } = await opened({ viewport: { width: 794, height: 1123 } });
  await page.pdf({ path: join(out, 'print.pdf'), format: 'A4', preferCSSPageSize: true });
  await page.emulateMedia({ media: 'print' });
  const seen = await page.locator('header nav, form, .pager, main > section:not(#items) .show-all').evaluateAll((all) => all.filter((one) => one.getClientRects().length > 0).map((one) => one.className));
  checks.equal(seen, [], 'controls in print');
  const cut = await page.locator('.scroll').evaluateAll((all) => all.filter((one) => one.getClientRects().length > 0 && getComputedStyle(one).overflowY !== 'visible').length);
  checks.equal(cut, 0, 'tables that are cut in print');
  const whole = await page.locator('figure.figure').evaluateAll((all) => all.every((one) => getComputedStyle(one).breakInside === 'avoid'));
  checks.that(whole, 'a figure may be cut in print');
  await page.screenshot({ path: join(out, 'print.png'), fullPage: true });
  await context.close();
});

await checks.group('without scripts', () => checkWithoutScripts(browser, url, checks));
await browser.close();

console.log(JSON.stringify({ ...times, checks: checks.passed, failed: checks.failures.length }));
for (const failure of new Set(checks.failures)) console.error(`failed: ${failure}`);
process.exit(checks.failures.length === 0 ? 0 : 1);
