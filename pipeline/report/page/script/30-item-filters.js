/**
 * The states that items are filtered by: what a model answered in English (`english`) and in the second language (`here`), each an
 * outcome, and whether both are the same position (`same`). An invalid answer is neither right nor the same as any other.
 */
const ITEM_STATES = [
  { name: "", label: "all", holds: () => true },
  { name: "right", label: "right", holds: (english, here) => here === Outcome.RIGHT },
  { name: "wrong", label: "wrong", holds: (english, here) => here === Outcome.WRONG },
  { name: "invalid", label: "invalid answer", holds: (english, here) => here === Outcome.INVALID },
  { name: "consistent", label: "consistent with English", holds: (english, here, same) => isAsked(english, here) && same },
  { name: "inconsistent", label: "inconsistent with English", holds: (english, here, same) => isAsked(english, here) && !same },
  { name: "english-only", label: "right in English, wrong here", holds: (english, here) => english === Outcome.RIGHT && isFalse(here) },
  { name: "here-only", label: "right here, wrong in English", holds: (english, here) => here === Outcome.RIGHT && isFalse(english) },
];

/** Whether both questions were asked. */
function isAsked(english, here) {
  return english !== Outcome.NOT_ASKED && here !== Outcome.NOT_ASKED;
}

/** Whether an answer was given and is not right. */
function isFalse(outcome) {
  return outcome === Outcome.WRONG || outcome === Outcome.INVALID;
}

/**
 * The items that filters leave, by their numbers among all items, in order. `total` counts those that the model was asked of the
 * chosen task, in whichever language.
 *
 * `chosen`: `task` (or null for all), `language`, `model`, `state` (a name), `q` (a text, "" for all), `origin` (or null for all).
 */
function matchingItems(report, chosen) {
  const state = ITEM_STATES.find(({ name }) => name === chosen.state);
  const words = comparable(chosen.q).split(/\s+/).filter(Boolean);
  const numbers = new Uint32Array(report.starts.at(-1));
  let found = 0;
  let total = 0;
  report.sets.forEach((set, setNumber) => {
    if (chosen.task !== null && set.task !== chosen.task) return;
    if (!report.wasAsked(chosen.model, setNumber)) return;
    total += set.ids.length;
    if (chosen.origin !== null && set.origins === null) return;
    const english = report.outcomes(chosen.model, setNumber, report.english);
    const here = report.outcomes(chosen.model, setNumber, chosen.language);
    const entries = [report.english, chosen.language].map((language) => report.entry(chosen.model, setNumber, language));
    const [englishPositions, herePositions] = entries.map((entry) => (entry === null ? null : report.positions(entry)));
    const searched = words.length === 0 ? null : report.searched(setNumber, chosen.language);
    for (let item = 0; item < set.ids.length; item += 1) {
      const same =
        englishPositions !== null &&
        herePositions !== null &&
        englishPositions[item] === herePositions[item] &&
        herePositions[item] !== NO_POSITION;
      if (!state.holds(english[item], here[item], same)) continue;
      if (chosen.origin !== null && set.origins[item] !== chosen.origin) continue;
      if (searched !== null && !words.every((word) => searched[item].includes(word))) continue;
      numbers[found] = report.starts[setNumber] + item;
      found += 1;
    }
  });
  return { numbers: numbers.subarray(0, found), total };
}

/** The origins of the sets of a task, or of all sets, in alphabetical order. */
function originsOf(report, task) {
  const origins = new Set();
  for (const set of report.sets) {
    if (set.origins === null || (task !== null && set.task !== task)) continue;
    for (const origin of set.origins) if (origin !== null) origins.add(origin);
  }
  return [...origins].sort(collator.compare);
}
