/** What a desk does with the queues of the present day. */

import { roomOf, toRecall, toSkip } from "../day/queue.js";

/** @import { Desk } from "../desk.js" */
/** @import { Ticket } from "../day/day.js" */

/** A second call of the next one within this time must be meant: it is asked for twice. */
const TWICE_MS = 4_000;

/** @type {{laneId: string, at: number, label: string}} */
let lastCall = { laneId: "", at: 0, label: "" };

/** Call the next one to the doctor's room. @param {Desk} desk @param {string} laneId */
export async function callNext(desk, laneId) {
  const { words } = desk;
  if (lastCall.laneId === laneId && Date.now() - lastCall.at < TWICE_MS) {
    lastCall.at = 0;
    return desk.say(words.done.justCalled(lastCall.label));
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

/** Call a ticket again: the one that is meant if none is given. @param {Desk} desk @param {string} laneId @param {Ticket | undefined} ticket */
export async function recall(desk, laneId, ticket = toRecall(desk.day.lane(laneId))) {
  if (!ticket) return;
  const answer = await desk.attempt(laneId, () => desk.write(`/api/queue/lanes/${laneId}:recall`, { ticket_id: ticket.id }));
  if (answer) called(desk, laneId, answer.ticket);
}

/** Skip a ticket: the one that is meant if none is given. @param {Desk} desk @param {string} laneId @param {Ticket | undefined} ticket */
export async function skip(desk, laneId, ticket = toSkip(desk.day.lane(laneId))) {
  if (!ticket) return;
  const answer = await desk.attempt(laneId, () => desk.write(`/api/queue/lanes/${laneId}:skip`, { ticket_id: ticket.id }));
  if (!answer) return;
  desk.say(desk.words.done.skipped(ticket.label), { undo: async () => recall(desk, laneId, ticket).then(() => true) });
}

/** A ticket for somebody without an appointment. @param {Desk} desk @param {string} laneId */
export async function walkIn(desk, laneId) {
  const answer = await desk.attempt(laneId, () => desk.write("/api/queue/walk-ins", { lane_id: laneId }));
  if (answer) desk.say(desk.words.done.walkIn(answer.ticket.label, desk.doctorName(laneId)), { ticket: answer.ticket });
}

/** Let nobody new into a queue, or open it again. @param {Desk} desk @param {string} laneId */
export async function closeLane(desk, laneId) {
  const reopen = desk.day.lane(laneId)?.closed ?? false;
  const answer = await desk.attempt(laneId, () => desk.write(`/api/queue/lanes/${laneId}:close`, { reopen }));
  const { done } = desk.words;
  const name = desk.doctorName(laneId);
  if (answer) desk.say(reopen ? done.laneOpened(name) : done.laneClosed(name), { undo: async () => closeLane(desk, laneId).then(() => true) });
}

/** @param {Desk} desk @param {string} laneId @param {Ticket} ticket */
function called(desk, laneId, ticket) {
  lastCall = { laneId, at: Date.now(), label: ticket.label };
  desk.say(desk.words.done.called(ticket.label, desk.nameOf(ticket), ticket.room));
}
