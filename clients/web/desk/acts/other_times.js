/** Free times near one that is taken, to choose from in a dialog. */

import { make } from "../../shared/elements.js";
import { WallClock } from "../../shared/wall_clock.js";
import { sharedWords } from "../../shared/words.js";

/** @import { Alternative, Failure } from "../../shared/api.js" */
/** @import { Desk } from "../desk.js" */

export class OtherTimes {
  #desk;
  #changed;
  /** @type {Alternative | null} */
  chosen = null;
  element;

  /** @param {Desk} desk @param {() => void} changed called when one is chosen */
  constructor(desk, changed) {
    this.#desk = desk;
    this.#changed = changed;
    this.element = make("div", { role: "group", "aria-label": desk.words.otherTimes, class: "others", hidden: true });
  }

  /** Offer the times that a refusal names. @param {Failure} failure */
  offer({ alternatives }) {
    this.element.hidden = !alternatives.length;
    const buttons = alternatives.map((each) => {
      const button = make("button", { type: "button", "aria-pressed": "false", onclick: () => this.#choose(each, button) }, ...told(this.#desk, each));
      return button;
    });
    this.element.replaceChildren(make("strong", {}, this.#desk.words.otherTimes), ...buttons);
  }

  /** @param {Alternative} alternative @param {HTMLElement} button */
  #choose(alternative, button) {
    this.chosen = alternative;
    for (const each of this.element.querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === button));
    this.#changed();
  }
}

/** A free time, and why it is near. @param {Desk} desk @param {Alternative} alternative */
export function told({ lang, wall }, { start_time, reason, doctor, clinic }) {
  const clock = clinic ? new WallClock(lang, clinic.time_zone) : wall;
  const at = Date.parse(start_time);
  const elsewhere = reason.endsWith("ELSEWHERE") && clinic ? `, ${clinic.name}` : "";
  const whose = doctor ? ` ${doctor.name}${elsewhere}` : "";
  return [`${clock.short(at)} ${clock.time(at)} `, make("small", {}, `${sharedWords(lang).near[reason] ?? ""}${whose}`)];
}
