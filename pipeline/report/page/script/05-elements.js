/**
 * Makes an element. An attribute that is `null` or `false` is left out, `true` is set without a value. A child is an element, a text,
 * or `null` for nothing. Texts become text, never HTML.
 */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    made.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children) {
    if (child !== null && child !== undefined) made.append(child);
  }
  return made;
}

/** A button that does not send a form. */
function button(label, attributes, onPress) {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", onPress);
  return made;
}

/** A text in a language. The element keeps its direction away from the text around it. */
function foreign(name, text, language, attributes = {}) {
  return element(name, { lang: language?.code ?? null, dir: language?.direction ?? "auto", ...attributes }, text);
}

/** A name in a language, within a line of other text. */
function nameIn(text, code) {
  return element("bdi", { lang: code, dir: "auto" }, text);
}

/** The mark and the word of an outcome. */
function outcomeMark(outcome, { short = false } = {}) {
  const { mark, word, kind } = OUTCOMES[outcome];
  return element(
    "span",
    { class: `outcome ${kind}` },
    element("span", { class: "mark", "aria-hidden": "true" }, mark),
    element("span", { class: short ? "unseen" : "word" }, word),
  );
}

/** A labelled control of a bar of filters. `id` is the control's own. */
function field(label, id, control, attributes = {}) {
  control.id = id;
  return element("div", { class: "field", ...attributes }, element("label", { for: id }, label), control);
}

/** A list of `[value, label]` to choose from. */
function choiceOf(options) {
  return element("select", {}, ...options.map(([value, label]) => element("option", { value }, label)));
}

/** Replaces the options of a list, and chooses one. */
function setOptions(select, options, chosen) {
  select.replaceChildren(...options.map(([value, label]) => element("option", { value }, label)));
  select.value = chosen;
}

/** A box that scrolls on its own, and that the keyboard reaches. */
function scrollBox(label, ...children) {
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, ...children);
}

/** A count with separators of thousands: 18,800. */
function count(number) {
  return number.toLocaleString("en-US");
}

/** A share as a percentage without decimals. */
function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/** Brings an element to the top of the window, below the bar of sections. */
function bringIntoView(target) {
  target.scrollIntoView({ block: "start" });
}

/** The letter of a choice: A, B, … */
function letter(position) {
  return String.fromCharCode(65 + position);
}
