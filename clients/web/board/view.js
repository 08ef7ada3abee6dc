/** Draws what the board knows. Writes to the page what has changed, and nothing else. */

/** @import { Wall, Words } from "./words.js" */
/** @import { Present } from "./day.js" */
/** @typedef {{name: string, specialty: string, present: Present}} Row */

const ROWS_WIDE = 7;
const ROWS_TALL = 12;
const LONG = 20;

/** @param {string} id */
function part(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {string} id @param {string} text */
function write(id, text) {
  const element = part(id);
  if (element.textContent !== text) element.textContent = text;
}

/** How wide a text is, in Latin letters. @param {string} text */
function width(text) {
  return [...text].reduce((sum, letter) => sum + (letter > "\u2e80" ? 1.8 : 1), 0);
}

/** Write a text, and hide its element if it is empty. @param {string} id @param {string} text */
function show(id, text) {
  write(id, text);
  part(id).hidden = !text;
}

export class View {
  #words;
  #drawn = "";

  /** @param {Words} words */
  constructor(words) {
    this.#words = words;
    for (const id of /** @type {const} */ (["caption", "doctor", "now", "next", "free"])) write(id, words[id]);
    write("pairing-title", words.pairing);
    write("pairing-text", words.pairingText);
  }

  /** The top of the board. @param {string} clinic @param {Wall} wall @param {number} now */
  head(clinic, wall, now) {
    write("clinic", clinic);
    write("date", wall.long(now));
    write("clock", wall.time(now));
    if (document.title !== clinic) document.title = clinic;
  }

  /** Ask for this screen to be paired; an empty code ends that. @param {string} code */
  pairing(code) {
    show("code", code.replace(/(....)(?=.)/g, "$1 "));
    part("pairing").hidden = !code;
    if (!code) return;
    part("doctors").hidden = true;
    this.message("");
  }

  /** Say something instead of the table. @param {string} text */
  message(text) {
    show("message", text);
  }

  /** Whether what is shown is true now (`since` empty), or was true last at a time. @param {string} since */
  live(since) {
    const words = this.#words;
    document.body.classList.toggle("stale", Boolean(since));
    show("notice", since && words.lost(since));
    write("state", since ? "" : words.live);
  }

  /**
   * The page of the table whose turn it is.
   * @param {Row[]} rows
   * @param {Wall} wall
   * @param {number} turn
   */
  table(rows, wall, turn) {
    const most = innerHeight > innerWidth ? ROWS_TALL : ROWS_WIDE;
    const pages = Math.max(1, Math.ceil(rows.length / most));
    const perPage = Math.ceil(rows.length / pages);
    const page = turn % pages;
    const shown = rows.slice(page * perPage, (page + 1) * perPage);
    part("doctors").hidden = !rows.length;
    write("page", pages > 1 ? this.#words.page(page + 1, pages) : "");
    const drawn = JSON.stringify([shown, perPage]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    document.body.style.setProperty("--rows", String(perPage));
    part("rows").replaceChildren(...shown.map((row) => this.#row(row, wall)));
  }

  /** @param {Row} row @param {Wall} wall */
  #row({ name, specialty, present }, wall) {
    const { doing, until, next, free, firstFree } = present;
    const words = this.#words;
    const ends = doing === "later" ? words.from : words.until;
    const seats = cell("cell", free ? String(free) : words.full, firstFree && words.from(firstFree));
    seats.classList.toggle("some", free > 0);
    const line = document.createElement("tr");
    line.className = doing;
    line.role = "row";
    line.append(
      cell("rowheader", name, specialty),
      cell("cell", words[doing], until ? ends(wall.time(until)) : ""),
      cell("cell", next || "–", ""),
      seats,
    );
    return line;
  }
}

/** @param {"rowheader" | "cell"} role @param {string} main @param {string} detail */
function cell(role, main, detail) {
  const cell = document.createElement(role === "cell" ? "td" : "th");
  cell.role = role;
  cell.append(sized("strong", main), sized("small", detail));
  return cell;
}

/** @param {string} tag @param {string} text */
function sized(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  element.hidden = !text;
  element.classList.toggle("long", width(text) > LONG);
  element.style.setProperty("--length", String(width(text)));
  return element;
}
