/** The section with the items: filters, the open item, and the list. What is chosen stands in the page's address. */
class ItemBrowser {
  constructor(report, section) {
    this.report = report;
    this.section = section;
    const second = report.languages.findIndex((_, language) => language !== report.english);
    this.defaults = { task: null, language: Math.max(second, 0), model: 0, state: "", q: "", origin: null, open: null };
    this.chosen = { ...this.defaults };
    this.list = new ItemList(report, (number) => this.open(number));
    this.panel = new ItemPanel(report, {
      step: (by) => this.step(by),
      close: () => this.close(),
      language: (language) => this.change({ language }),
    });
    this.count = element("p", { class: "count", role: "status" });
    this.notice = element("p", { class: "notice", role: "status" });
    this.section.querySelector("noscript")?.remove();
    const hint =
      "Right and wrong are those of the chosen model, in English and in a second language. An item opens with its texts and the answers of all models; the keys j and k go to the next one and back.";
    this.section.append(element("p", { class: "hint" }, hint), this.#makeFilters(), this.notice, this.panel.element, this.count, this.list.element);
    document.addEventListener("keydown", (event) => this.#pressed(event));
    this.render();
  }

  #makeFilters() {
    const { report } = this;
    this.taskControl = choiceOf([["", "all tasks"], ...report.tasks.map((task, number) => [number, task.name])]);
    const others = report.languages.map((language, number) => [number, language.name]).filter(([number]) => number !== report.english);
    this.languageControl = choiceOf(others.length > 0 ? others : report.languages.map((language, number) => [number, language.name]));
    this.modelControl = choiceOf(report.models.map((model, number) => [number, model]));
    this.stateControl = choiceOf(ITEM_STATES.map(({ name, label }) => [name, label]));
    this.originControl = element("input", { type: "text", list: "origins", placeholder: "any", autocomplete: "off" });
    this.originOptions = element("datalist", { id: "origins" });
    this.searchControl = element("input", { type: "search", placeholder: "id or text", autocomplete: "off" });
    this.originField = field("Origin", "item-origin", this.originControl, { hidden: originsOf(report, null).length === 0 });
    this.taskControl.addEventListener("change", () => this.change({ task: numberOrNull(this.taskControl.value) }));
    this.languageControl.addEventListener("change", () => this.change({ language: Number(this.languageControl.value) }));
    this.modelControl.addEventListener("change", () => this.change({ model: Number(this.modelControl.value) }));
    this.stateControl.addEventListener("change", () => this.change({ state: this.stateControl.value }));
    this.originControl.addEventListener("input", () => this.#originTyped(false));
    this.originControl.addEventListener("change", () => this.#originTyped(true));
    this.searchControl.addEventListener("input", () => this.#searchTyped());
    const form = element(
      "form",
      { class: "filters", role: "search", "aria-label": "Filter items" },
      field("Task", "item-task", this.taskControl),
      field("Language", "item-language", this.languageControl),
      field("Model", "item-model", this.modelControl),
      field("Answer", "item-state", this.stateControl),
      this.originField,
      field("Search", "item-search", this.searchControl),
      button("Reset", { class: "reset" }, () => this.change({ ...this.defaults, open: this.chosen.open })),
      this.originOptions,
    );
    form.addEventListener("submit", (event) => event.preventDefault());
    return form;
  }

  /** Filters anew, and shows it in the address. */
  change(changes, { replace = false } = {}) {
    this.notice.textContent = "";
    Object.assign(this.chosen, changes);
    // An origin of another task would leave nothing, and its list does not offer it.
    if (this.chosen.origin !== null && !originsOf(this.report, this.chosen.task).includes(this.chosen.origin)) this.chosen.origin = null;
    this.render();
    this.#showAddress(replace);
  }

  /** Opens an item. */
  open(number) {
    this.chosen.open = number;
    this.#renderOpen();
    this.#showAddress(false);
    this.panel.focus();
  }

  /** Closes the open item; the focus goes to its row in the list. */
  close() {
    const { open } = this.chosen;
    this.chosen.open = null;
    this.#renderOpen();
    this.#showAddress(false);
    this.list.focus(open);
  }

  /** Shows the open item, and what was said about the address. */
  focus() {
    this.panel.focus();
    if (this.notice.textContent !== "") bringIntoView(this.notice);
  }

  /** Opens the next item of the list, or the one before. From an item that is not in the list, the first. */
  step(by) {
    const { numbers } = this.matches;
    const at = numbers.indexOf(this.chosen.open);
    const next = at < 0 ? 0 : at + by;
    if (next < 0 || next >= numbers.length) return;
    this.chosen.open = numbers[next];
    this.#renderOpen();
    this.#showAddress(true);
    if (this.panel.element.getBoundingClientRect().top < 0) bringIntoView(this.panel.element);
    if (document.activeElement === document.body) this.panel.title.focus({ preventScroll: true });
  }

  /** Takes over what an address asks for. What it does not know is said, and left out. Returns whether it opens another item. */
  read(query) {
    const { chosen, unknown } = readItemQuery(this.report, query, this.defaults);
    const opened = chosen.open !== null && chosen.open !== this.chosen.open;
    this.chosen = chosen;
    this.render();
    this.notice.textContent = unknown.join(" ");
    return opened;
  }

  /** Everything from what is chosen. */
  render() {
    const { report, chosen } = this;
    this.matches = matchingItems(report, chosen);
    const { numbers, total } = this.matches;
    this.count.textContent = `${count(numbers.length)} of ${count(total)} items`;
    if (total === 0) this.count.textContent += `. ${report.models[chosen.model]} was not asked ${chosen.task === null ? "anything" : report.tasks[chosen.task].name}.`;
    this.taskControl.value = chosen.task ?? "";
    this.languageControl.value = chosen.language;
    this.modelControl.value = chosen.model;
    this.stateControl.value = chosen.state;
    if (document.activeElement !== this.originControl) this.originControl.value = chosen.origin ?? "";
    if (document.activeElement !== this.searchControl) this.searchControl.value = chosen.q;
    if (this.originsShown !== `${chosen.task}`) {
      this.originsShown = `${chosen.task}`;
      this.originOptions.replaceChildren(...originsOf(report, chosen.task).map((origin) => element("option", { value: origin })));
    }
    this.list.show(numbers, chosen);
    this.#renderPanel();
  }

  #renderOpen() {
    this.list.markOpen(this.chosen);
    this.#renderPanel();
  }

  #renderPanel() {
    const { numbers } = this.matches;
    const at = this.chosen.open === null ? -1 : numbers.indexOf(this.chosen.open);
    this.panel.show({ chosen: this.chosen, at, found: numbers.length });
  }

  #showAddress(replace) {
    showAddress("items", itemQuery(this.report, this.chosen), { replace });
  }

  #originTyped(done) {
    const typed = this.originControl.value.trim();
    const origins = originsOf(this.report, this.chosen.task);
    const origin = origins.find((one) => one === typed) ?? origins.find((one) => comparable(one) === comparable(typed)) ?? null;
    if (origin !== this.chosen.origin) this.change({ origin });
    if (done && typed !== "" && origin === null) this.notice.textContent = `No item is about “${typed}”. The list under the field has the origins.`;
  }

