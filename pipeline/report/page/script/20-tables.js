const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** The number that a cell's text is, possibly with a sign, separators of thousands or a percent sign; `null` if it is not one. */
function numberOf(text) {
  const plain = text.trim().replace(/\u2212/g, "-").replace(/(?<=\d),(?=\d{3}(\D|$))/g, "");
  const match = /^([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*%?$/i.exec(plain);
  return match === null ? null : Number(match[1]);
}

/** The cell of a row at a column, where cells may span several. */
function cellAt(row, column) {
  let at = 0;
  for (const cell of row.cells) {
    if (column < at + cell.colSpan) return cell;
    at += cell.colSpan;
  }
  return null;
}

/** What a cell is sorted by; "" where it has no value. */
function sortText(cell) {
  if (cell === null) return "";
  const given = cell.dataset.sort;
  if (given !== undefined) return given.trim();
  if (cell.classList.contains("missing")) return "";
  const text = cell.textContent.trim();
  return text === "—" || text === "–" ? "" : text;
}

/** The headings that stand right above a column, with its number. */
function columnHeadings(table) {
  const headings = [];
  const rows = [...(table.tHead?.rows ?? [])];
  const taken = rows.map(() => []);
  rows.forEach((row, down) => {
    let column = 0;
    for (const cell of row.cells) {
      while (taken[down][column]) column += 1;
      const lastRow = Math.min(down + cell.rowSpan, rows.length);
      for (let below = down; below < lastRow; below += 1) {
        for (let right = column; right < column + cell.colSpan; right += 1) taken[below][right] = true;
      }
      if (lastRow === rows.length && cell.colSpan === 1) headings.push({ cell, column });
      column += cell.colSpan;
    }
  });
  return headings;
}

/** Whether all values of a column are numbers, and there is one. */
function isOfNumbers(rows, column) {
  const texts = rows.map((row) => sortText(cellAt(row, column))).filter((text) => text !== "");
  return texts.length > 0 && texts.every((text) => numberOf(text) !== null);
}

/**
 * Rows in the order of a column. `direction` is 1 or -1. Rows without a value are last in both directions, equal ones keep their order.
 */
function sortedRows(rows, column, direction) {
  const numeric = isOfNumbers(rows, column);
  const keyed = rows.map((row) => {
    const text = sortText(cellAt(row, column));
    return { row, empty: text === "", value: numeric ? numberOf(text) : text };
  });
  const compare = numeric ? (a, b) => a.value - b.value : (a, b) => collator.compare(a.value, b.value);
  keyed.sort((a, b) => (a.empty || b.empty ? a.empty - b.empty : direction * compare(a, b)));
  return keyed.map(({ row }) => row);
}

/** Where it is said what a table is sorted by. */
const sortStatus = element("p", { class: "unseen", role: "status" });

/**
 * Lets a table be sorted by each column: first the largest numbers or the first words, then the other way, then as it was.
 * Does nothing for a table that can be sorted already.
 */
function makeSortable(table) {
  const bodies = [...table.tBodies];
  const original = new Map(bodies.map((body) => [body, [...body.rows]]));
  const rows = bodies.flatMap((body) => original.get(body));
  const headings = columnHeadings(table).filter(({ cell }) => cell.textContent.trim() !== "" && cell.querySelector("button") === null);
  for (const { cell, column } of headings) {
    const first = isOfNumbers(rows, column) ? "descending" : "ascending";
    const second = first === "ascending" ? "descending" : "ascending";
    const label = element("button", { type: "button", class: "sort" });
    label.append(...cell.childNodes);
    cell.append(label);
    label.addEventListener("click", () => {
      const now = cell.getAttribute("aria-sort");
      const next = now === null ? first : now === first ? second : null;
      for (const heading of table.querySelectorAll("th[aria-sort]")) heading.removeAttribute("aria-sort");
      if (next !== null) cell.setAttribute("aria-sort", next);
      for (const body of bodies) {
        const known = original.get(body);
        body.append(...(next === null ? known : sortedRows(known, column, next === "ascending" ? 1 : -1)));
      }
      sortStatus.textContent = next === null ? "The first order again." : `Sorted by ${label.textContent.trim()}, ${next}.`;
    });
  }
}

/** Puts numbers under each other: marks the columns that hold nothing else. */
function alignNumbers(table) {
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
  for (const { cell, column } of columnHeadings(table)) {
    if (!isOfNumbers(rows, column)) continue;
    cell.classList.add("number");
    for (const row of rows) cellAt(row, column)?.classList.add("number");
  }
}

/** All tables that Rust wrote. */
function enlivenTables() {
  document.querySelector("main").append(sortStatus);
  for (const table of document.querySelectorAll("main table")) {
    alignNumbers(table);
    if (table.classList.contains("sortable")) makeSortable(table);
  }
}
