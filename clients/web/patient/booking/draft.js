/** What a person has entered on the way to a booking. It outlives a reload, and ends with the tab. */

const KEY = "yoyaku.patient.draft";

/**
 * @typedef {{find: string, reason: string, holds: Record<string, string>}} Draft
 * `find`: what was looked for, as a query; `holds`: the request_id of the hold of each slot, by what was held.
 */

/** @returns {Draft} */
export function draft() {
  return JSON.parse(sessionStorage.getItem(KEY) ?? '{"find": "", "reason": "", "holds": {}}');
}

/** @param {Partial<Draft>} changes */
export function keepDraft(changes) {
  sessionStorage.setItem(KEY, JSON.stringify({ ...draft(), ...changes }));
}

export function dropDraft() {
  sessionStorage.removeItem(KEY);
}
