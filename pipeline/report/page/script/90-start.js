/** The page without its data: bar of sections, tables, links to parts. */
function enlivenPage() {
  document.documentElement.classList.add("enlivened");
  listParts("figures", "figure.figure");
  listParts("tables", "div.table");
  enlivenTables();
  unfoldForPrint();
  markSections();
}

/** The parts that show the data. */
async function showData() {
  const items = document.getElementById("items");
  const places = document.getElementById("places");
  if (items === null && places === null) return;
  const waiting = element("p", { class: "hint", role: "status" }, "Reading the answers …");
  (items ?? places).append(waiting);
  try {
    const report = await readReport();
    const hasAnswers = report.models.length > 0 && report.sets.length > 0 && report.languages.length > 0;
    const itemBrowser = items === null || !hasAnswers ? null : new ItemBrowser(report, items);
    if (items !== null && !hasAnswers) items.append(element("p", { class: "empty" }, "This report has no recorded answers."));
    const placeBrowser = places === null || report.trainings.length === 0 ? null : new PlaceBrowser(report, places);
    followAddress({ items: itemBrowser, places: placeBrowser });
    waiting.remove();
  } catch (error) {
    waiting.className = "notice";
    waiting.textContent = `The answers cannot be shown: ${error.message}. Figures and tables do not need them.`;
    console.error(error);
  }
  document.documentElement.dataset.ready = "yes";
}

/** Shows what the address asks for, now and whenever it changes. */
function followAddress(browsers) {
  const follow = () => {
    const { section, query } = readAddress();
    // The page's bare address is where a reader began, so everything is as it was then.
    const followers = section === "" ? Object.values(browsers) : [browsers[section]];
    for (const browser of followers) {
      if (browser === null || browser === undefined) continue;
      const opened = browser.read(query);
      if (opened) browser.focus();
      else if ([...query].length > 0 && !isInWindow(browser.section)) bringIntoView(browser.section);
    }
  };
  // No element is called as a whole address with filters is, so the browser does not find its section.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const [section, query] = link === null ? [] : link.getAttribute("href").slice(1).split("?");
    if (query !== undefined && section in browsers) bringIntoView(document.getElementById(section));
  });
  addEventListener("hashchange", follow);
  if (location.hash !== "") follow();
}

/** Whether any of an element is in the window. */
function isInWindow(target) {
  const { top, bottom } = target.getBoundingClientRect();
  return top < innerHeight && bottom > 0;
}

enlivenPage();
showData();
