/** What a desk knows of queues: the rooms to which it calls, and which ticket is meant if none is chosen. */

import { ticketStatusOf } from "./day.js";

/** @import { Lane } from "./day.js" */

const ROOMS = "yoyaku.desk.rooms";

/** The room to which this desk calls for a doctor; empty if none was entered yet. @param {string} laneId */
export function roomOf(laneId) {
  return rooms()[laneId] ?? "";
}

/** Call for a doctor to a room from now on. @param {string} laneId @param {string} room */
export function keepRoom(laneId, room) {
  localStorage.setItem(ROOMS, JSON.stringify({ ...rooms(), [laneId]: room }));
}

/** The ticket that is called again if none is chosen: the newest one that was called and has not begun, else one that was skipped. @param {Lane | undefined} lane */
export function toRecall(lane) {
  return toSkip(lane) ?? lane?.skipped[0];
}

/** The ticket that is skipped if none is chosen. @param {Lane | undefined} lane */
export function toSkip(lane) {
  return lane?.now_serving.find((ticket) => ticketStatusOf(ticket) === "CALLED");
}

/** @returns {Record<string, string>} */
function rooms() {
  return JSON.parse(localStorage.getItem(ROOMS) ?? "{}");
}
