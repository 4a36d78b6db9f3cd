// Charts of a result table as SVG: bars, lines, a pie. The choice is kept in the note as Zeppelin keeps it.

import { element, shape } from "./dom.js";

const COLOURS = 8;
const MOST_BARS = 40;
const MOST_SLICES = 9;
const MOST_POINTS = 400;

export const MODES = { table: "Table", multiBarChart: "Bars", lineChart: "Lines", pieChart: "Pie" };

// The columns to begin with: the first that is no number against the first that is one.
export function defaults({ columns, numeric }) {
  const value = numeric.findIndex((is, index) => is && index > 0);
  const values = value >= 0 ? [value] : numeric[0] ? [0] : [];
  const key = numeric.findIndex((is) => !is);
  return { keys: [key >= 0 ? key : 0], values: values.length ? values : [columns.length - 1] };
}

export function chartView(mode, table, { keys, values }) {
  const data = aggregate(table, keys[0], values);
  if (data.labels.length === 0) return element("p", { className: "count", textContent: "There is nothing to draw." });
  const names = values.map((index) => table.columns[index]);
  const title = `${names.join(", ")} by ${table.columns[keys[0]]}`;
  const draw = { multiBarChart: bars, lineChart: lines, pieChart: pie }[mode];
  const { picture, legend, note } = draw(data, names);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `${MODES[mode]}: ${title}`);
  return element("figure", { className: "chart" },
    element("figcaption", { textContent: title }), picture,
    legend.length > 1 ? element("ul", { className: "legend" }, ...legend.map((name, index) =>
      element("li", {}, element("span", { className: `swatch c${index % COLOURS}` }), name))) : null,
    note ? element("p", { className: "count", textContent: note }) : null);
}

// Sums the values of rows with the same key, in the order in which keys first appear.
function aggregate({ rows }, key, values) {
  const sums = new Map();
  for (const row of rows) {
    const before = sums.get(row[key]) ?? values.map(() => 0);
    sums.set(row[key], before.map((sum, index) => sum + (Number(row[values[index]]) || 0)));
  }
  return { labels: [...sums.keys()], series: values.map((_, index) => [...sums.values()].map((entry) => entry[index])) };
}

const short = (value) => Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3)
  ? value.toExponential(1) : Number(value.toFixed(4)).toLocaleString("en");
const cut = (text, length) => text.length > length ? `${text.slice(0, length - 1)}…` : text;

function scale(series) {
  const all = series.flat();
  const low = Math.min(0, ...all), high = Math.max(0, ...all) || 1;
  const step = 10 ** Math.floor(Math.log10((high - low) / 4));
  const wide = [1, 2, 5, 10].map((factor) => factor * step).find((size) => (high - low) / size <= 5);
  const ticks = [];
  for (let tick = Math.ceil(low / wide) * wide; tick <= high + wide / 1e6; tick += wide) ticks.push(tick);
  return { low, high: Math.max(high, ticks.at(-1)), ticks };
}

