/** Items on a page of the list. */
const ITEMS_A_PAGE = 50;

/** The list of items, a page at a time. `onOpen` is called with the number of the item that a reader opens. */
class ItemList {
  constructor(report, onOpen) {
    this.report = report;
    this.onOpen = onOpen;
    this.page = 0;
    this.numbers = new Uint32Array();
    this.headings = element("tr");
    this.body = element("tbody");
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      // Whoever selects text of a row does not want to open it.
      const selects = event.target.closest("button") === null && !getSelection().isCollapsed;
      if (row === null || selects) return;
      this.onOpen(Number(row.dataset.item));
    });
    const table = element("table", { class: "items" }, element("thead", {}, this.headings), this.body);
    this.box = scrollBox("List of items", table);
    this.previous = button("← Previous", { class: "page-back" }, () => this.#turn(-1));
    this.next = button("Next →", { class: "page-on" }, () => this.#turn(1));
    this.where = element("span", { class: "where", role: "status" });
    this.pager = element("nav", { class: "pager", "aria-label": "Pages of the list" }, this.previous, this.where, this.next);
    this.empty = element("p", { class: "empty", hidden: true }, "No item fits all of these filters.");
    this.element = element("div", { class: "item-list" }, this.box, this.empty, this.pager);
  }

  /** Shows the first page of these items, or the page of the open one. */
  show(numbers, chosen) {
    this.numbers = numbers;
    this.chosen = chosen;
    const at = chosen.open === null ? -1 : numbers.indexOf(chosen.open);
    this.page = at < 0 ? 0 : Math.floor(at / ITEMS_A_PAGE);
    this.#draw();
  }

  /** Marks the open item, on its page; the list stays as it is where the item is not in it. */
  markOpen(chosen) {
    this.chosen = chosen;
    const at = chosen.open === null ? -1 : this.numbers.indexOf(chosen.open);
    if (at >= 0) this.page = Math.floor(at / ITEMS_A_PAGE);
    this.#draw();
  }

  /** Puts the focus on the button of an item, if it is on this page. */
  focus(number) {
    this.body.querySelector(`tr[data-item="${number}"] button`)?.focus();
  }

  #turn(by) {
    this.page += by;
    this.#draw();
    this.box.scrollTop = 0;
    bringIntoView(this.element);
    // A button that cannot be pressed any more loses the focus.
    if (this.previous.disabled && by < 0) this.next.focus({ preventScroll: true });
    if (this.next.disabled && by > 0) this.previous.focus({ preventScroll: true });
  }

  #draw() {
    const { report, chosen, numbers } = this;
    const pages = Math.max(1, Math.ceil(numbers.length / ITEMS_A_PAGE));
    const shown = numbers.subarray(this.page * ITEMS_A_PAGE, (this.page + 1) * ITEMS_A_PAGE);
    const titles = ["Item", "Question in English", "English", report.languages[chosen.language].name];
    this.headings.replaceChildren(...titles.map((title) => element("th", { scope: "col" }, title)));
    this.body.replaceChildren(...Array.from(shown, (number) => this.#row(number)));
    this.box.hidden = numbers.length === 0;
    this.empty.hidden = numbers.length > 0;
    this.pager.hidden = pages === 1;
    this.previous.disabled = this.page === 0;
    this.next.disabled = this.page === pages - 1;
    this.where.textContent = `Page ${count(this.page + 1)} of ${count(pages)}`;
  }

  #row(number) {
    const { report, chosen } = this;
    const { set, item } = report.place(number);
    const isOpen = number === chosen.open;
    const open = element("button", { type: "button", class: "open", "aria-expanded": String(isOpen) }, report.sets[set].ids[item]);
    const question = questionLine(report.text(set, item, report.english));
    return element(
      "tr",
      { "data-item": number, class: isOpen ? "current" : null },
      element("th", { scope: "row" }, open),
      question === null
        ? element("td", { class: "question missing" }, "text not known")
        : foreign("td", question, report.languages[report.english], { class: "question" }),
      element("td", {}, outcomeMark(report.outcomes(chosen.model, set, report.english)[item])),
      element("td", {}, outcomeMark(report.outcomes(chosen.model, set, chosen.language)[item])),
    );
  }
}

/** An item's question in a line; `null` where its text is not known. */
function questionLine(text) {
  return text === null ? null : [text.premise, text.question].filter(Boolean).join(" ");
}
