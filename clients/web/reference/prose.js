/** Writes prose, JSON and parts that open. */

import { make } from "../shared/elements.js";

/** @import { Child } from "../shared/elements.js" */

/** A part that opens; what is in it is made when it opens for the first time. @param {Child} title @param {() => Child[]} content */
export function folded(title, content) {
  const fold = make("details", {}, make("summary", {}, title));
  const fill = () => fold.append(...content().filter((child) => child instanceof Node));
  fold.addEventListener("toggle", fill, { once: true });
  return fold;
}

/** JSON, indented. @param {unknown} value */
export function json(value) {
  return make("pre", { tabindex: "0" }, make("code", {}, JSON.stringify(value, null, 2)));
}

/** A comment of the contract: paragraphs, lists and `code`. @param {string} text */
export function prose(text) {
  const parts = make("div", { class: "prose" });
  for (const block of text.split(/\n\n+/)) {
    const items = block.split(/^- /m);
    const [first = "", ...rest] = items;
    if (first.trim()) parts.append(make("p", {}, ...inline(first)));
    if (rest.length) parts.append(make("ul", {}, ...rest.map((item) => make("li", {}, ...inline(item)))));
  }
  return parts;
}

/** A line of text with `code` in it. @param {string} text */
export function inline(text) {
  return text.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part.replaceAll("\n", " ")));
}
