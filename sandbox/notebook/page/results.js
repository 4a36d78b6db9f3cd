// What a paragraph gave: text, tables with their charts, HTML and pictures.

import { button, element } from "./dom.js";
import { chartView, defaults, MODES } from "./chart.js";
import { parse, tableView } from "./table.js";

// `graph` is what the note keeps of a table's view; `keep` stores it.
export function resultView({ type, data }, failed, graph, keep) {
  switch (type) {
    case "TABLE":
      return tableResult(parse(data), graph, keep);
    case "IMG":
      return element("img", { src: `data:image/png;base64,${data.trim()}`, alt: "A picture that the paragraph drew" });
    case "HTML":
      // The page's policy lets no script in it run.
      return element("div", { className: "html", innerHTML: data });
    default:
      return element("pre", { className: failed ? "error" : "", textContent: withoutColours(data) });
  }
}

const withoutColours = (text) => text.replace(/\u001b\[[0-9;]*m/g, "");

function tableResult(table, graph, keep) {
  const own = defaults(table);
  const valid = (list) => (list ?? []).map((entry) => entry.index).filter((index) => index < table.columns.length);
  const state = {
    mode: graph?.mode in MODES ? graph.mode : "table",
    keys: valid(graph?.keys).length ? valid(graph.keys) : own.keys,
    values: valid(graph?.values).length ? valid(graph.values) : own.values,
  };
  const view = element("div");
  const buttons = Object.entries(MODES).map(([mode, name]) =>
    button(name, () => { state.mode = mode; store(); draw(); }, { "data-mode": mode }));
  const key = choice("Key", table.columns, state.keys[0], (index) => { state.keys = [index]; });
  const value = choice("Value", table.columns, state.values[0], (index) => { state.values = [index]; });
  const columns = element("div", { className: "choices" }, key, value);

  function choice(label, names, chosen, change) {
    const select = element("select", { onchange: () => { change(Number(select.value)); store(); draw(); } },
      ...names.map((name, index) => element("option", { value: index, textContent: name, selected: index === chosen })));
    return element("label", {}, `${label} `, select);
  }

  function store() {
    const named = (index) => ({ name: table.columns[index], index, aggr: "sum" });
    keep({ mode: state.mode, height: 300, optionOpen: false, groups: [], keys: state.keys.map(named), values: state.values.map(named) });
  }

  function draw() {
    for (const each of buttons) each.setAttribute("aria-pressed", String(each.dataset.mode === state.mode));
    columns.hidden = state.mode === "table";
    view.replaceChildren(state.mode === "table" ? tableView(table) : chartView(state.mode, table, state));
  }

  draw();
  const tools = element("div", { className: "views", role: "group", "aria-label": "View" }, ...buttons, columns);
  return element("div", { className: "table-result" }, tools, view);
}
