/** Sets texts as large as fits: one size for all rows, so that they look alike, and less only for names that are long. */

/** Sizes in vmin: what can hardly be read any more, and what is large enough for anybody. */
const LEAST = 1.2;
const MOST = 16;
/** How small a long name may become, against the others, before all rows become smaller. */
const LONG_NAME = 0.5;
const STEPS = 8;

/** Choose the sizes of a table's rows, which are drawn. @param {HTMLElement} body */
export function fit(body) {
  const rows = /** @type {HTMLElement[]} */ ([...body.children]);
  const resize = (/** @type {number} */ size) => body.style.setProperty("--size", String(size));
  const rename = (/** @type {HTMLElement} */ row, /** @type {number} */ size) => row.style.setProperty("--name", String(size));
  body.classList.remove("broken");
  rows.forEach((row) => rename(row, LONG_NAME));
  largest(LEAST, MOST, resize, () => rows.every(fits));
  body.classList.toggle("broken", !rows.every(fits));
  for (const row of rows) {
    largest(LONG_NAME, 1, (size) => rename(row, size), () => fits(row));
  }
}

/**
 * Set the largest size with which it fits, or else the least.
 * @param {number} least
 * @param {number} most
 * @param {(size: number) => void} set
 * @param {() => boolean} fitting
 */
function largest(least, most, set, fitting) {
  set(most);
  if (fitting()) return;
  for (let step = 0; step < STEPS; step++) {
    const middle = (least + most) / 2;
    set(middle);
    if (fitting()) least = middle;
    else most = middle;
  }
  set(least);
}

/** Whether each text of a row is within its cell, and each cell within the row. @param {HTMLElement} row */
function fits(row) {
  const box = row.getBoundingClientRect();
  return [...row.children].every((cell) => {
    const { top, bottom } = cell.getBoundingClientRect();
    return top >= box.top && bottom <= box.bottom && cell.scrollWidth <= cell.clientWidth;
  });
}