  #searchTyped() {
    // One step back leads to what was before the whole word, not before its last letter.
    const replace = this.typing !== undefined;
    clearTimeout(this.typing);
    this.typing = setTimeout(() => {
      this.typing = undefined;
    }, 1000);
    this.change({ q: this.searchControl.value.trim() }, { replace });
  }

  #pressed(event) {
    if (this.chosen.open === null || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key !== "j" && event.key !== "k") return;
    // A field for letters gets its letters. A radio button takes none.
    if (event.target.closest("input:not([type=radio]), select, textarea, [contenteditable]") !== null) return;
    event.preventDefault();
    this.step(event.key === "j" ? 1 : -1);
  }
}

/** The number that a control's value is; `null` for none. */
function numberOrNull(value) {
  return value === "" ? null : Number(value);
}

/** What is chosen, as it stands in an address. */
function itemQuery(report, chosen) {
  const opened = chosen.open === null ? null : report.place(chosen.open);
  const version = opened === null ? 1 : report.version(opened.set);
  return {
    task: chosen.task === null ? null : report.tasks[chosen.task].name,
    language: report.languages[chosen.language].code,
    model: report.models[chosen.model] ?? null,
    state: chosen.state,
    q: chosen.q,
    origin: chosen.origin,
    item: opened === null ? null : report.sets[opened.set].ids[opened.item],
    version: version === 1 ? null : version,
  };
}

/** What an address asks for, and sentences about what it asks for in vain. */
function readItemQuery(report, query, defaults) {
  const chosen = { ...defaults };
  const unknown = [];
  const known = ["task", "language", "model", "state", "q", "origin", "item", "version"];
  for (const key of new Set(query.keys())) if (!known.includes(key)) unknown.push(`The address has “${key}”, which is no filter.`);
  const read = (key, name, find) => {
    if (!query.has(key)) return;
    const value = query.get(key);
    const found = find(value);
    if (found === null || found === -1) unknown.push(`The report has no ${name} “${value}”.`);
    else chosen[key] = found;
  };
  read("task", "task", (value) => report.tasks.findIndex((task) => task.name === value));
  read("language", "second language", (value) => report.languages.findIndex((language, number) => language.code === value && number !== report.english));
  read("model", "model", (value) => report.models.indexOf(value));
  read("state", "state", (value) => (ITEM_STATES.some(({ name }) => name === value) ? value : null));
  read("q", "text", (value) => value.trim());
  read("origin", "origin", (value) => (originsOf(report, chosen.task).includes(value) ? value : null));
  if (query.has("item")) {
    const number = findItem(report, query.get("item"), query.get("version"), chosen);
    if (number === null) unknown.push(`The report has no item “${query.get("item")}”.`);
    else chosen.open = number;
  }
  return { chosen, unknown };
}

/** The number of an item by its id: of the chosen task and a set that the model was asked, where there are several. */
function findItem(report, id, version, chosen) {
  let best = null;
  report.sets.forEach((set, setNumber) => {
    const item = set.ids.indexOf(id);
    if (item < 0) return;
    const isVersion = version === null ? report.version(setNumber) === 1 : String(report.version(setNumber)) === version;
    const fit = [isVersion, chosen.task === null || set.task === chosen.task, report.wasAsked(chosen.model, setNumber)];
    const weight = fit.reduce((sum, fits) => 2 * sum + (fits ? 1 : 0), 0);
    if (best === null || weight > best.weight) best = { weight, number: report.starts[setNumber] + item };
  });
  return best === null ? null : best.number;
}