function axes(series, width, height, left) {
  const { low, high, ticks } = scale(series);
  const y = (value) => 10 + (height - 10) * (1 - (value - low) / (high - low));
  const marks = ticks.flatMap((tick) => [
    shape("line", { x1: left, x2: width, y1: y(tick), y2: y(tick), class: "grid" }),
    shape("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, short(tick)),
  ]);
  return { y, marks };
}

function under(label, x, height, slanted) {
  const turn = slanted ? { transform: `rotate(-35 ${x} ${height + 16})`, "text-anchor": "end" } : { "text-anchor": "middle" };
  return shape("text", { x, y: height + 18, ...turn }, cut(label, slanted ? 16 : 14), shape("title", {}, label));
}

function bars(data, names) {
  const labels = data.labels.slice(0, MOST_BARS);
  const series = data.series.map((values) => values.slice(0, MOST_BARS));
  const width = 760, height = 260, left = 70;
  const { y, marks } = axes(series, width, height, left);
  const slot = (width - left) / labels.length;
  const bar = Math.max(1, Math.min(48, (slot * 0.78) / series.length));
  const slanted = slot < 95;
  const drawn = series.flatMap((values, which) => values.map((value, index) => {
    const x = left + slot * (index + 0.5) + bar * (which - series.length / 2);
    const rect = shape("rect", {
      x, y: Math.min(y(value), y(0)), width: Math.max(1, bar - 2), height: Math.max(1, Math.abs(y(0) - y(value))),
      rx: 2, class: `fill c${which % COLOURS}`,
    });
    rect.append(shape("title", {}, `${labels[index]}: ${names[which]} ${short(value)}`));
    return rect;
  }));
  const texts = labels.map((label, index) => under(label, left + slot * (index + 0.5), height, slanted));
  const picture = shape("svg", { viewBox: `0 0 ${width + 10} ${height + (slanted ? 90 : 34)}` }, ...marks, ...drawn, ...texts);
  const rest = data.labels.length - labels.length;
  return { picture, legend: names, note: rest > 0 ? `The first ${MOST_BARS} of ${data.labels.length} are drawn.` : "" };
}

function lines(data, names) {
  const labels = data.labels.slice(0, MOST_POINTS);
  const series = data.series.map((values) => values.slice(0, MOST_POINTS));
  const width = 760, height = 260, left = 70;
  const { y, marks } = axes(series, width, height, left);
  const step = labels.length > 1 ? (width - left - 20) / (labels.length - 1) : 0;
  const x = (index) => left + 10 + step * index;
  const drawn = series.flatMap((values, which) => [
    shape("polyline", { points: values.map((value, index) => `${x(index)},${y(value)}`).join(" "), class: `line c${which % COLOURS}` }),
    ...values.map((value, index) => {
      const dot = shape("circle", { cx: x(index), cy: y(value), r: labels.length > 60 ? 1.5 : 3.5, class: `fill c${which % COLOURS}` });
      dot.append(shape("title", {}, `${labels[index]}: ${names[which]} ${short(value)}`));
      return dot;
    }),
  ]);
  const every = Math.ceil(labels.length / 16);
  const slanted = step * every < 95;
  const texts = labels.map((label, index) => index % every ? "" : under(label, x(index), height, slanted)).filter(Boolean);
  const picture = shape("svg", { viewBox: `0 0 ${width + 20} ${height + (slanted ? 90 : 34)}` }, ...marks, ...drawn, ...texts);
  const rest = data.labels.length - labels.length;
  return { picture, legend: names, note: rest > 0 ? `The first ${MOST_POINTS} of ${data.labels.length} are drawn.` : "" };
}

function pie(data, names) {
  const parts = data.labels.map((label, index) => [label, Math.max(0, data.series[0][index])])
    .sort((a, b) => b[1] - a[1]);
  const rest = parts.splice(MOST_SLICES).reduce((sum, [, value]) => sum + value, 0);
  if (rest > 0) parts.push(["all others", rest]);
  const total = parts.reduce((sum, [, value]) => sum + value, 0) || 1;
  let angle = -Math.PI / 2;
  const centre = 150, radius = 130;
  const point = (at) => `${centre + radius * Math.cos(at)} ${centre + radius * Math.sin(at)}`;
  const slices = parts.map(([label, value], index) => {
    const share = value / total;
    const end = angle + Math.min(share, 0.99999) * 2 * Math.PI;
    const path = `M ${centre} ${centre} L ${point(angle)} A ${radius} ${radius} 0 ${share > 0.5 ? 1 : 0} 1 ${point(end)} Z`;
    angle = end;
    const slice = shape("path", { d: path, class: `fill slice c${index % COLOURS}` });
    slice.append(shape("title", {}, `${label}: ${names[0]} ${short(value)} (${(100 * share).toFixed(1)} %)`));
    return slice;
  });
  const picture = shape("svg", { viewBox: "0 0 300 300", class: "pie" }, ...slices);
  const legend = parts.map(([label, value]) => `${label} – ${(100 * value / total).toFixed(1)} %`);
  return { picture, legend, note: names.length > 1 ? `Of ${names.length} values a pie shows the first.` : "" };
}
