/** Marks the section that is being read in the bar of sections. */
function markSections() {
  const links = [...document.querySelectorAll("header nav a[href^='#']")];
  const sections = links
    .map((link) => ({ link, section: document.getElementById(link.hash.slice(1).split("?")[0]) }))
    .filter(({ section }) => section !== null);
  if (sections.length === 0) return;
  let marked = null;
  const mark = () => {
    // The last section that begins in the upper third; at the end of the page the last one.
    const line = innerHeight / 3;
    const atEnd = scrollY > 0 && innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
    const begun = sections.filter(({ section }) => section.getBoundingClientRect().top <= line);
    const current = (atEnd ? sections.at(-1) : begun.at(-1) ?? sections[0]).link;
    if (current === marked) return;
    marked?.removeAttribute("aria-current");
    current.setAttribute("aria-current", "location");
    marked = current;
    // Where the bar is wider than the window, the link comes into view. The window itself stays.
    const bar = current.closest("nav");
    if (bar.scrollWidth > bar.clientWidth) bar.scrollLeft = current.offsetLeft - (bar.clientWidth - current.offsetWidth) / 2;
  };
  let waiting = false;
  const later = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      mark();
    });
  };
  addEventListener("scroll", later, { passive: true });
  addEventListener("resize", later, { passive: true });
  mark();
}

/** Adds a list of links to the figures or tables of a section, where there are enough of them to look for one. */
function listParts(sectionId, partSelector) {
  const section = document.getElementById(sectionId);
  if (section === null) return;
  const parts = [...section.querySelectorAll(partSelector)].filter((part) => part.id !== "" && part.querySelector("h3") !== null);
  if (parts.length < 3) return;
  const links = parts.map((part) => element("li", {}, element("a", { href: `#${part.id}` }, part.querySelector("h3").textContent)));
  const heading = section.querySelector("h2");
  heading.after(element("nav", { class: "parts", "aria-label": `${heading.textContent} of this report` }, element("ul", {}, ...links)));
}

/** Prints what is folded up: the limits of each figure belong to it. What was folded up before is so again afterwards. */
function unfoldForPrint() {
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details.limits:not([open])")];
    for (const details of unfolded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of unfolded) details.open = false;
    unfolded = [];
  });
}
