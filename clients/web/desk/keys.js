/** Keys: which command each gives, and the list of them. */

import { make } from "../shared/elements.js";
import { COMMANDS } from "./commands.js";

/** @import { Desk } from "./desk.js" */

const OFF = "yoyaku.desk.letters-off";
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

/** Show the list of keys. @param {Desk} desk */
export function help(desk) {
  const { words } = desk;
  const role = desk.staff ? "staff" : "doctor";
  const groups = /** @type {(keyof typeof words.groups)[]} */ (["visit", "slot", "queue", "everywhere"]).map((group) => {
    const rows = COMMANDS.filter((each) => each.group === group && each.id !== "openLane" && (!each.for || each.for === role)).map(({ id, key }) => row(shownKey(key), words.commands[id]));
    return make("section", {}, make("h3", {}, words.groups[group]), make("dl", { class: "keys" }, ...rows.flat()));
  });
  const off = make("input", { type: "checkbox", id: "letters", checked: !lettersOff(), onchange: () => localStorage.setItem(OFF, off.checked ? "" : "1") });
  return desk.ask(
    { title: words.keysTitle, wide: true },
    () => {},
    make("p", {}, make("kbd", {}, words.moveKeys), " ", words.moveKeysText),
    make("div", { class: "key-groups" }, ...groups),
    make("div", { class: "check" }, off, make("label", { for: "letters" }, words.singleKeys)),
    make("p", { class: "hint" }, words.singleKeysHint),
  );
}

/** @param {string} key @param {string} text */
function row(key, text) {
  return [make("dt", {}, make("kbd", {}, key)), make("dd", {}, text)];
}

/** @param {Desk} desk @param {KeyboardEvent} event */
function press(desk, event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const elsewhere = document.querySelector("dialog[open]") || event.isComposing || event.ctrlKey || event.metaKey || event.altKey;
  if (elsewhere || event.defaultPrevented) return;
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

function lettersOff() {
  return Boolean(localStorage.getItem(OFF));
}
