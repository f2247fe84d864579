// What a page has to show, computed from its data without any of the page's own code.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** The data of a page: the JSON, and the bytes of the answers. */
export function readData(path) {
  const html = readFileSync(path, 'utf8');
  const held = (id) => {
    const match = new RegExp(`<script type="text/plain" id="${id}">([^<]*)</script>`).exec(html);
    if (match === null) throw new Error(`${path} has no ${id}`);
    return gunzipSync(Buffer.from(match[1], 'base64'));
  };
  return { ...JSON.parse(held('report-data').toString('utf8')), bytes: held('report-answers') };
}

/** A model's answer to an item in a language: null if it was not asked, else what it chose, wrote and scored. */
export function answerOf(data, model, set, item, code) {
  const language = data.languages.findIndex((one) => one.code === code);
  const entry = data.answers.find((one) => one.model === model && one.set === set && one.language === language);
  if (entry === undefined) return null;
  const size = data.sets[set].ids.length;
  const { choices } = data.tasks[data.sets[set].task];
  const byte = data.bytes[entry.offset + item];
  const label = data.sets[set].labels[code]?.[item];
  const first = entry.offset + size + item * choices;
  return {
    position: byte === 255 ? null : byte,
    isRight: byte !== 255 && label !== undefined && label !== null && byte === label,
    isLabelled: label !== undefined && label !== null,
    scores: entry.scores ? [...data.bytes.subarray(first, first + choices)] : null,
    response: entry.responses?.[item] ?? null,
  };
}

/** The word for an answer. */
export function wordOf(answer) {
  if (answer === null) return 'not asked';
  if (answer.position === null) return 'invalid';
  if (!answer.isLabelled) return 'label unknown';
  return answer.isRight ? 'right' : 'wrong';
}

const allText = (text) => (text ? [text.premise, text.question, ...text.choices].filter((part) => part).join(' ') : '');

const STATES = {
  '': () => true,
  right: (english, here) => wordOf(here) === 'right',
  wrong: (english, here) => wordOf(here) === 'wrong',
  invalid: (english, here) => wordOf(here) === 'invalid',
  consistent: (english, here) => english !== null && here !== null && english.position !== null && english.position === here.position,
  inconsistent: (english, here) => english !== null && here !== null && (english.position === null || english.position !== here.position),
  'english-only': (english, here) => wordOf(english) === 'right' && ['wrong', 'invalid'].includes(wordOf(here)),
  'here-only': (english, here) => wordOf(here) === 'right' && ['wrong', 'invalid'].includes(wordOf(english)),
};

export const stateNames = Object.keys(STATES);

/** The ids that filters leave, in order, and of how many. A filter that is not given does not filter. */
export function expectedItems(data, { task = '', language, model, state = '', origin = '', q = '' }) {
  const ids = [];
  let total = 0;
  const words = q.toLowerCase().split(/\s+/).filter((word) => word);
  data.sets.forEach((set, number) => {
    if (task !== '' && data.tasks[set.task].name !== task) return;
    if (!data.answers.some((entry) => entry.model === model && entry.set === number)) return;
    total += set.ids.length;
    set.ids.forEach((id, item) => {
      if (origin !== '' && set.origins?.[item] !== origin) return;
      const text = [id, allText(set.texts.en?.[item]), allText(set.texts[language]?.[item])].join(' ').normalize('NFKC').toLowerCase();
      if (!words.every((word) => text.includes(word))) return;
      const [english, here] = ['en', language].map((code) => answerOf(data, model, number, item, code));
      if (STATES[state](english, here)) ids.push(id);
    });
  });
  return { ids, total };
}

/** What the report says of a run: rows are one for a place, kind, mode and control; `crossed` and `notCrossed` count rows. */
export function expectedPlaces(run) {
  const splits = ['recall', 'gate', 'test'];
  let rows = 0;
  let crossed = 0;
  let notCrossed = 0;
  for (const place of run.places) {
    const keys = new Set(place.answers.map(({ kind, mode, split }) => `${kind}|${mode}|${splits.includes(split) ? '' : split}`));
    rows += keys.size;
    for (const key of keys) {
      const [kind, mode, control] = key.split('|');
      if (kind !== 'qa' || place.type !== 1) continue;
      const after = place.answers.filter((answer) => answer.when === 'after' && answer.kind === 'qa' && answer.mode === mode);
      const source = after.find((answer) => answer.language === run.source && splits.includes(answer.split));
      const target = after.find((answer) => answer.language === run.target && (control === '' ? splits.includes(answer.split) : answer.split === control));
      if (source?.right !== true || target === undefined) continue;
      if (target.right) crossed += 1;
      else notCrossed += 1;
    }
  }
  return { rows, crossed, notCrossed };
}

/** Numbers that look random and are the same every time, from 0 to below 1. */
export function* draws(seed = 7) {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}
