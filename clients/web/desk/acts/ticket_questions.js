/** What a desk asks about a queue: the room to call to, another place for a ticket. */

import { area } from "../../shared/ask.js";
import { field } from "../../shared/form.js";
import { keepRoom, roomOf } from "../day/queue.js";

/** @import { Lane, Ticket } from "../day/day.js" */
/** @import { Desk } from "../desk.js" */

/** Ask for the room to which this desk calls for a doctor. @param {Desk} desk @param {string} laneId @param {boolean} calling whether somebody is called once it is known @param {() => Promise<void>} then */
export function changeRoom(desk, laneId, calling, then = async () => {}) {
  const { words } = desk;
  return desk.ask(
    { title: words.roomTitle, confirm: calling ? words.callButton : words.commands.room },
    async ({ room = "" }) => {
      if (!room) return [{ id: "room", text: words.roomMissing }];
      keepRoom(laneId, room);
      await then();
      desk.draw();
    },
    field(words.room, { id: "room", maxlength: 40, value: roomOf(laneId) }, { hint: words.roomHint }),
  );
}

/** Ask for another place in the queue. @param {Desk} desk @param {Lane} lane @param {Ticket} ticket */
export function place(desk, lane, ticket) {
  const { words } = desk;
  return desk.ask(
    { title: `${words.moveTicketTitle}: ${ticket.label}`, confirm: words.moveTicketButton },
    async ({ position = "1", reason = "" }) => {
      if (!reason) return [{ id: "reason", text: words.reasonMissing }];
      const number = Math.max(1, Number.parseInt(position, 10) || 1);
      await desk.write(`/api/queue/lanes/${lane.lane_id}:move`, { ticket_id: ticket.id, position: number - 1, reason });
      desk.say(words.done.placed(ticket.label, number));
    },
    field(words.position, { id: "position", type: "number", min: 1, max: lane.waiting.length, value: 1 }),
    field(words.reason, { id: "reason" }, { control: area("reason") }),
  );
}
