"use strict";
document.documentElement.classList.add("scripted");
const table = document.getElementById("models");
const body = table.tBodies[0];
document.getElementById("filter").addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase();
  for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
});
const key = (row, column) => {
  const cell = row.cells[column];
  const text = (cell.dataset.key ?? cell.textContent).trim();
  const number = Number(text);
  return text === "" || Number.isNaN(number) ? text : number;
};
[...table.tHead.rows[0].cells].forEach((cell, column) => {
  const button = document.createElement("button");
  button.textContent = cell.textContent;
  cell.replaceChildren(button);
  button.addEventListener("click", () => {
    const way = cell.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    cell.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
    const rows = [...body.rows];
    const compare = (a, b) => {
      const x = key(a, column), y = key(b, column);
      if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
      return way * (typeof x === "number" ? x - y : x.localeCompare(y, "en", { numeric: true }));
    };
    rows.sort(compare);
    body.append(...rows);
  });
});
