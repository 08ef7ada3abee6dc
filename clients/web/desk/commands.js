/** All that a desk can be told to do: by which key, when, and what it does. Buttons and the list of keys are made from it. */

import { plusDays } from "../shared/wall_clock.js";
import { statusOf } from "./day/day.js";
import { toRecall, toSkip } from "./day/queue.js";

/** @import { Desk } from "./desk.js" */
/** @import { Appointment, Block } from "./day/day.js" */
/** @import { Words } from "./words.js" */
/** @import { ActWords } from "./words/en_acts.js" */
/**
 * @typedef {object} Command
 * @property {keyof Words["commands"]} id
 * @property {string} key a letter, or the name of a key
 * @property {keyof ActWords["groups"]} group
 * @property {"staff" | "doctor"} [for] who has it; everybody if not given
 * @property {(desk: Desk, block: Block | null) => boolean} when
 * @property {(desk: Desk, block: Block) => unknown} run with the current block, if the command is about one
 */

/**
 * @param {keyof Words["commands"]} id
 * @param {string} key
 * @param {string[]} statuses
 * @param {(desk: Desk, appointment: Appointment) => unknown} act
 * @param {(desk: Desk, appointment: Appointment) => boolean} also
 * @returns {Command}
 */
const visit = (id, key, statuses, act, also = () => true) => ({
  id,
  key,
  group: "visit",
  when: (desk, block) => Boolean(block?.appointment && statuses.includes(statusOf(block.appointment)) && !desk.carried && also(desk, block.appointment)),
  run: (desk, block) => block.appointment && act(desk, block.appointment),
});

/** An act of the same name on whoever is about to be booked, or else is selected. @param {"correct" | "representatives"} id @param {string} key @returns {Command} */
const person = (id, key) => ({
  id,
  key,
  group: "patient",
  for: "staff",
  when: (desk, block) => desk.staff && Boolean(desk.toBook ?? block?.appointment),
  run: (desk, block) => {
    const patient = desk.toBook ?? block.appointment?.patient;
    return patient && desk.act(async (acts) => acts[id](desk, patient));
  },
});

/** @param {keyof Words["commands"]} id @param {string} key @param {(desk: Desk, laneId: string) => unknown} act @param {(desk: Desk, laneId: string) => unknown} also @returns {Command} */
const queue = (id, key, act, also = () => true) => ({
  id,
  key,
  group: "queue",
  when: (desk, block) => Boolean(block && desk.isToday && also(desk, block.doctorId)),
  run: (desk, block) => act(desk, block.doctorId),
});

/** @param {keyof Words["commands"]} id @param {string} key @param {(desk: Desk) => unknown} act @param {(desk: Desk) => boolean} when @returns {Command} */
const everywhere = (id, key, act, when = () => true) => ({ id, key, group: "everywhere", when, run: act });

/**
 * An act on an appointment, by its name.
 * @param {"cancel" | "checkIn" | "complete" | "history" | "moveOffers" | "noShow" | "records" | "revert" | "showSeries" | "start" | "swapRoom"} name
 * @returns {(desk: Desk, appointment: Appointment) => unknown}
 */
const act = (name) => (desk, appointment) => desk.act((acts) => acts[name](desk, appointment));

/** @param {Desk} desk @param {Appointment} appointment */
const begun = (desk, appointment) => Date.parse(appointment.start_time) <= desk.clock.now();

/** @param {Block | null} block @param {Desk} desk */
const bookable = (block, desk) => Boolean(block?.slot && ["SLOT_STATE_FREE", "SLOT_STATE_PAST"].includes(block.slot.state) && block.end > desk.clock.now());

