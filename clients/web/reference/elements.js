/** Makes elements and writes prose; every text goes in as text, never as HTML. */

/** @typedef {string | Node | null | undefined | false} Child */

/**
 * An element; properties are attributes.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} attributes
 * @param {...Child} children
 */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) if (child) element.append(child);
  return element;
}

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
