/** Draws what the board knows. Writes to the page what has changed, and nothing else. */

import { part, write } from "../shared/elements.js";
import { fit } from "./fit.js";
import { Screen } from "./screen.js";

/** @import { WallClock } from "../shared/wall_clock.js" */
/** @import { Words } from "./words.js" */
/** @import { Present } from "./day.js" */
/** @typedef {{name: string, specialty: string, present: Present}} Row */

const ROWS_WIDE = 7;
const ROWS_TALL = 12;
/** Up to so many doctors are shown as cards, each with its own headings, instead of lines of a table. */
const CARDS_WIDE = 2;
const CARDS_TALL = 6;

export class View extends Screen {
  #words;
  #drawn = "";

  /** @param {Words} words */
  constructor(words) {
    super(words);
    this.#words = words;
    for (const id of /** @type {const} */ (["caption", "doctor", "now", "next", "free"])) write(part(id), words[id]);
    for (const state of /** @type {const} */ (["busy", "ready", "away", "idle"])) write(part(`legend-${state}`), words[state]);
  }

  clear() {
    super.clear();
    this.#hideTable();
  }

  /**
   * The page of the table whose turn it is.
   * @param {Row[]} rows
   * @param {WallClock} wall
   * @param {number} turn
   */
  table(rows, wall, turn) {
    if (!rows.length) return this.#hideTable();
    const tall = innerHeight > innerWidth;
    const most = tall ? ROWS_TALL : ROWS_WIDE;
    const pages = Math.max(1, Math.ceil(rows.length / most));
    const perPage = Math.ceil(rows.length / pages);
    const page = turn % pages;
    const shown = rows.slice(page * perPage, (page + 1) * perPage);
    part("doctors").hidden = part("legend").hidden = false;
    this.page(page, pages);
    const drawn = JSON.stringify([shown, perPage, innerWidth, innerHeight, part("notice").textContent]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    document.body.classList.toggle("cards", perPage <= (tall ? CARDS_TALL : CARDS_WIDE));
    document.body.style.setProperty("--rows", String(perPage));
    part("rows").replaceChildren(...shown.map((row) => this.#row(row, wall)));
    fit(part("rows"));
  }

  #hideTable() {
    part("doctors").hidden = part("legend").hidden = true;
    this.page(0, 0);
    this.#drawn = "";
  }

  /** @param {Row} row @param {WallClock} wall */
  #row({ name, specialty, present }, wall) {
    const { doing, until, next, free, firstFree } = present;
    const words = this.#words;
    const ends = doing === "later" ? words.from : words.until;
    const seats = cell(words.free, free ? String(free) : words.full, firstFree && words.from(firstFree));
    seats.classList.toggle("some", free > 0);
    const line = document.createElement("tr");
    line.className = doing;
    line.role = "row";
    line.append(
      cell("", name, specialty),
      cell(words.now, words[doing], until ? ends(wall.time(until)) : ""),
      cell(words.next, next || "–", ""),
      seats,
    );
    return line;
  }
}

/** A cell under a heading; the doctor's own has none. @param {string} heading @param {string} main @param {string} detail */
function cell(heading, main, detail) {
  const cell = document.createElement(heading ? "td" : "th");
  cell.role = heading ? "cell" : "rowheader";
  if (heading) cell.dataset.heading = heading;
  cell.append(line("strong", main), line("small", detail));
  return cell;
}

/** @param {string} tag @param {string} text */
function line(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
