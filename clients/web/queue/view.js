/** Draws the lanes and the call whose turn it is. Writes to the page what has changed, and nothing else. */

import { fit } from "../board/fit.js";
import { Screen } from "../board/screen.js";
import { make, part, show, write } from "../shared/elements.js";

/** @import { Words } from "../board/words.js" */
/** @import { Call, Lane, Ticket } from "./lanes.js" */
/** @import { QueueWords } from "./words.js" */

const LANES_WIDE = 6;
const LANES_TALL = 6;
/** Up to so many lanes are shown as cards, each with its own headings, instead of lines. */
const CARDS_WIDE = 3;
const CARDS_TALL = 3;
/** Longer names of rooms are called in smaller type. */
const LONG_ROOM = 16;
/** How many rooms of a lane are named beside the one that was called to last. */
const OTHER_ROOMS = 3;
const NEXT_ON_A_CARD = 5;
const NEXT_ON_A_LINE = 3;

export class View extends Screen {
  #words;
  #drawn = "";

  /** @param {Words} board @param {QueueWords} words */
  constructor(board, words) {
    super(board);
    this.#words = words;
    write(part("qr-text"), words.qr);
    for (const id of /** @type {const} */ (["doctor", "now", "next"])) write(part(`head-${id}`), words[id]);
    write(part("call-heading"), words.calling);
  }

  clear() {
    super.clear();
    this.lanes([], new Map(), 0, () => false);
    for (const id of /** @type {const} */ (["announcement", "recent"])) show(part(id), "");
  }

  /** @param {boolean} wanted @param {boolean} blocked */
  sound(wanted, blocked) {
    write(part("sound"), wanted ? (blocked ? this.#words.soundBlocked : this.#words.soundOn) : "");
  }

  /** Lines of staff. @param {string[]} lines */
  announce(lines) {
    show(part("announcement"), lines.join("  ·  "));
  }

  /** Who was called lately, for those who looked away. @param {Call[]} calls */
  recent(calls) {
    show(part("recent"), calls.length ? `${this.#words.recent} ${calls.map(({ label, room }) => `${label} → ${room}`).join("  ·  ")}` : "");
  }

  /** @param {Call | null} call @param {string} clinic its name, if there are several: they may have the same letters */
  call(call, clinic) {
    part("call").hidden = !call;
    if (!call) return;
    write(part("call-ticket"), call.label);
    write(part("call-room"), `→ ${call.room}`);
    write(part("call-doctor"), [call.doctor, clinic].filter(Boolean).join(" · "));
    part("call-room").classList.toggle("long", call.room.length > LONG_ROOM);
  }

  /** How many pages so many lanes take. @param {number} count */
  pages(count) {
    return Math.max(1, Math.ceil(count / (isTall() ? LANES_TALL : LANES_WIDE)));
  }

  /**
   * A page of the lanes.
   * @param {Lane[]} lanes all of them
   * @param {Map<string, string>} clinics their names, if there are several
   * @param {number} page
   * @param {(laneId: string) => boolean} isMarked
   */
  lanes(lanes, clinics, page, isMarked) {
    const pages = this.pages(lanes.length);
    const perPage = Math.ceil(lanes.length / pages);
    const shown = lanes.slice(page * perPage, (page + 1) * perPage);
    part("lanes").hidden = !shown.length;
    this.page(page, pages);
    const around = [innerWidth, innerHeight, ...["notice", "recent", "announcement"].map((id) => part(id).textContent)];
    const marked = shown.map((lane) => isMarked(lane.lane_id));
    const drawn = JSON.stringify([shown.map(contentOf), marked, perPage, around]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const cards = perPage <= (isTall() ? CARDS_TALL : CARDS_WIDE);
    document.body.classList.toggle("cards", cards);
    document.body.classList.toggle("single", shown.length === 1 && !isTall());
    document.body.style.setProperty("--rows", String(perPage));
    part("heads").hidden = cards || !shown.length;
    part("lanes").replaceChildren(...shown.map((lane, at) => this.#lane(lane, clinics.get(lane.clinic_id) ?? "", cards, Boolean(marked[at]))));
    fit(part("lanes"));
  }

  /** @param {Lane} lane @param {string} clinic @param {boolean} cards @param {boolean} marked */
  #lane(lane, clinic, cards, marked) {
    const words = this.#words;
    const [now, ...others] = lane.now_serving;
    const most = cards ? NEXT_ON_A_CARD : NEXT_ON_A_LINE;
    const next = lane.waiting.slice(0, most).map((ticket) => this.#next(ticket));
    const more = lane.waiting.length - next.length;
    const delay = lane.closed ? words.closed : lane.delay_minutes > 4 ? words.late(lane.delay_minutes) : words.onTime;
    return make(
      "li",
      { class: marked ? "marked" : "" },
      make("div", { class: "who" }, make("b", {}, lane.letter), make("div", {}, make("strong", {}, lane.doctor_name), clinic && make("small", {}, clinic), make("small", { class: lane.delay_minutes > 4 ? "late" : "" }, delay))),
      make("div", { class: "now", "data-heading": words.now }, make("strong", {}, now?.label ?? "–"), make("small", {}, now ? `→ ${now.room}` : ""), others.length > 0 && make("small", { class: "others" }, others.slice(0, OTHER_ROOMS).map(({ label, room }) => `${label} → ${room}`).join(" · "))),
      make("div", { class: "next", "data-heading": words.next }, make("ol", {}, ...next), more > 0 && make("small", {}, words.more(more))),
    );
  }

  /** @param {Ticket} ticket */
  #next({ label, expected_wait: wait }) {
    return make("li", {}, make("strong", {}, label), make("small", {}, wait ? this.#words.wait(wait.shortest_minutes, wait.longest_minutes) : ""));
  }
}

/** What of a lane is drawn. @param {Lane} lane */
function contentOf(lane) {
  return [lane.letter, lane.doctor_name, lane.closed, lane.delay_minutes, lane.now_serving, lane.waiting];
}

function isTall() {
  return innerHeight > innerWidth;
}
