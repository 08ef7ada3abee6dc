/** What the days of a doctor say at a moment. Knows nothing of pages and connections. */

/**
 * @typedef {{time_slot: string, start_time: string, end_time: string, state: string}} Slot
 * @typedef {{doctor_id: string, date: string, time_zone: string, epoch: number, revision: number, slots: Slot[]}} Day
 * @typedef {"busy" | "away" | "ready" | "pause" | "later" | "done" | "absent" | "unknown"} Doing
 * @typedef {{doing: Doing, until: number | null, next: string, free: number, firstFree: string}} Present
 */

const TAKEN = "SLOT_STATE_TAKEN";
const FREE = "SLOT_STATE_FREE";
const ELSEWHERE = "SLOT_STATE_ELSEWHERE";

/** Who comes first on the board: those on duty, then those who will be, then those whom nobody has to look for. */
const ORDER = { busy: 0, ready: 0, pause: 1, away: 1, later: 2, unknown: 3, done: 4, absent: 4 };

/** The place of a doctor among the others, smallest first. @param {Present} present */
export function rank({ doing }) {
  return ORDER[doing];
}

/** The newest days of every doctor: today's, and the one before for a session over midnight. */
export class Days {
  /** @type {Map<string, Day[]>} */
  #known = new Map();

  /** Take a day in unless a newer one is known. @param {Day} day */
  put(day) {
    const others = this.#known.get(day.doctor_id) ?? [];
    const known = others.find((other) => other.date === day.date);
    if (known && (known.epoch - day.epoch || known.revision - day.revision) > 0) return;
    const days = [...others.filter((other) => other !== known), day];
    this.#known.set(day.doctor_id, days.sort((a, b) => a.date.localeCompare(b.date)).slice(-2));
  }

  /** Forget the doctors who are not among these. @param {Set<string>} doctorIds */
  keep(doctorIds) {
    for (const id of this.#known.keys()) if (!doctorIds.has(id)) this.#known.delete(id);
  }

  doctors() {
    return [...this.#known.keys()];
  }

  /**
   * @param {string} doctorId
   * @param {number} at
   * @param {string} today
   */
  present(doctorId, at, today) {
    return present(this.#known.get(doctorId) ?? [], at, today);
  }
}

/**
 * What a doctor does, who is next and what is free.
 * @param {Day[]} days
 * @param {number} at
 * @param {string} today
 * @returns {Present}
 */
export function present(days, at, today) {
  const current = days.find((day) => day.date === today);
  const slots = days.flatMap((day) => day.slots);
  const now = slots.find((slot) => start(slot) <= at && at < end(slot));
  const coming = slots.filter((slot) => start(slot) > at);
  const free = coming.filter((slot) => slot.state === FREE && current?.slots.includes(slot));
  return {
    ...doing(current, now, coming[0], at),
    next: coming.find((slot) => slot.state === TAKEN)?.time_slot ?? "",
    free: free.length,
    firstFree: free[0]?.time_slot ?? "",
  };
}

/**
 * @param {Day | undefined} today
 * @param {Slot | undefined} now
 * @param {Slot | undefined} coming
 * @param {number} at
 * @returns {{doing: Doing, until: number | null}}
 */
function doing(today, now, coming, at) {
  if (now?.state === ELSEWHERE) return { doing: "away", until: end(now) };
  if (now) return now.state === TAKEN ? { doing: "busy", until: end(now) } : { doing: "ready", until: null };
  if (!today) return { doing: "unknown", until: null };
  if (!today.slots.length) return { doing: "absent", until: null };
  if (!coming) return { doing: "done", until: null };
  return { doing: today.slots.some((slot) => end(slot) <= at) ? "pause" : "later", until: start(coming) };
}

/** @param {Slot} slot */
function start(slot) {
  return Date.parse(slot.start_time);
}

/** @param {Slot} slot */
function end(slot) {
  return Date.parse(slot.end_time);
}
