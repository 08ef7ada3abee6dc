/** Charts as SVG, each with a table of the same figures for those who do not see it. */

import { make } from "../shared/elements.js";

/**
 * @typedef {{label: string, value: number | null, second?: number | null}} Point `value` null where there is none
 * @typedef {{title: string, unit: string, points: Point[], ceiling?: number, names: string[], table: string}} Chart
 *   `names` of the label, the value and, if there is one, the second value; `table` is the word that shows the table
 */

const NAMESPACE = "http://www.w3.org/2000/svg";
const WIDTH = 640;
const HEIGHT = 200;
const LEFT = 44;
const BOTTOM = 24;
const TOP = 8;
const LINES = 4;

/** Columns for the values, with a line for the second ones. @param {Chart} chart */
export function chart({ title, unit, points, ceiling, names, table }) {
  const most = Math.max(ceiling ?? 0, ...points.flatMap(({ value, second }) => [value ?? 0, second ?? 0]));
  const top = ceiling && most <= ceiling ? ceiling : rounded(most);
  const say = (/** @type {number | null | undefined} */ value) => (value === null || value === undefined ? "–" : `${Math.round(value)}${unit}`);
  const y = (/** @type {number} */ value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const step = (WIDTH - LEFT) / Math.max(1, points.length);
  const picture = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title, class: "chart" });
  // Whole numbers only: lines between 0 and 1 would all be called 0 or 1.
  const lines = Math.min(LINES, Math.max(1, Math.floor(top)));
  for (let line = 0; line <= lines; line++) {
    const value = (top / lines) * line;
    picture.append(draw("line", { x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value), class: "rule" }), text(say(value), LEFT - 6, y(value) + 4, "end"));
  }
  points.forEach(({ label, value, second }, at) => {
    const x = LEFT + step * at;
    if (value !== null) {
      const column = draw("rect", { x: x + step * 0.15, y: y(value), width: step * 0.7, height: Math.max(1, y(0) - y(value)), rx: 2, class: "column" });
      column.append(draw("title", {}, `${label}: ${say(value)}`));
      picture.append(column);
    }
    if (second !== null && second !== undefined) {
      const mark = draw("line", { x1: x + step * 0.1, x2: x + step * 0.9, y1: y(second), y2: y(second), class: "second" });
      mark.append(draw("title", {}, `${label}: ${say(second)}`));
      picture.append(mark);
    }
    if (at % Math.ceil(points.length / 8) === 0) picture.append(text(label, x + step / 2, HEIGHT - 6, "middle"));
  });
  const rows = points.map(({ label, value, second }) =>
    make("tr", {}, make("th", { scope: "row" }, label), make("td", {}, say(value)), names[2] && make("td", {}, say(second))),
  );
  return make(
    "figure",
    { class: "panel" },
    make("figcaption", {}, title),
    picture,
    names[2] && make("p", { class: "legend small muted" }, make("span", { class: "key column-key" }), ` ${names[1]} `, make("span", { class: "key second-key" }), ` ${names[2]}`),
    make(
      "details",
      {},
      make("summary", {}, table),
      make("table", {}, make("thead", {}, make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name)))), make("tbody", {}, ...rows)),
    ),
  );
}

/** A share of 1 as a bar; what is above 1 fills it. @param {number} share @param {string} label */
export function share(share, label) {
  const width = 100 * Math.min(1, share);
  const bar = draw("svg", { viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true", class: "share" });
  bar.append(draw("rect", { width: 100, height: 8, rx: 1, class: "rest" }), draw("rect", { width, height: 8, rx: 1, class: share > 1 ? "column over" : "column" }));
  return make("span", { class: "share-cell" }, bar, make("span", {}, label));
}

/** The least round number above a value. @param {number} value */
function rounded(value) {
  if (value <= 0) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  const steps = size < 10 ? [1, 2, 3, 4, 8, 10] : [1, 1.2, 1.6, 2, 3, 4, 6, 8, 10];
  return steps.map((each) => each * size).find((each) => each >= value) ?? value;
}

/** @param {string} content @param {number} x @param {number} y @param {string} anchor */
function text(content, x, y, anchor) {
  return draw("text", { x, y, "text-anchor": anchor }, content);
}

/** @param {string} tag @param {Record<string, string | number>} attributes @param {string} content */
function draw(tag, attributes, content = "") {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.textContent = content;
  return element;
}
