/**
 * An open item: its texts in English and in a second language, and what every model answered. `on` has what the reader can do:
 * `step(by)`, `close()`, `language(number)`.
 */
class ItemPanel {
  constructor(report, on) {
    this.report = report;
    this.on = on;
    this.title = element("h3", { id: "item-title", tabindex: "-1" });
    this.where = element("p", { class: "where", role: "status" });
    this.previous = button("← Previous item", { "aria-keyshortcuts": "k", title: "key k" }, () => on.step(-1));
    this.next = button("Next item →", { "aria-keyshortcuts": "j", title: "key j" }, () => on.step(1));
    this.copy = button("Copy link", {}, () => this.#copyLink());
    this.close = button("Close", { class: "close" }, () => on.close());
    this.copied = element("p", { class: "copied", role: "status" });
    this.facts = element("p", { class: "facts" });
    this.texts = element("div", { class: "pair" });
    this.answers = element("div", { class: "answers" });
    this.matrix = element("details", { class: "every-language" }, element("summary", {}, "Right or wrong in every language"));
    this.matrix.addEventListener("toggle", () => this.#drawMatrix());
    this.element = element(
      "article",
      { class: "panel", id: "item", "aria-labelledby": "item-title", hidden: true },
      element(
        "div",
        { class: "panel-head" },
        element("div", { class: "heading" }, this.title, this.where),
        element("div", { class: "buttons" }, this.previous, this.next, this.copy, this.close),
      ),
      this.copied,
      this.#makeSwitch(),
      this.facts,
      this.texts,
      this.answers,
      this.matrix,
    );
  }

  /** Shows an item, which is number `at` (or -1) of the `found` that the filters leave. */
  show({ chosen, at, found }) {
    const { report } = this;
    this.element.hidden = chosen.open === null;
    if (chosen.open === null) return;
    const { set, item } = report.place(chosen.open);
    this.shown = { set, item, language: chosen.language, model: chosen.model };
    const { ids, clusters, origins } = report.sets[set];
    this.title.textContent = ids[item];
    this.where.textContent = at < 0 ? `not among the ${count(found)} that the filters leave` : `${count(at + 1)} of ${count(found)}`;
    this.previous.disabled = at === 0 || found === 0;
    this.next.disabled = at === found - 1 || found === 0;
    this.copied.textContent = "";
    const facts = [["task", report.setName(set)], ["origin", origins?.[item]], ["cluster", clusters?.[item]]];
    const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
    this.facts.replaceChildren(...known.map(([name, value]) => element("span", {}, `${name} `, element("bdi", {}, value))));
    const languages = [...new Set([report.english, chosen.language])].filter((language) => language >= 0);
    this.texts.replaceChildren(...languages.map((language) => itemText(report, { ...this.shown, language })));
    this.#drawAnswers();
    this.#drawSwitch();
    this.#drawMatrix();
  }

  /** Puts the focus on the item's id, and the panel to the top of the window. */
  focus() {
    this.title.focus({ preventScroll: true });
    bringIntoView(this.element);
  }

  #makeSwitch() {
    this.switches = this.report.languages.map((spoken, language) => {
      if (language === this.report.english) return null;
      const input = element("input", { type: "radio", name: "item-language", value: spoken.code });
      input.addEventListener("change", () => this.on.language(language));
      const mark = element("span", { class: "switch-mark" });
      const name = foreign("span", spoken.own, spoken, { title: spoken.name });
      const label = element("label", {}, input, name, mark);
      return { language, input, mark, label };
    });
    this.switches = this.switches.filter((one) => one !== null);
    const labels = this.switches.map(({ label }) => label);
    return element("fieldset", { class: "switch" }, element("legend", {}, "Beside English"), element("div", {}, ...labels));
  }

  #drawSwitch() {
    const { set, item, language: chosenLanguage, model } = this.shown;
    for (const { language, input, mark } of this.switches) {
      input.checked = language === chosenLanguage;
      mark.replaceChildren(outcomeMark(this.report.outcomes(model, set, language)[item], { short: true }));
    }
  }

  #drawAnswers() {
    const made = answersTable(this.report, this.shown);
    const heading = element("h4", {}, "What each model answered");
    if (made === null) {
      this.answers.replaceChildren(heading, element("p", { class: "missing" }, "No model was asked this item."));
      return;
    }
    const legend = made.haveScores
      ? element("p", { class: "hint" }, "Scores say how far each choice lies below the model’s best one (log-probability where the model gave it). The bar is full for the best, and empty from 10 below.")
      : null;
    this.answers.replaceChildren(...[heading, legend, scrollBox("What each model answered", made.table)].filter((part) => part !== null));
  }

  #drawMatrix() {
    this.matrix.querySelector(".scroll")?.remove();
    if (!this.matrix.open || this.shown === undefined) return;
    this.matrix.append(scrollBox("Right or wrong in every language", languagesTable(this.report, this.shown)));
  }

  async #copyLink() {
    const link = location.href;
    try {
      await navigator.clipboard.writeText(link);
      this.copied.textContent = "The link is copied.";
    } catch {
      // Not allowed here: the reader copies it.
      const input = element("input", { readonly: true, value: link, "aria-label": "Link to this item" });
      this.copied.replaceChildren("Copy it from here: ", input);
      input.select();
    }
  }
}
