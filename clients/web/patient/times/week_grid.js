/** Draws a week: a column for each day, a button for each time. What is taken while somebody looks stays, greyed out. */

import { make } from "../../shared/elements.js";
import { plusDays } from "../../shared/wall_clock.js";
import { DAYS } from "./live_week.js";

/** @import { WallClock } from "../../shared/wall_clock.js" */
/** @import { Day } from "./live_week.js" */
/** @import { Page, Slot } from "../page.js" */

const FREE = "SLOT_STATE_FREE";
const SHOWN = new Set([FREE, "SLOT_STATE_TAKEN"]);

/** @typedef {Slot & {free: boolean}} Shown */

export class WeekGrid {
  #page;
  #clock;
  #choose;
  #tell;
  /** @type {Map<string, HTMLElement>} */
  #columns = new Map();
  /** @type {Map<string, Shown[]>} */
  #shown = new Map();

  /**
   * @param {Page} page
   * @param {WallClock} clock
   * @param {string} from
   * @param {string} today
   * @param {(slot: Slot) => void} choose
   * @param {(news: string) => void} tell
   */
  constructor(page, clock, from, today, choose, tell) {
    this.#page = page;
    this.#clock = clock;
    this.#choose = choose;
    this.#tell = tell;
    this.element = make("div", { class: "week", onkeydown: (/** @type {KeyboardEvent} */ event) => this.#walk(event) });
    this.element.append(make("p", { class: "hidden-text", id: "arrow-keys" }, page.text.arrowKeys));
    for (const date of Array.from({ length: DAYS }, (_, number) => plusDays(from, number))) {
      const id = `day-${date}`;
      const heading = make("h2", { id, "aria-current": date === today && "date" }, clock.short(clock.noon(date)));
      const times = make("div", { class: "times" });
      this.#columns.set(date, times);
      this.element.append(make("section", { "aria-labelledby": id }, heading, times));
    }
  }

  /** Whether each day is known. */
  get complete() {
    return this.#shown.size === DAYS;
  }

  /** Whether any time is free. */
  get free() {
    return [...this.#shown.values()].flat().some((each) => each.free);
  }

  /** Show that what is shown may be old, or that it is not. @param {boolean} old */
  stale(old) {
    this.element.classList.toggle("stale", old);
  }

  /** Take a day in. @param {Day} day @param {Slot[] | null} visits instead of its slots, if a type was chosen */
  put(day, visits) {
    const times = this.#columns.get(day.date);
    if (!times) return;
    const before = this.#shown.get(day.date) ?? [];
    const now = visits ? merged(before, visits) : day.slots.filter((each) => SHOWN.has(each.state)).map(asShown);
    for (const old of before) {
      if (old.free && now.some((each) => each.start_time === old.start_time && !each.free)) this.#announce(old);
    }
    this.#shown.set(day.date, now);
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.start : undefined;
    times.replaceChildren(...(now.length ? this.#buttons(now) : [make("p", { class: "muted" }, this.#why(day))]));
    if (focused) /** @type {HTMLElement | null} */ (times.querySelector(`[data-start="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {Shown[]} slots */
  #buttons(slots) {
    const first = slots.find((each) => each.free) ?? slots[0];
    return slots.map((slot) => {
      const { time_slot, start_time, free } = slot;
      const attributes = { "data-start": start_time, tabindex: slot === first ? "0" : "-1", "aria-describedby": "arrow-keys" };
      const at = Date.parse(start_time);
      if (free) return make("button", { ...attributes, class: "time", "aria-label": this.#spoken(at), onclick: () => this.#choose(slot) }, time_slot);
      const label = `${this.#spoken(at)}, ${this.#page.text.taken}`;
      return make("button", { ...attributes, class: "time", "aria-disabled": "true", "aria-label": label, onclick: () => this.#announce(slot) }, time_slot);
    });
  }

  /** @param {number} at */
  #spoken(at) {
    return `${this.#clock.short(at)} ${this.#clock.time(at)}`;
  }

  /** @param {Slot} slot */
  #announce({ start_time, time_slot }) {
    this.#tell(this.#page.text.justTaken(time_slot, this.#clock.short(Date.parse(start_time))));
  }

  /** Why a day has no times. @param {Day} day */
  #why(day) {
    const { text } = this.#page;
    if (day.closed_reason === "CLOSED_REASON_BEYOND_HORIZON") return text.notYet;
    return day.slots.length ? text.full : text.closed;
  }

  /** Up and down within a day, left and right to the days beside it. @param {KeyboardEvent} event */
  #walk(event) {
    const down = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const aside = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const button = event.target instanceof HTMLElement ? event.target : null;
    if (!(down || aside) || !button?.matches(".time")) return;
    event.preventDefault();
    const columns = [...this.#columns.values()].map((each) => [...each.querySelectorAll("button")]);
    const column = columns.findIndex((each) => each.some((other) => other === button));
    const row = columns[column]?.findIndex((each) => each === button) ?? 0;
    if (down) columns[column]?.[row + down]?.focus();
    const beside = aside === 1 ? columns.slice(column + 1) : columns.slice(0, column).reverse();
    const next = aside ? beside.find((each) => each.length) : undefined;
    next?.[Math.min(row, next.length - 1)]?.focus();
  }
}

/** @param {Slot & {state: string}} slot @returns {Shown} */
function asShown({ time_slot, start_time, end_time, state }) {
  return { time_slot, start_time, end_time, free: state === FREE };
}

/** The visits that are free, and among them those that were. @param {Shown[]} before @param {Slot[]} visits @returns {Shown[]} */
function merged(before, visits) {
  const free = new Set(visits.map((each) => each.start_time));
  const gone = before.filter((each) => !free.has(each.start_time)).map((each) => ({ ...each, free: false }));
  return [...gone, ...visits.map((each) => ({ ...each, free: true }))].sort((a, b) => Date.parse(a.start_time) - Date.parse(b.start_time));
}
