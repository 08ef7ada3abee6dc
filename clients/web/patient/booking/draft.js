/** What a person has entered on the way to a booking. It outlives a reload, and ends with the tab. */

const KEY = "yoyaku.patient.draft";
/** Ids of what all tabs keep: who signs out in one of them gives it back. */
const KEPT = "yoyaku.patient.kept";
/** As many as an account holds. */
const MOST_KEPT = 20;

/**
 * @typedef {{patientId: string, doctorId: string, start: string, typeId: string, reason: string}} Choice
 * @typedef {{choice: Choice, requestId: string, id: string, confirming: boolean, left: boolean}} Hold
 * `id`: empty until the server has told it; `confirming`: a confirmation was sent, and perhaps its answer was lost; `left`: it is
 * to be given back.
 * @typedef {{find: string, reason: string, reasonFor: string, hold: Hold | null}} Draft
 * `find`: what was looked for, as a query; `reasonFor`: the patient for whom the reason was written, empty before one is chosen;
 * `hold`: the slot that this tab keeps, or may keep, as far as it knows.
 */

/** @returns {Draft} */
export function draft() {
  return { find: "", reason: "", reasonFor: "", hold: null, ...JSON.parse(sessionStorage.getItem(KEY) ?? "{}") };
}

/** @param {Partial<Draft>} changes */
export function keepDraft(changes) {
  const before = draft();
  const next = { ...before, ...changes };
  sessionStorage.setItem(KEY, JSON.stringify(next));
  note(before.hold?.id, next.hold?.id);
}

/** What was written for a patient, or before any was chosen; nothing of what was written for another one. @param {string} patientId */
export function reasonFor(patientId) {
  const { reason, reasonFor } = draft();
  return reasonFor && reasonFor !== patientId ? "" : reason;
}

/** Note something about a hold, unless it was forgotten meanwhile, as by a sign-out. @param {Hold} hold @param {Partial<Hold>} changes */
export function keepHold(hold, changes) {
  const now = draft().hold;
  if (now?.requestId === hold.requestId) keepDraft({ hold: { ...now, ...changes } });
}

export function dropDraft() {
  note(draft().hold?.id);
  sessionStorage.removeItem(KEY);
}

/** Ids of what the tabs of the browser keep, as far as they know; it may be over. @returns {string[]} */
export function keptIds() {
  return JSON.parse(localStorage.getItem(KEPT) ?? "[]");
}

export function forgetKept() {
  localStorage.removeItem(KEPT);
}

/** @param {string} [before] @param {string} [now] the id of what this tab kept, and keeps */
function note(before, now) {
  if (before === now) return;
  const others = keptIds().filter((id) => id !== before && id !== now);
  localStorage.setItem(KEPT, JSON.stringify([...others, ...(now ? [now] : [])].slice(-MOST_KEPT)));
}
