/** The views of the page, each loaded when it is shown for the first time. */

/** @import { View } from "./page.js" */

/** @type {Record<string, () => Promise<View>>} */
const VIEWS = {
  "": async () => (await import("./find/find.js")).findView,
  visit: async () => (await import("./find/visit.js")).visitView,
  times: async () => (await import("./times/times.js")).timesView,
  confirm: async () => (await import("./booking/confirm.js")).confirmView,
  booked: async () => (await import("./booking/booked.js")).bookedView,
  move: async () => (await import("./booking/move.js")).moveView,
  appointments: async () => (await import("./appointments/appointments.js")).appointmentsView,
  appointment: async () => (await import("./appointments/appointment.js")).appointmentView,
  cancel: async () => (await import("./appointments/appointment.js")).cancelView,
  records: async () => (await import("./me/records.js")).recordsView,
  profile: async () => (await import("./me/profile.js")).profileView,
  stop: async () => (await import("./people/stop.js")).stopView,
  register: async () => (await import("./sign_in/register.js")).registerView,
  change: async () => (await import("./me/profile_change.js")).changeView,
};

/** Those that say nothing about a person, so nobody needs to sign in for them. */
const FOR_VISITORS = new Set(["", "visit", "times", "register"]);

/** Whether a view is for everybody. @param {string} name */
export function forVisitors(name) {
  return FOR_VISITORS.has(VIEWS[name] ? name : "");
}

/** The view of a name; the first one for an unknown name. @param {string} name */
export function loadView(name) {
  const load = VIEWS[name] ?? VIEWS[""];
  return /** @type {() => Promise<View>} */ (load)();
}

/** Load what is not loaded yet. */
export function loadAllViews() {
  for (const load of Object.values(VIEWS)) load().catch(() => {});
}
