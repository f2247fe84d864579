/** Rows of the table of places that are shown at first; a button shows the rest. Sorting puts in order what is shown. */
const PLACES_AT_FIRST = 1000;

/** The section with the places of fine-tuning runs. What is chosen stands in the page's address. */
class PlaceBrowser {
  constructor(report, section) {
    this.report = report;
    this.section = section;
    this.defaults = { training: 0, run: 0, state: "", kind: "", mode: "", place: null };
    this.chosen = { ...this.defaults };
    this.verdict = element("ul", { class: "verdicts" });
    this.count = element("p", { class: "count", role: "status" });
    this.notice = element("p", { class: "notice", role: "status" });
    this.box = element("div");
    section.append(
      element("p", { class: "hint" }, "A fact has crossed if it was taught in the source language only, is known there after training, and is answered right in the target language too."),
      this.#makeFilters(),
      this.notice,
      this.verdict,
      this.count,
      this.box,
    );
    this.render();
  }

  get training() {
    return this.report.trainings[this.chosen.training];
  }

  get run() {
    return this.training.runs[this.chosen.run];
  }

  #makeFilters() {
    this.trainingControl = choiceOf(this.report.trainings.map((training, number) => [number, training.name]));
    this.runControl = choiceOf([]);
    this.stateControl = choiceOf(PLACE_STATES.map(({ name, label }) => [name, label]));
    this.kindControl = choiceOf([["", "all"], ...Object.entries(KINDS)]);
    this.modeControl = choiceOf([]);
    const on = (control, change) => control.addEventListener("change", () => this.change(change(control.value)));
    on(this.trainingControl, (value) => ({ training: Number(value), run: 0, place: null }));
    on(this.runControl, (value) => ({ run: Number(value), place: null }));
    on(this.stateControl, (state) => ({ state }));
    on(this.kindControl, (kind) => ({ kind }));
    on(this.modeControl, (mode) => ({ mode }));
    const form = element(
      "form",
      { class: "filters", role: "search", "aria-label": "Filter places" },
      field("Training", "place-training", this.trainingControl),
      field("Run", "place-run", this.runControl),
      field("Crossing", "place-state", this.stateControl),
      field("Kind", "place-kind", this.kindControl),
      field("Answers by", "place-mode", this.modeControl),
      button("Reset", { class: "reset" }, () => this.change({ state: "", kind: "", mode: "", place: null })),
    );
    form.addEventListener("submit", (event) => event.preventDefault());
    return form;
  }

  change(changes) {
    this.notice.textContent = "";
    Object.assign(this.chosen, changes);
    this.render();
    showAddress("places", this.query());
  }

  /** What is chosen, as it stands in an address. */
  query() {
    const { run, state, kind, mode, place } = this.chosen;
    return { training: this.training.name, run, state, kind, mode, place };
  }

  /** Takes over what an address asks for. What it does not know is said, and left out. Returns whether it asks for a place. */
  read(query) {
    const chosen = { ...this.defaults };
    const unknown = [];
    const read = (key, name, find) => {
      if (!query.has(key)) return;
      const found = find(query.get(key));
      if (found === null || found === -1) unknown.push(`The report has no ${name} “${query.get(key)}”.`);
      else chosen[key] = found;
    };
    for (const key of new Set(query.keys())) if (!(key in this.defaults)) unknown.push(`The address has “${key}”, which is no filter.`);
    const { trainings } = this.report;
    read("training", "training", (value) => trainings.findIndex(({ name }) => name === value));
    const { runs } = trainings[chosen.training];
    read("run", "run", (value) => (/^\d+$/.test(value) && Number(value) < runs.length ? Number(value) : null));
    read("state", "state", (value) => (PLACE_STATES.some(({ name }) => name === value) ? value : null));
    read("kind", "kind", (value) => (value in KINDS ? value : null));
    read("mode", "way to answer", (value) => (modesOf(runs[chosen.run]).includes(value) ? value : null));
    read("place", "place", (value) => (runs[chosen.run]?.places.some(({ entity }) => entity === value) ? value : null));
    this.chosen = chosen;
    this.render();
    if (chosen.place !== null && this.box.querySelector("tr.current") === null) unknown.push(`The filters leave out ${chosen.place}.`);
    this.notice.textContent = unknown.join(" ");
    return chosen.place !== null;
  }

  render() {
    const { chosen, training, run } = this;
    this.trainingControl.value = chosen.training;
    setOptions(this.runControl, training.runs.map((one, number) => [number, runName(one)]), chosen.run);
    const modes = run === undefined ? [] : modesOf(run);
    if (!modes.includes(chosen.mode)) chosen.mode = "";
    setOptions(this.modeControl, [["", "all"], ...modes.map((mode) => [mode, mode])], chosen.mode);
    this.stateControl.value = chosen.state;
    this.kindControl.value = chosen.kind;
    if (run === undefined) {
      this.verdict.replaceChildren();
      this.count.textContent = "This training has no run.";
      this.box.replaceChildren();
      return;
    }
    this.verdict.replaceChildren(...verdicts(run));
    const all = placeQuestions(run);
    const shown = all.filter(
      ({ kind, mode, crossed }) =>
        (chosen.kind === "" || kind === chosen.kind) &&
        (chosen.mode === "" || mode === chosen.mode) &&
        (chosen.state === "" || crossed === (chosen.state === "crossed")),
    );
    const places = new Set(shown.map(({ place }) => place)).size;
    this.count.textContent = `${count(shown.length)} of ${count(all.length)} rows, ${count(places)} of ${count(run.places.length)} places`;
    this.box.replaceChildren(shown.length === 0 ? element("p", { class: "empty" }, "No row fits all of these filters.") : this.#table(run, shown));
  }

  /** Shows the chosen place; the section where the filters leave it out. */
  focus() {
    const row = this.box.querySelector("tr.current");
    if (row === null) {
      bringIntoView(this.section);
      return;
    }
    row.scrollIntoView({ block: "center" });
    row.querySelector("button").focus({ preventScroll: true });
  }

  #table(run, questions) {
    const columns = [["before", run.source], ["before", run.target], ["after", run.source], ["after", run.target]].filter(([when, language], index, all) => {
      const isFirst = all.findIndex(([otherWhen, other]) => otherWhen === when && other === language) === index;
      return isFirst && questions.some(({ answers }) => answers.has(`${when} ${language}`));
    });
    const named = (code) => [...this.report.languages, ...this.report.others].find((language) => language.code === code)?.name ?? code;
    const titles = ["Place", "Crossed", "Likeness", "Taught in", "Kind", "By", "Right answer", ...columns.map(([when, code]) => `${named(code)} ${when}`)];
    const row = (question) => this.#row(run, question, columns);
    const isOfChosen = ({ place }) => place.entity === this.chosen.place;
    // A row that an address asks for is among those that are shown at first.
    const first = [...questions.filter(isOfChosen), ...questions.filter((question) => !isOfChosen(question)).slice(0, PLACES_AT_FIRST)];
    const make = (some) => {
      const headings = titles.map((title) => element("th", { scope: "col" }, title));
      const head = element("thead", {}, element("tr", {}, ...headings));
      const table = element("table", { class: "sortable places" }, head, element("tbody", {}, ...some.map(row)));
      alignNumbers(table);
      makeSortable(table);
      return table;
    };
    if (questions.length === first.length) return scrollBox("Places", make(questions));
    const box = scrollBox("Places", make(questions.filter((question) => first.includes(question))));
    const all = button(`Show all ${count(questions.length)} rows, not only the first ${count(first.length)}`, { class: "show-all" }, () => {
      box.replaceChildren(make(questions));
      all.remove();
      box.focus();
    });
    return element("div", {}, box, all);
  }

  #row(run, question, columns) {
    const { place, kind, mode, control, answers, crossed } = question;
    const isChosen = place.entity === this.chosen.place;
    const name = button(nameIn(place.names[run.source] ?? place.entity, run.source), { class: "open", "aria-pressed": String(isChosen), title: place.entity }, () => {
      this.change({ place: isChosen ? null : place.entity });
      this.focus();
    });
    const inTarget = place.names[run.target];
    const hasLikeness = place.likeness !== null && place.likeness !== undefined;
    const word = crossingWord(run, question);
    return element(
      "tr",
      { class: isChosen ? "current" : null },
      element("th", { scope: "row", "data-sort": place.names[run.source] ?? place.entity }, name, inTarget === undefined ? null : element("span", { class: "target-name" }, nameIn(inTarget, run.target))),
      crossed === null
        ? element("td", { class: "missing", "data-sort": word }, word === "" ? "—" : word)
        : element("td", {}, element("span", { class: `outcome ${crossed ? "right" : "wrong"}` }, element("span", { "aria-hidden": "true" }, crossed ? "✓ " : "✗ "), word)),
      hasLikeness ? element("td", { "data-sort": place.likeness }, place.likeness.toFixed(2)) : element("td", { class: "missing" }, "—"),
      element("td", {}, place.type === null ? "—" : (TAUGHT[place.type] ?? `type ${place.type}`)),
      element("td", {}, KINDS[kind] ?? kind, control === null ? null : element("span", { class: "control" }, ` of control ${control}`)),
      element("td", {}, mode),
      goldCell(run, answers),
      ...columns.map(([when, language]) => placeAnswer(answers.get(`${when} ${language}`))),
    );
  }
}

/** The ways to answer that a run has. */
function modesOf(run) {
  return [...new Set(run.places.flatMap(({ answers }) => answers.map(({ mode }) => mode)))];
}
