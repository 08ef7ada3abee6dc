/** The day as columns, one for each doctor. One block at a time can be reached by Tab; arrow keys go to the others. */

import { make, write } from "../../shared/elements.js";
import { statusOf } from "../day/day.js";
import { keep } from "./keep.js";
import { describe } from "./look.js";

/** @import { WallClock } from "../../shared/wall_clock.js" */
/** @import { Block, Day, Doctor } from "../day/day.js" */
/** @import { Words } from "../words.js" */

const HOUR_MS = 3_600_000;
/** The least height of a block, and of a minute, in rem. */
const LEAST_BLOCK = 1.75;
const LEAST_MINUTE = 0.09;

export class Grid {
  #root;
  #words;
  #changed;
  /** @type {Map<string, Block[]>} the blocks of each column, in order */
  #columns = new Map();
  /** The block that Tab reaches. */
  #current = "";
  #focusing = false;
  /** Whether somebody has gone to a block since the day was begun. */
  touched = false;
  /** The column that had the focus last. */
  #lastColumn = "";
  #clock = make("div", { class: "now", "aria-hidden": "true" });
  #corner = make("div", { class: "corner" });
  #times = make("ol", { class: "times", "aria-hidden": "true" });

  /**
   * @param {HTMLElement} root
   * @param {Words} words
   * @param {() => void} changed called when another block is the current one
   */
  constructor(root, words, changed) {
    this.#root = root;
    this.#words = words;
    this.#changed = changed;
    root.addEventListener("focusin", (event) => {
      const key = /** @type {HTMLElement} */ (event.target).closest("li")?.dataset.key;
      if (!key) return;
      this.#select(key);
      if (!this.#focusing) this.touched = true;
      this.#lastColumn = this.current?.doctorId ?? this.#lastColumn;
    });
  }

  /** The current block, if there is one. */
  get current() {
    return this.#blocks().find((block) => block.key === this.#current) ?? null;
  }

  /** The block that an element belongs to. @param {EventTarget | null} target */
  blockOf(target) {
    const item = target instanceof Element ? target.closest("li") : null;
    return this.#blocks().find((block) => block.key === item?.dataset.key) ?? null;
  }

  /** Whether the current block has the focus. */
  get focused() {
    return this.#root.contains(document.activeElement);
  }

  /** Begin another day: the one before is seen until there is something to draw, but takes no keys. */
  leave() {
    if (this.focused) /** @type {HTMLElement} */ (document.activeElement).blur();
    this.#columns.clear();
    this.touched = false;
    this.#root.setAttribute("aria-busy", "true");
  }

  /**
   * Draw the day. Whoever has the focus keeps it: if the block is gone, the one in its place gets it.
   * Returns the block that was taken away from under the focus, if one was.
   * @param {Day} day
   * @param {WallClock} wall
   * @param {number} now
   */
  draw(day, wall, now) {
    this.#root.removeAttribute("aria-busy");
    const before = this.current;
    const focused = this.focused;
    const span = day.span();
    // Who may work has a column: none moves away under somebody's hand when its slots come.
    const shown = day.doctors.filter((doctor) => day.blocks(doctor.id).length || day.schedule(doctor.id)?.slots.length !== 0);
    this.#root.hidden = !span;
    if (!span) return null;
    const from = Math.floor(span[0] / HOUR_MS) * HOUR_MS;
    const minute = Math.max(LEAST_MINUTE, LEAST_BLOCK / day.shortest());
    this.#root.style.setProperty("--minute", `${minute}rem`);
    this.#root.style.setProperty("--minutes", String(Math.ceil((span[1] - from) / HOUR_MS) * 60));
    this.#root.style.setProperty("--columns", String(shown.length));
    this.#columns = new Map(shown.map((doctor) => [doctor.id, day.blocks(doctor.id)]));
    this.#drawTimes(from, span[1], wall);
    const left = keep(this.#root, "rail", () => make("div", { class: "rail" }, this.#corner, this.#times, this.#clock));
    write(this.#corner, wall.short(span[0]));
    const columns = shown.map((doctor) => this.#column(doctor, day, from, wall, now));
    for (const each of this.#root.querySelectorAll("section")) if (!columns.includes(each)) each.remove();
    if (this.#root.firstChild !== left) this.#root.prepend(left);
    columns.forEach((column, at) => this.#root.children[at + 1] === column || this.#root.insertBefore(column, this.#root.children[at + 1] ?? null));
    this.#clock.style.setProperty("--top", String((now - from) / 60_000));
    this.#clock.hidden = now < from || now > span[1];
    return this.#settle(before, focused);
  }

  /** Make a block the current one and give it the focus. @param {string} key */
  focus(key) {
    this.#select(key);
    const button = this.#button(key);
    this.#focusing = true;
    button?.focus({ preventScroll: true });
    this.#focusing = false;
    button?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Begin a day at the first block that is not over, in the column that had the focus last, else in the first one. @param {number} now */
  begin(now) {
    const ids = [...this.#columns.keys()];
    this.focusNow(now, ids.includes(this.#lastColumn) ? this.#lastColumn : ids[0]);
  }

  /** Go to the first block that is not over, of the current column. @param {number} now */
  focusNow(now, doctorId = this.current?.doctorId) {
    const block = this.#nearest(doctorId ?? "", now);
    if (!block) return;
    this.focus(block.key);
    this.#button(block.key)?.scrollIntoView({ block: "center", inline: "nearest" });
  }

  /** Go some columns to the right and some blocks down. @param {number} across @param {number} down */
  move(across, down) {
    const current = this.current;
    if (!current) return;
    const ids = [...this.#columns.keys()];
    const id = ids[ids.indexOf(current.doctorId) + across];
    const blocks = this.#columns.get(current.doctorId) ?? [];
    const to = across ? id && this.#nearest(id, current.start) : blocks[blocks.indexOf(current) + down];
    this.touched = true;
    if (to) this.focus(to.key);
  }

  /** Go to an end of the column. @param {boolean} last */
  end(last) {
    const blocks = this.#columns.get(this.current?.doctorId ?? "") ?? [];
    const to = blocks.at(last ? -1 : 0);
    this.touched = true;
    if (to) this.focus(to.key);
  }

  #blocks() {
    return [...this.#columns.values()].flat();
  }

  /** The block of a column at a time, or the first one after it. @param {string} doctorId @param {number} at */
  #nearest(doctorId, at) {
    const blocks = this.#columns.get(doctorId) ?? [];
    return blocks.find((block) => block.start === at) ?? blocks.find((block) => block.end > at) ?? blocks.at(-1);
  }

  /** @param {string} key */
  #button(key) {
    return /** @type {HTMLElement | null} */ (this.#root.querySelector(`li[data-key="${CSS.escape(key)}"] > .block`));
  }

  /** @param {string} key */
  #select(key) {
    if (key === this.#current) return;
    this.#button(this.#current)?.setAttribute("tabindex", "-1");
    this.#current = key;
    this.#button(key)?.setAttribute("tabindex", "0");
    this.#changed();
  }

  /** Let a block be the current one, with the focus if the one before had it. @param {Block | null} before @param {boolean} focused */
  #settle(before, focused) {
    const to = this.current ?? this.#nearest(before?.doctorId ?? this.#lastColumn, before?.start ?? 0) ?? this.#blocks()[0];
    if (!to) return null;
    const gone = before !== null && to.key !== before.key;
    if (focused && (gone || !this.focused)) this.focus(to.key);
    else this.#select(to.key);
    this.#button(to.key)?.setAttribute("tabindex", "0");
    return gone && focused ? before : null;
  }

  /** @param {number} from @param {number} to @param {WallClock} wall */
  #drawTimes(from, to, wall) {
    const hours = [];
    for (let at = from; at < to; at += HOUR_MS) hours.push(make("li", {}, wall.time(at)));
    this.#times.replaceChildren(...hours);
  }

  /** @param {Doctor} doctor @param {Day} day @param {number} from @param {WallClock} wall @param {number} now */
  #column(doctor, day, from, wall, now) {
    const id = `doctor-${doctor.id}`;
    const column = keep(this.#root, id, () =>
      make("section", { role: "group", "aria-labelledby": id }, make("header", {}, make("h2", { id }), make("p", {}), make("p", { class: "waits" })), make("ol", {})),
    );
    const [name, specialty, lane] = /** @type {any} */ (column.firstElementChild).children;
    write(name, doctor.name);
    write(specialty, doctor.specialty);
    const today = day.schedule(doctor.id)?.date === wall.date(now);
    write(lane, today ? this.#words.laneLine(day.lane(doctor.id)) : "");
    const list = /** @type {HTMLElement} */ (column.lastElementChild);
    const items = (this.#columns.get(doctor.id) ?? []).map((block) => this.#item(list, block, day, from, wall, now));
    for (const each of [...list.children]) if (!items.includes(/** @type {any} */ (each))) each.remove();
    items.forEach((item, at) => list.children[at] === item || list.insertBefore(item, list.children[at] ?? null));
    return column;
  }

  /** @param {HTMLElement} list @param {Block} block @param {Day} day @param {number} from @param {WallClock} wall @param {number} now */
  #item(list, block, day, from, wall, now) {
    const item = keep(list, block.key, () =>
      make("li", {}, make("div", { class: "block", role: "button", tabindex: "-1" }, make("span", { class: "when" }), make("bdi", {}), make("span", { class: "state" }), make("span", { class: "hidden-text" }))),
    );
    const button = /** @type {HTMLElement} */ (item.firstElementChild);
    const [when, who, state, more] = /** @type {any} */ (button.children);
    const { appointment } = block;
    const told = describe(this.#words, block, day, now);
    for (const [name, value] of Object.entries({ top: (block.start - from) / 60_000, length: (block.end - block.start) / 60_000, track: block.track, tracks: block.tracks })) {
      item.style.setProperty(`--${name}`, String(value));
    }
    button.className = `block ${told.look}`;
    button.draggable = appointment !== null && statusOf(appointment) === "SCHEDULED";
    write(when, wall.time(block.start));
    write(who, appointment?.patient.name ?? "");
    write(state, told.state);
    write(more, [appointment?.appointment_type?.name, this.#words.until(wall.time(block.end))].filter(Boolean).join(", "));
    return item;
  }
}
