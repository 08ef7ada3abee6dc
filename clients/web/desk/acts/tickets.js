/** What a desk does with the queues of the present day. */

import { field } from "../../shared/form.js";
import { area } from "../../shared/ask.js";
import { ticketStatusOf } from "../day/day.js";

/** @import { Desk } from "../desk.js" */
/** @import { Lane, Ticket } from "../day/day.js" */

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
  const room = rooms()[laneId] ?? "";
  if (room) {
    const answer = await desk.attempt(laneId, () => desk.write(`/api/queue/lanes/${laneId}:callNext`, { room }));
    return answer && called(desk, laneId, answer.ticket);
  }
  await changeRoom(desk, laneId, words.callButton, async () => {
    called(desk, laneId, (await desk.write(`/api/queue/lanes/${laneId}:callNext`, { room: rooms()[laneId] })).ticket);
  });
}

/** Ask for the room to which this desk calls for a doctor. @param {Desk} desk @param {string} laneId @param {string} confirm @param {() => Promise<void>} then */
export function changeRoom(desk, laneId, confirm, then = async () => {}) {
  const { words } = desk;
  return desk.ask(
    { title: words.roomTitle, confirm },
    async ({ room = "" }) => {
      if (!room) return [{ id: "room", text: words.roomMissing }];
      localStorage.setItem(ROOMS, JSON.stringify({ ...rooms(), [laneId]: room }));
      await then();
      desk.draw();
    },
    field(words.room, { id: "room", maxlength: 40, value: rooms()[laneId] ?? "" }, { hint: words.roomHint }),
  );
}

/** The room to which this desk calls for a doctor; empty if none was entered yet. @param {string} laneId */
export function roomOf(laneId) {
  return rooms()[laneId] ?? "";
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

/** Ask for another place in the queue. @param {Desk} desk @param {Lane} lane @param {Ticket} ticket */
export function place(desk, lane, ticket) {
  const { words } = desk;
  return desk.ask(
    { title: `${words.moveTicketTitle}: ${ticket.label}`, confirm: words.commands.move },
    async ({ position = "1", reason = "" }) => {
      if (!reason) return [{ id: "reason", text: words.reasonMissing }];
      const number = Math.max(1, Number.parseInt(position, 10) || 1);
      await desk.write(`/api/queue/lanes/${lane.lane_id}:move`, { ticket_id: ticket.id, position: number - 1, reason });
      desk.say(words.said.placed(ticket.label, number));
    },
    field(words.position, { id: "position", type: "number", min: 1, max: lane.waiting.length, value: 1 }),
    field(words.reason, { id: "reason" }, { control: area("reason") }),
  );
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
