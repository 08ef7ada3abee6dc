/** What a person has entered on the way to a booking. It outlives a reload, and ends with the tab. */

const KEY = "yoyaku.patient.draft";

/**
 * @typedef {{patientId: string, doctorId: string, start: string, typeId: string, reason: string}} Choice
 * @typedef {{choice: Choice, requestId: string, id: string, confirming: boolean, left: boolean}} Hold
 * `id`: empty until the server has told it; `confirming`: a confirmation was sent, and perhaps its answer was lost; `left`: it is
 * to be given back.
 * @typedef {{find: string, reason: string, hold: Hold | null}} Draft
 * `find`: what was looked for, as a query; `hold`: the slot that this tab keeps, or may keep, as far as it knows.
 */

/** @returns {Draft} */
export function draft() {
  return { find: "", reason: "", hold: null, ...JSON.parse(sessionStorage.getItem(KEY) ?? "{}") };
}

/** @param {Partial<Draft>} changes */
export function keepDraft(changes) {
  sessionStorage.setItem(KEY, JSON.stringify({ ...draft(), ...changes }));
}

/** Note something about a hold, unless it was forgotten meanwhile, as by a sign-out. @param {Hold} hold @param {Partial<Hold>} changes */
export function keepHold(hold, changes) {
  const now = draft().hold;
  if (now?.requestId === hold.requestId) keepDraft({ hold: { ...now, ...changes } });
}

export function dropDraft() {
  sessionStorage.removeItem(KEY);
}
