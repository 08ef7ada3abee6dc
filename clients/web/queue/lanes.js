/** What the lanes of clinics say, and who has just been called. Knows nothing of pages and connections. */

/**
 * @typedef {{shortest_minutes: number, longest_minutes: number}} Wait
 * @typedef {{id: string, label: string, room: string, calls: number, call_time: string | null, expected_wait?: Wait | null}} Ticket
 * @typedef {{lane_id: string, letter: string, doctor_name: string, clinic_id: string, date: string, time_zone: string,
 *   epoch: number, revision: number, closed: boolean, now_serving: Ticket[], waiting: Ticket[], skipped: Ticket[],
 *   delay_minutes: number, clinic_announcement: string, announcement: string}} Lane
 * @typedef {{laneId: string, clinicId: string, ticketId: string, label: string, room: string, doctor: string, at: number}} Call
 */

/** Calls that are older are not called out any more: whoever was meant has been called again, or skipped. */
const OLDEST_CALL_MS = 90_000;

export class Lanes {
  /** @type {Map<string, Lane>} */
  #known = new Map();
  /** @type {Map<string, number>} how often each ticket was called, as far as the screen has announced it */
  #announced = new Map();
  #since;

  /** @param {number} since calls before this are not called out */
  constructor(since) {
    this.#since = since;
  }

  /** Take a lane in unless a newer one is known; who was called, in order. @param {Lane} lane @param {number} now */
  put(lane, now) {
    const known = this.#known.get(lane.lane_id);
    if (known && newer(known, lane)) return [];
    this.#known.set(lane.lane_id, lane);
    return lane.now_serving.flatMap((ticket) => this.#called(lane, ticket, now)).sort((a, b) => a.at - b.at);
  }

  /** @param {Lane} lane @param {Ticket} ticket @param {number} now @returns {Call[]} */
  #called(lane, ticket, now) {
    const at = Date.parse(ticket.call_time ?? "");
    const announced = this.#announced.get(ticket.id) ?? 0;
    if (!ticket.room || ticket.calls <= announced) return [];
    this.#announced.set(ticket.id, ticket.calls);
    if (!(at > this.#since && at > now - OLDEST_CALL_MS)) return [];
    return [{ laneId: lane.lane_id, clinicId: lane.clinic_id, ticketId: ticket.id, label: ticket.label, room: ticket.room, doctor: lane.doctor_name, at }];
  }

  /** Forget what was announced on days that are over. @param {string} today */
  keep(today) {
    const lanes = [...this.#known.values()].filter((lane) => lane.date >= today);
    this.#known = new Map(lanes.map((lane) => [lane.lane_id, lane]));
    const tickets = new Set(lanes.flatMap((lane) => [...lane.now_serving, ...lane.waiting, ...lane.skipped]).map(({ id }) => id));
    for (const id of this.#announced.keys()) if (!tickets.has(id)) this.#announced.delete(id);
  }

  /**
   * The lanes in which something goes on, by letter.
   * @param {string[]} letters only these; empty for all
   */
  shown(letters) {
    const wanted = [...this.#known.values()].filter(({ letter }) => !letters.length || letters.includes(letter));
    return wanted
      .filter((lane) => lane.now_serving.length || lane.waiting.length || lane.skipped.length || lane.announcement)
      .sort((a, b) => a.clinic_id.localeCompare(b.clinic_id) || a.letter.length - b.letter.length || a.letter.localeCompare(b.letter));
  }

  /** What staff say to everybody, each line once. @param {Lane[]} lanes those that are shown */
  announcements(lanes) {
    const clinics = [...this.#known.values()].map((lane) => lane.clinic_announcement);
    const own = lanes.map((lane) => lane.announcement && `${lane.letter}: ${lane.announcement}`);
    return [...new Set([...clinics, ...own])].filter(Boolean);
  }
}

/** Whether what is known is newer. @param {Lane} known @param {Lane} lane */
function newer(known, lane) {
  return (known.epoch - lane.epoch || known.date.localeCompare(lane.date) || known.revision - lane.revision) > 0;
}
