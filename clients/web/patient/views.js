/** The views of the page, each loaded when it is shown for the first time. */

/** @import { View } from "./page.js" */

/** @type {Record<string, () => Promise<View>>} */
const VIEWS = {
  "": async () => (await import("./find.js")).findView,
  visit: async () => (await import("./visit.js")).visitView,
  times: async () => (await import("./times.js")).timesView,
  confirm: async () => (await import("./confirm.js")).confirmView,
  booked: async () => (await import("./booked.js")).bookedView,
  move: async () => (await import("./move.js")).moveView,
  appointments: async () => (await import("./appointments.js")).appointmentsView,
  appointment: async () => (await import("./appointment.js")).appointmentView,
  cancel: async () => (await import("./appointment.js")).cancelView,
  records: async () => (await import("./records.js")).recordsView,
  profile: async () => (await import("./profile.js")).profileView,
  change: async () => (await import("./profile_change.js")).changeView,
};

/** The view of a name; the first one for an unknown name. @param {string} name */
export function loadView(name) {
  const load = VIEWS[name] ?? VIEWS[""];
  return /** @type {() => Promise<View>} */ (load)();
}

/** Load what is not loaded yet. */
export function loadAllViews() {
  for (const load of Object.values(VIEWS)) load().catch(() => {});
}
