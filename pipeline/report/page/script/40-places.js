/** What a place's type says about the training. */
const TAUGHT = ["both languages", "source only"];

/** The states that places are filtered by. */
const PLACE_STATES = [
  { name: "", label: "all" },
  { name: "crossed", label: "crossed" },
  { name: "not-crossed", label: "not crossed" },
];

/** What is asked about a place, by the name in the data. */
const KINDS = { qa: "question", translation: "translation" };

/**
 * The questions of a run, one row for all answers to a question about a place: its kind, mode and split, and the answers by language
 * and time. A fact that was taught in the source language is asked in both languages, so both stand in one row. `crossed` is true or
 * false for a fact that was taught in the source language only and is known there after training, otherwise null.
 */
function placeQuestions(run) {
  const questions = [];
  for (const place of run.places) {
    const rows = new Map();
    const controls = new Set(place.answers.map((answer) => answer.split).filter(isControlTest));
    const add = (key, of, answer) => {
      if (!rows.has(key)) rows.set(key, { place, kind: answer.kind, mode: answer.mode, control: of, answers: new Map() });
      rows.get(key).answers.set(`${answer.when} ${answer.language}`, answer);
    };
    for (const answer of place.answers) {
      const control = isControlTest(answer.split) ? answer.split : null;
      add(JSON.stringify([answer.kind, answer.mode, control]), control, answer);
      // A control's test asks the target language again; what is known in the source language is the same.
      if (control !== null || answer.kind !== "qa" || answer.language !== run.source) continue;
      for (const name of controls) {
        const tested = place.answers.some((other) => other.split === name && other.mode === answer.mode && other.kind === "qa");
        if (tested) add(JSON.stringify(["qa", answer.mode, name]), name, answer);
      }
    }
    for (const row of rows.values()) questions.push({ ...row, crossed: hasCrossed(run, row) });
  }
  return questions;
}

/** Whether a split is a control that was tested with the same training. */
function isControlTest(split) {
  return !["recall", "gate", "test"].includes(split);
}

/** See `placeQuestions`. */
function hasCrossed(run, { place, kind, answers }) {
  if (place.type !== 1 || kind !== "qa") return null;
  const source = answers.get(`after ${run.source}`);
  const target = answers.get(`after ${run.target}`);
  if (source === undefined || target === undefined || !source.right) return null;
  return target.right;
}

/** What is said of a question's crossing; "" where it does not count. */
function crossingWord(run, { place, kind, answers, crossed }) {
  if (crossed !== null) return crossed ? "crossed" : "not crossed";
  const source = answers.get(`after ${run.source}`);
  const wouldCount = place.type === 1 && kind === "qa" && source !== undefined && answers.has(`after ${run.target}`);
  return wouldCount ? "not known in source" : "";
}

/** A run in words: languages, control, seed. */
function runName(run) {
  const parts = [`${run.source} → ${run.target}`];
  if (run.control) parts.push(`control ${run.control}`);
  if (run.seed !== null && run.seed !== undefined) parts.push(`seed ${run.seed}`);
  return parts.join(", ");
}

/** The gate and the XRR of a run, a sentence for each way to answer. A score without a passed gate is struck out. */
function verdicts(run) {
  const modes = [...new Set([...Object.keys(run.gates ?? {}), ...Object.keys(run.xrr ?? {})])];
  return modes.map((mode) => {
    const passed = run.gates?.[mode];
    const value = run.xrr?.[mode];
    const isKnown = value !== null && value !== undefined;
    const score = isKnown ? `XRR ${value.toFixed(2)}` : "XRR undefined";
    const gate = passed === true ? "gate passed" : passed === false ? "gate failed" : "gate not known";
    const isCounted = passed === true;
    return element(
      "li",
      { class: isCounted ? "passed" : "failed-gate" },
      element("strong", {}, mode),
      " ",
      element("span", { class: `gate ${isCounted ? "right" : "wrong"}` }, `${isCounted ? "✓" : "✗"} ${gate}`),
      " ",
      isCounted || !isKnown ? element("span", {}, score) : element("s", { class: "failed" }, score),
      isCounted ? null : element("span", { class: "hint" }, " says nothing about transfer"),
    );
  });
}

/** An answer about a place: the mark, and what was answered; a dash where nothing was asked. */
function placeAnswer(answer) {
  if (answer === undefined) return element("td", { class: "missing", "data-sort": "" }, "not asked");
  const outcome = answer.right ? Outcome.RIGHT : Outcome.WRONG;
  return element("td", { "data-sort": `${OUTCOMES[outcome].word} ${answer.answer}` }, outcomeMark(outcome), " ", nameIn(answer.answer, answer.language));
}

/** What is right, in each language that asks for it. */
function goldCell(run, answers) {
  const golds = new Map();
  for (const answer of answers.values()) {
    if (!golds.has(answer.gold)) golds.set(answer.gold, answer.language);
  }
  const cell = element("td", { class: "gold" });
  [...golds].forEach(([gold, language], index) => {
    if (index > 0) cell.append(" / ");
    cell.append(nameIn(gold, language));
  });
  return cell;
}
