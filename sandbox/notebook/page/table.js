// A result table: parsed from tab-separated text, sortable by every column.

import { button, element } from "./dom.js";

const number = /^-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;

export function parse(data) {
  const [head, ...lines] = data.replace(/\n+$/, "").split("\n");
  const columns = head.split("\t");
  const rows = lines.map((line) => {
    const cells = line.split("\t");
    return columns.map((_, index) => cells[index] ?? "");
  });
  const numeric = columns.map((_, index) =>
    rows.length > 0 && rows.every((row) => row[index] === "null" || number.test(row[index]))
    && rows.some((row) => row[index] !== "null"));
  return { columns, rows, numeric };
}

export function tableView({ columns, rows, numeric }) {
  let sorted = { column: -1, down: false };
  const body = element("tbody");
  const heads = columns.map((name, index) => {
    const head = element("th", { scope: "col", className: numeric[index] ? "number" : "" });
    head.append(button(name, () => sort(index), { className: "sort", title: `Sort by ${name}` }));
    return head;
  });

  function sort(column) {
    sorted = { column, down: sorted.column === column && !sorted.down };
    heads.forEach((head, index) => {
      if (index === column) head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    fill();
  }

  function fill() {
    const { column, down } = sorted;
    const order = column < 0 ? rows : [...rows].sort((a, b) => compare(a[column], b[column], numeric[column]) * (down ? -1 : 1));
    body.replaceChildren(...order.map((row) => element("tr", {}, ...row.map((cell, index) =>
      element("td", { className: `${numeric[index] ? "number" : ""} ${cell === "null" ? "null" : ""}`, textContent: cell })))));
  }

  fill();
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...heads)), body);
  const count = rows.length === 1 ? "1 row" : `${rows.length} rows`;
  return element("div", {},
    element("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Result table" }, table),
    element("div", { className: "count", textContent: count }));
}

function compare(a, b, numeric) {
  if (a === "null" || b === "null") return (a === "null") - (b === "null");
  return numeric ? Number(a) - Number(b) : a.localeCompare(b);
}
