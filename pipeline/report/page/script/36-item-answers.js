/** A bar is empty where a choice lies this far below the best, in tenths, or further. */
const EMPTY_BAR = 100;

/** What every model answered to an item, in English and in the second language. `null` where no model was asked it. */
function answersTable(report, { set, item, language, model: chosenModel }) {
  const languages = [...new Set([report.english, language])].filter((one) => one >= 0);
  const asked = report.models.map((_, model) => model).filter((model) => report.wasAsked(model, set));
  if (asked.length === 0) return null;
  const haveScores = languages.map((one) => asked.some((model) => report.entry(model, set, one)?.scores));
  const headings = languages.flatMap((one, index) => {
    const { name } = report.languages[one];
    return haveScores[index] ? [name, `Scores in ${name}`] : [name];
  });
  const rows = asked.map((model) =>
    element(
      "tr",
      { class: model === chosenModel ? "current" : null },
      element("th", { scope: "row" }, report.models[model]),
      ...languages.flatMap((one, index) => {
        const answer = answerCell(report, { model, set, item, language: one });
        return haveScores[index] ? [answer, scoresCell(report, { model, set, item, language: one })] : [answer];
      }),
    ),
  );
  const table = element(
    "table",
    { class: "sortable answers" },
    element("thead", {}, element("tr", {}, ...["Model", ...headings].map((title) => element("th", { scope: "col" }, title)))),
    element("tbody", {}, ...rows),
  );
  makeSortable(table);
  return { table, haveScores: haveScores.includes(true) };
}

/** What a model answered to an item in a language: the outcome, the choice, and what it wrote. Sorted by the outcome's word. */
function answerCell(report, { model, set, item, language }) {
  const entry = report.entry(model, set, language);
  const outcome = report.outcomes(model, set, language)[item];
  if (entry === null) return element("td", { class: "answer missing", "data-sort": "" }, outcomeMark(outcome));
  const cell = element("td", { class: "answer", "data-sort": OUTCOMES[outcome].word }, outcomeMark(outcome));
  const position = report.positions(entry)[item];
  if (position !== NO_POSITION) {
    const choice = report.text(set, item, language)?.choices?.[position];
    cell.append(" ", element("span", { class: "letter" }, letter(position)));
    if (choice) cell.append(" ", foreign("bdi", choice, report.languages[language]));
  }
  if (entry.responses) {
    const written = entry.responses[item];
    if (written === null || written === undefined) cell.append(element("span", { class: "written missing" }, "what it wrote was not kept"));
    else if (written === "") cell.append(element("span", { class: "written" }, "wrote nothing"));
    else cell.append(element("span", { class: "written" }, "wrote ", foreign("q", written, report.languages[language])));
  }
  return cell;
}

/** How far below the best each choice of an item lies, each with a bar that is full for the best. */
function scoresCell(report, { model, set, item, language }) {
  const entry = report.entry(model, set, language);
  const scores = entry === null ? null : report.scores(entry, item);
  if (scores === null) return element("td", { class: "scores missing", "data-sort": "" }, entry === null ? "" : "no scores");
  const label = report.label(set, item, language);
  const choices = Array.from(scores, (tenths, position) => {
    const bar = element("span", { class: "bar", "aria-hidden": "true" }, element("span"));
    bar.firstChild.style.width = `${100 * Math.max(0, 1 - tenths / EMPTY_BAR)}%`;
    const isRight = position === label;
    return element(
      "li",
      { class: isRight ? "right-choice" : null },
      element("span", { class: "letter" }, letter(position), isRight ? element("span", { class: "unseen" }, " (right)") : null),
      bar,
      element("span", { class: "below" }, belowBest(tenths)),
    );
  });
  const cell = element("td", { class: "scores" }, element("ul", {}, ...choices));
  // Sorted by how far the right choice lies below the best: 0 where it is the best.
  cell.dataset.sort = label === null || scores[label] === NO_POSITION ? "" : scores[label] / 10;
  if (entry.letters !== null && entry.letters !== undefined) {
    cell.append(element("span", { class: "letters" }, `letters have ${percent(entry.letters)} of the probability`));
  }
  return cell;
}

/** A distance from the best in words: "−1.3", "0" for the best, "far" from 25.5. */
function belowBest(tenths) {
  if (tenths === NO_POSITION) return "far";
  return tenths === 0 ? "0" : `−${(tenths / 10).toFixed(1)}`;
}

/** Which models are right in which language: a row for a model, a column for a language. */
function languagesTable(report, { set, item, language: chosenLanguage, model: chosenModel }) {
  const asked = report.models.map((_, model) => model).filter((model) => report.wasAsked(model, set));
  const known = report.languages.map((_, language) => language).filter((language) => asked.some((model) => report.entry(model, set, language) !== null));
  const headings = known.map((language) => {
    const { code, name } = report.languages[language];
    const heading = element("th", { scope: "col", class: language === chosenLanguage ? "current" : null });
    heading.append(element("abbr", { title: name }, code));
    return heading;
  });
  const rows = asked.map((model) =>
    element(
      "tr",
      { class: model === chosenModel ? "current" : null },
      element("th", { scope: "row" }, report.models[model]),
      ...known.map((language) =>
        element(
          "td",
          { class: language === chosenLanguage ? "current" : null },
          outcomeMark(report.outcomes(model, set, language)[item], { short: true }),
        ),
      ),
    ),
  );
  return element(
    "table",
    { class: "matrix" },
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Model"), ...headings)),
    element("tbody", {}, ...rows),
  );
}
