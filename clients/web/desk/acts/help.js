/** The list of keys. */

import { make } from "../../shared/elements.js";
import { COMMANDS } from "../commands.js";
import { lettersOff, OFF, shownKey } from "../keys.js";

/** @import { Desk } from "../desk.js" */

/** Show the list of keys. @param {Desk} desk */
export function help(desk) {
  const { words } = desk;
  const role = desk.staff ? "staff" : "doctor";
  const groups = /** @type {(keyof typeof words.groups)[]} */ (["visit", "slot", "patient", "queue", "everywhere"]).map((group) => {
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
