"use strict";
document.documentElement.classList.add("scripted");
for (const input of document.querySelectorAll("input[data-filter]")) {
  const rows = document.getElementById(input.dataset.filter).tBodies[0].rows;
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}
const key = (row, column) => {
  const text = row.cells[column].textContent.trim();
  const number = parseFloat(text.replace(/,/g, ""));
  return Number.isNaN(number) ? text : number;
};
const table = document.getElementById("all-numbers");
if (table) {
  [...table.tHead.rows[0].cells].forEach((cell, column) => {
    const button = document.createElement("button");
    button.textContent = cell.textContent;
    cell.replaceChildren(button);
    let way = 1;
    button.addEventListener("click", () => {
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => {
        const x = key(a, column), y = key(b, column);
        const both = typeof x === typeof y ? (x > y) - (x < y) : typeof x === "number" ? -1 : 1;
        return way * both;
      });
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      way = -way;
      table.tBodies[0].append(...rows);
    });
  });
}
const open = () => { if (location.hash) document.querySelector(location.hash)?.querySelector("details")?.setAttribute("open", ""); };
addEventListener("hashchange", open);
open();
