/** What every screen on a wall shows, and what keeps it well for years. */

import { part, show, write } from "../shared/elements.js";

/** @import { WallClock } from "../shared/wall_clock.js" */
/** @import { Words } from "./words.js" */

/** When a screen reloads the page, which may have changed: at night, not all at once. */
const RELOAD_AT = `03:${String(Math.floor(Math.random() * 60)).padStart(2, "0")}`;
const RELOAD_AFTER_MS = 3_600_000;
/** Where the picture stands, minute by minute, in thousandths of the screen: nothing burns into an old screen. */
const PLACES = /** @type {const} */ ([[0, 0], [4, 0], [4, 4], [0, 4], [-4, 4], [-4, 0], [-4, -4], [0, -4], [4, -4]]);
const MOVE_MS = 60_000;

/** Move the picture a little every minute. @param {number} now */
export function move(now) {
  const [x, y] = PLACES[Math.floor(now / MOVE_MS) % PLACES.length] ?? PLACES[0];
  document.body.style.translate = `${x / 10}vw ${y / 10}vh`;
}

/** Reload the page at night. @param {string} time `HH:MM` at the clinic */
export function reloadAtNight(time) {
  if (time === RELOAD_AT && performance.now() > RELOAD_AFTER_MS) location.reload();
}

/** The parts that all screens have: a head, a code for pairing, a message, and whether all this is true now. */
export class Screen {
  #words;

  /** @param {Words} words */
  constructor(words) {
    this.#words = words;
    write(part("pairing-title"), words.pairing);
    write(part("pairing-text"), words.pairingText);
  }

  /** The top of the screen. @param {string} clinic @param {WallClock} wall @param {number} now */
  head(clinic, wall, now) {
    show(part("clinic"), clinic);
    write(part("date"), wall.long(now));
    write(part("clock"), wall.time(now));
    if (document.title !== clinic) document.title = clinic;
  }

  /** Ask for this screen to be paired, and show nothing else; an empty code ends that. @param {string} code */
  pairing(code) {
    show(part("code"), code.replace(/(....)(?=.)/g, "$1 "));
    part("pairing").hidden = !code;
    if (!code) return;
    this.live("", "");
    write(part("state"), "");
    this.message("");
    this.clear();
  }

  /** Show nothing of a clinic. */
  clear() {
    show(part("clinic"), "");
    for (const id of /** @type {const} */ (["date", "clock"])) write(part(id), "");
  }

  /** Say something instead of the rest. @param {string} text */
  message(text) {
    show(part("message"), text);
  }

  /**
   * Whether what is shown is true now (`since` empty), or was true last at a time, and what the server says against more.
   * @param {string} since
   * @param {string} refusal empty if the server was not reached
   */
  live(since, refusal) {
    document.body.classList.toggle("stale", Boolean(since));
    show(part("notice"), since && this.#words.lost(since, refusal));
    write(part("state"), since ? "" : this.#words.live);
  }

  /** Which page of several is shown; nothing if there is one. @param {number} page from 0 @param {number} pages */
  page(page, pages) {
    write(part("page"), pages > 1 ? this.#words.page(page + 1, pages) : "");
  }
}
