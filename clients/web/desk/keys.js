/** Keys: which command each gives. */

/** @import { Desk } from "./desk.js" */

/** Where it is kept that letters give no commands. */
export const OFF = "yoyaku.desk.letters-off";
/** How keys are shown. @type {Record<string, string>} */
const SHOWN = { Delete: "Del", Escape: "Esc" };

/** Give commands to a desk by keys. @param {Desk} desk @param {AbortSignal} end */
export function listen(desk, end) {
  addEventListener("keydown", (event) => press(desk, event), { signal: end });
}

/** How a key is shown. @param {string} key */
export function shownKey(key) {
  return SHOWN[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

/** @param {Desk} desk @param {KeyboardEvent} event */
function press(desk, event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const elsewhere = document.querySelector("dialog[open]") || event.isComposing || event.ctrlKey || event.metaKey || event.altKey;
  if (elsewhere || event.defaultPrevented) return;
  if (desk.loading) return event.preventDefault();
  const writing = target.matches("input, select, textarea");
  if (writing && event.key !== "Escape") return;
  const { grid } = desk;
  if (writing) return void (grid.current && grid.focus(grid.current.key));
  if (grid.focused && moved(desk, event.key)) return event.preventDefault();
  // Enter and the space bar belong to the button that has the focus.
  if (target.matches("button, a, summary") && (event.key === "Enter" || event.key === " ")) return;
  const key = event.key === "Backspace" ? "Delete" : event.key === " " ? "Enter" : event.key;
  if (key.length === 1 && lettersOff()) return;
  // A key that is held down does nothing twice.
  if (event.repeat || desk.press(key.length === 1 ? key.toLowerCase() : key)) event.preventDefault();
}

/** @param {Desk} desk @param {string} key */
function moved({ grid }, key) {
  const way = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[key];
  if (way) grid.move(way[0] ?? 0, way[1] ?? 0);
  else if (key === "Home" || key === "End") grid.end(key === "End");
  else return false;
  return true;
}

/** Whether letters give no commands. */
export function lettersOff() {
  return Boolean(localStorage.getItem(OFF));
}
