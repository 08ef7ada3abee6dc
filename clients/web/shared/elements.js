/** Makes elements; every text goes in as text, never as HTML. */

/** @typedef {string | Node | null | undefined | false} Child */
/** @typedef {string | number | boolean | null | undefined | ((event: any) => void)} Attribute */

/**
 * An element. A function is a listener (`onclick`), true an attribute without a value; false, null and undefined are left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, Attribute>} attributes
 * @param {...Child} children
 */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/** The element of the page that has this id. @param {string} id */
export function part(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** Write a text, unless it stands there already: what is read out is then read once. @param {Element} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Write a text, and hide its element if it is empty. @param {HTMLElement} element @param {string} text */
export function show(element, text) {
  write(element, text);
  element.hidden = !text;
}

/** Text that people wrote: its direction is its own, and does not mix with what is around it. @param {string} text */
export function written(text) {
  return make("bdi", {}, text);
}
