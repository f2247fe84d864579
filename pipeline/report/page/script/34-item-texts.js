/** An item in a language: question, choices, which is right, and how many models chose each. `model` is the chosen one. */
function itemText(report, { set, item, language, model }) {
  const spoken = report.languages[language];
  const heading = element("h4", {}, spoken.name);
  if (spoken.own !== spoken.name) heading.append(" · ", foreign("bdi", spoken.own, spoken));
  const box = element("div", { class: "text" }, heading);
  const text = report.text(set, item, language);
  const label = report.label(set, item, language);
  if (text === null) {
    const right = label === null ? "" : ` The right choice is ${letter(label)}.`;
    box.append(element("p", { class: "missing" }, `The text in ${spoken.name} is not known.${right}`));
    return box;
  }
  if (text.premise) box.append(foreign("p", text.premise, spoken, { class: "premise" }));
  if (text.relation) box.append(element("p", { class: "relation" }, `Asked for: ${text.relation}`));
  if (text.question) box.append(foreign("p", text.question, spoken, { class: "question" }));
  const tally = tallyChoices(report, set, item, language);
  const own = chosenPosition(report, model, set, item, language);
  const choices = (text.choices ?? []).map((choice, position) => {
    const notes = [];
    if (position === label) notes.push(element("span", { class: "outcome right" }, "✓ right choice"));
    if (position === own) notes.push(element("span", { class: "chosen" }, `chosen by ${report.models[model]}`));
    if (tally.asked > 1) notes.push(element("span", { class: "tally" }, `${count(tally.of[position] ?? 0)} of ${count(tally.asked)} models`));
    return element(
      "li",
      { class: position === label ? "right-choice" : null },
      element("span", { class: "letter" }, letter(position)),
      foreign("span", choice, spoken, { class: "choice" }),
      element("span", { class: "notes", dir: "ltr" }, ...notes),
    );
  });
  box.append(element("ol", { class: "choices", dir: spoken.direction }, ...choices));
  return box;
}

/** How many models were asked an item in a language, and how many chose each position. */
function tallyChoices(report, set, item, language) {
  const of = new Array(report.choices(set)).fill(0);
  let asked = 0;
  report.models.forEach((_, model) => {
    const entry = report.entry(model, set, language);
    if (entry === null) return;
    asked += 1;
    const position = report.positions(entry)[item];
    if (position < of.length) of[position] += 1;
  });
  return { asked, of };
}

/** The position that a model chose; `null` where it was not asked, or chose none. */
function chosenPosition(report, model, set, item, language) {
  const entry = report.entry(model, set, language);
  if (entry === null) return null;
  const position = report.positions(entry)[item];
  return position === NO_POSITION ? null : position;
}