/** @type {Command[]} */
export const COMMANDS = [
  visit("checkIn", "c", ["SCHEDULED", "NO_SHOW"], act("checkIn"), (desk) => desk.isToday),
  visit("start", "s", ["CHECKED_IN"], act("start")),
  visit("complete", "e", ["IN_PROGRESS"], act("complete")),
  visit("noShow", "x", ["SCHEDULED", "CHECKED_IN"], act("noShow"), begun),
  visit("move", "m", ["SCHEDULED"], (desk, appointment) => desk.carry({ appointment })),
  visit("revert", "v", ["CHECKED_IN", "IN_PROGRESS", "COMPLETED", "NO_SHOW"], act("revert")),
  { ...visit("records", "d", ["SCHEDULED", "CHECKED_IN", "IN_PROGRESS", "COMPLETED", "NO_SHOW"], act("records"), (desk) => !desk.staff), for: "doctor" },
  { ...visit("moveOffers", "d", ["HELD"], act("moveOffers"), (desk, visit) => desk.staff && visit.held_for_offer === true), for: "staff" },
  visit("history", "h", ["HELD", "SCHEDULED", "CHECKED_IN", "IN_PROGRESS", "COMPLETED", "NO_SHOW"], act("history")),
  visit("cancel", "Delete", ["SCHEDULED", "CHECKED_IN"], act("cancel")),
  { ...visit("swapRoom", "j", ["HELD", "SCHEDULED", "CHECKED_IN", "IN_PROGRESS"], act("swapRoom"), (desk, visit) => desk.staff && visit.resources.length > 0), for: "staff" },
  visit("series", "u", ["SCHEDULED", "CHECKED_IN", "IN_PROGRESS", "COMPLETED", "NO_SHOW"], act("showSeries"), (_, visit) => Boolean(visit.series_id)),
  {
    id: "book", key: "Enter", group: "slot", for: "staff",
    when: (desk, block) => bookable(block, desk) && desk.staff && !(desk.carried && "appointment" in desk.carried),
    run: book,
  },
  {
    id: "drop", key: "Enter", group: "slot",
    when: (desk, block) => bookable(block, desk) && Boolean(desk.carried && "appointment" in desk.carried),
    run: drop,
  },
  {
    id: "squeeze", key: "b", group: "visit", for: "staff",
    when: (desk, block) => Boolean(block?.appointment && desk.staff && block.end > desk.clock.now() && !carries(desk, block.appointment)),
    run: (desk, block) => (desk.carried && "appointment" in desk.carried ? drop(desk, block) : book(desk, block)),
  },
  person("correct", "F2"),
  person("representatives", "y"),
  queue("callNext", "n", (desk, id) => desk.act((acts) => acts.callNext(desk, id))),
  queue("recall", "r", (desk, id) => desk.act((acts) => acts.recall(desk, id)), (desk, id) => toRecall(desk.day.lane(id))),
  queue("skip", "k", (desk, id) => desk.act((acts) => acts.skip(desk, id)), (desk, id) => toSkip(desk.day.lane(id))),
  queue("walkIn", "w", (desk, id) => desk.act((acts) => acts.walkIn(desk, id))),
  queue("room", "o", (desk, id) => desk.act((acts) => acts.changeRoom(desk, id, false))),
  queue("closeLane", "q", (desk, id) => desk.act((acts) => acts.closeLane(desk, id)), (desk, id) => !desk.day.lane(id)?.closed),
  queue("openLane", "q", (desk, id) => desk.act((acts) => acts.closeLane(desk, id)), (desk, id) => desk.day.lane(id)?.closed),
  everywhere("undo", "z", (desk) => desk.undo()),
  everywhere("printTicket", "p", (desk) => desk.bar.printTicket(), (desk) => desk.bar.ticket !== null),
  visit("printTicket", "p", ["CHECKED_IN", "IN_PROGRESS"], (desk, { id }) => print(desk, id), (desk, { id }) => desk.day.ticket(id) !== null),
  everywhere("search", "/", (desk) => desk.search()),
  { ...everywhere("register", "i", (desk) => desk.act((acts) => acts.registerToBook(desk)), (desk) => desk.staff), for: "staff" },
  { ...everywhere("timeOff", "f", (desk) => desk.act((acts) => acts.timeOff(desk)), (desk) => desk.staff), for: "staff" },
  { ...everywhere("timeOffList", "a", (desk) => desk.act((acts) => acts.timeOffList(desk)), (desk) => desk.staff), for: "staff" },
  { ...everywhere("moveOffers", "d", (desk) => desk.act((acts) => acts.moveOffers(desk)), (desk) => desk.staff), for: "staff" },
  { ...everywhere("emergency", "y", (desk) => desk.act((acts) => acts.emergency(desk)), (desk) => !desk.staff), for: "doctor" },
  everywhere("now", "g", (desk) => desk.goToNow()),
  everywhere("today", "t", (desk) => desk.goTo(desk.today)),
  everywhere("dayBefore", ",", (desk) => desk.goTo(plusDays(desk.date, -1))),
  everywhere("dayAfter", ".", (desk) => desk.goTo(plusDays(desk.date, 1))),
  everywhere("stop", "Escape", (desk) => desk.carry(null, desk.words.said.stopped), (desk) => desk.carried !== null),
  everywhere("lock", "l", (desk) => desk.lock()),
  everywhere("keys", "?", (desk) => desk.act((acts) => acts.help(desk))),
];

/** Print the ticket of an appointment. @param {Desk} desk @param {string} appointmentId */
function print(desk, appointmentId) {
  const found = desk.day.ticket(appointmentId);
  if (found) desk.act(async (acts) => acts.printTicket(desk, found.ticket));
}

/** Whether an appointment is being moved. @param {Desk} desk @param {Appointment} appointment */
function carries({ carried }, appointment) {
  return Boolean(carried && "appointment" in carried && carried.appointment.id === appointment.id);
}

/** Move what is carried about to a block. @param {Desk} desk @param {Block} block */
function drop(desk, block) {
  return desk.act(async (acts) => desk.carried && "appointment" in desk.carried && acts.moveTo(desk, desk.carried.appointment, block));
}

/** Book for whoever is carried about, or for somebody yet to be found. @param {Desk} desk @param {Block} block */
function book(desk, block) {
  return desk.act((acts) => acts.book(desk, block, desk.toBook));
}
