/** What a desk does with the queues of the present day. */

import { ticketStatusOf } from "../day/day.js";

/** @import { Desk } from "../desk.js" */
/** @import { Appointment, Lane, Ticket } from "../day/day.js" */

/** A second call of the next one within this time must be meant: it is asked for twice. */
const TWICE_MS = 4_000;
const ROOMS = "yoyaku.desk.rooms";

/** @type {{laneId: string, at: number, label: string}} */
let lastCall = { laneId: "", at: 0, label: "" };

/** Call the next one to the doctor's room. @param {Desk} desk @param {string} laneId */
export async function callNext(desk, laneId) {
  const { words } = desk;
  if (lastCall.laneId === laneId && Date.now() - lastCall.at < TWICE_MS) {
    lastCall.at = 0;
    return desk.say(words.said.justCalled(lastCall.label));
  }
  const room = roomOf(laneId);
  if (room) {
    const answer = await desk.attempt(laneId, () => desk.write(`/api/queue/lanes/${laneId}:callNext`, { room }));
    return answer && called(desk, laneId, answer.ticket);
  }
  // Nobody is asked for a room to which nobody can be called.
  if (!desk.day.lane(laneId)?.waiting.length) return desk.bar.refuse(words.refusals.LANE_EMPTY ?? "");
  const call = async () => called(desk, laneId, (await desk.write(`/api/queue/lanes/${laneId}:callNext`, { room: roomOf(laneId) })).ticket);
  await desk.act((acts) => acts.changeRoom(desk, laneId, true, call));
}

/** The room to which this desk calls for a doctor; empty if none was entered yet. @param {string} laneId */
export function roomOf(laneId) {
  return rooms()[laneId] ?? "";
}

/** Call for a doctor to a room from now on. @param {string} laneId @param {string} room */
export function keepRoom(laneId, room) {
  localStorage.setItem(ROOMS, JSON.stringify({ ...rooms(), [laneId]: room }));
}

/** @param {Desk} desk @param {string} laneId @param {Ticket} ticket */
export async function recall(desk, laneId, ticket) {
  const answer = await desk.attempt(laneId, () => desk.write(`/api/queue/lanes/${laneId}:recall`, { ticket_id: ticket.id }));
  if (answer) called(desk, laneId, answer.ticket);
}

/** @param {Desk} desk @param {string} laneId @param {Ticket} ticket */
export async function skip(desk, laneId, ticket) {
  const answer = await desk.attempt(laneId, () => desk.write(`/api/queue/lanes/${laneId}:skip`, { ticket_id: ticket.id }));
  if (!answer) return;
  desk.say(desk.words.said.skipped(ticket.label), { undo: async () => recall(desk, laneId, ticket).then(() => true) });
}

/** A ticket for somebody without an appointment. @param {Desk} desk @param {string} laneId */
export async function walkIn(desk, laneId) {
  const answer = await desk.attempt(laneId, () => desk.write("/api/queue/walk-ins", { lane_id: laneId }));
  if (answer) desk.say(desk.words.said.walkIn(answer.ticket.label, desk.doctorName(laneId)), { ticket: answer.ticket });
}

/** Let nobody new into a queue, or open it again. @param {Desk} desk @param {string} laneId */
export async function closeLane(desk, laneId) {
  const reopen = desk.day.lane(laneId)?.closed ?? false;
  const answer = await desk.attempt(laneId, () => desk.write(`/api/queue/lanes/${laneId}:close`, { reopen }));
  const { said } = desk.words;
  const name = desk.doctorName(laneId);
  if (answer) desk.say(reopen ? said.laneOpened(name) : said.laneClosed(name), { undo: async () => closeLane(desk, laneId).then(() => true) });
}

/** Print the ticket of an appointment. @param {Desk} desk @param {Appointment} appointment */
export function print(desk, { id }) {
  const found = desk.day.ticket(id);
  if (found) desk.act(async (acts) => acts.printTicket(desk, found.ticket));
}

/** The ticket that is called again if none is chosen: the newest one that was called and has not begun, else one that was skipped. @param {Lane | undefined} lane */
export function toRecall(lane) {
  return toSkip(lane) ?? lane?.skipped[0];
}

/** The ticket that is skipped if none is chosen. @param {Lane | undefined} lane */
export function toSkip(lane) {
  return lane?.now_serving.find((ticket) => ticketStatusOf(ticket) === "CALLED");
}

/** @param {Desk} desk @param {string} laneId @param {Ticket} ticket */
function called(desk, laneId, ticket) {
  lastCall = { laneId, at: Date.now(), label: ticket.label };
  desk.say(desk.words.said.called(ticket.label, desk.nameOf(ticket), ticket.room));
}

/** @returns {Record<string, string>} */
function rooms() {
  return JSON.parse(localStorage.getItem(ROOMS) ?? "{}");
}
