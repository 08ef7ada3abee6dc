/** Beside the day: what is selected and can be done with it, and the queues. */

import { make } from "../../shared/elements.js";
import { dateInWords } from "../../shared/wall_clock.js";
import { COMMANDS } from "../commands.js";
import { stateOf, statusOf, ticketStatusOf } from "../day/day.js";
import { shownKey } from "../keys.js";
import { stateOfSlot } from "./look.js";
import { roomOf, toRecall } from "../day/queue.js";

/** @import { Command } from "../commands.js" */
/** @import { Block, Lane, Ticket } from "../day/day.js" */
/** @import { Desk } from "../desk.js" */
/** @import { Patient } from "./finder.js" */

/** What may end a press of a button. */
const RELEASES = ["pointerup", "pointercancel", "keyup", "blur"];
/** Whose drawing waits for that. @type {WeakSet<HTMLElement>} */
const WAITING = new WeakSet();

/** Draw what is selected. @param {Desk} desk @param {HTMLElement} root */
export function drawSelected(desk, root) {
  const block = desk.grid.current;
  const { words } = desk;
  const { toBook } = desk;
  const commands = COMMANDS.filter((each) => ["visit", "slot", "patient"].includes(each.group) && each.when(desk, block));
  const own = toBook ? commands.filter((each) => each.group !== "patient") : commands;
  const facts = block?.appointment ? visitFacts(desk, block) : [];
  const signature = JSON.stringify([block?.key, block?.appointment, block?.slot?.state, facts, commands.map((each) => each.id), toBook]);
  if (root.dataset.drawn === signature) return;
  if (pressed(root)) return whenReleased(root, () => drawSelected(desk, root));
  root.dataset.drawn = signature;
  const person = toBook ? [drawPerson(desk, toBook, commands)] : [];
  if (!block) return redraw(desk, root, ...person, make("h2", {}, words.selected), make("p", { class: "muted" }, words.nothingSelected));
  const { wall } = desk;
  const name = block.appointment?.patient.name;
  redraw(
    desk,
    root,
    ...person,
    make("h2", { class: "person" }, name ? make("bdi", {}, name) : words.slots[stateOfSlot(block.slot, block.end, desk.clock.now())]),
    make("p", { class: "muted" }, `${wall.time(block.start)}–${wall.time(block.end)} · `, make("bdi", {}, desk.doctorName(block.doctorId))),
    listed(facts),
    make("div", { class: "commands" }, ...own.map((each, at) => button(desk, each, at === 0))),
  );
}

/** Whoever is about to be booked, and what can be done about them besides. @param {Desk} desk @param {Patient} patient @param {Command[]} commands */
function drawPerson(desk, patient, commands) {
  const facts = listed(particulars(desk, patient));
  const acts = commands.filter((each) => each.group === "patient").map((each) => button(desk, each, false));
  return make("div", { class: "to-book" }, make("h2", { class: "person" }, make("bdi", {}, patient.name)), facts, make("div", { class: "commands" }, ...acts));
}

/** Draw the queues of the day. @param {Desk} desk @param {HTMLElement} root */
export function drawQueues(desk, root) {
  const { words } = desk;
  const lanes = desk.isToday ? desk.day.lanes().filter((lane) => toRecall(lane) || lane.waiting.length || lane.now_serving.length) : [];
  const mine = desk.grid.current?.doctorId ?? "";
  const signature = JSON.stringify([lanes, mine, desk.isToday, lanes.map((lane) => [...lane.waiting, ...lane.now_serving].map((ticket) => desk.nameOf(ticket))), lanes.map((lane) => roomOf(lane.lane_id))]);
  if (root.dataset.drawn === signature) return;
  if (pressed(root)) return whenReleased(root, () => drawQueues(desk, root));
  root.dataset.drawn = signature;
  const shown = lanes.sort((a, b) => Number(b.lane_id === mine) - Number(a.lane_id === mine));
  const none = desk.isToday ? words.nobodyWaits : words.said.noQueueElsewhere;
  redraw(desk, root, make("h2", {}, words.queue), ...(shown.length ? shown.map((lane) => drawLane(desk, lane, lane.lane_id === mine)) : [make("p", { class: "muted" }, none)]));
}

/** @param {Desk} desk @param {Lane} lane @param {boolean} mine */
function drawLane(desk, lane, mine) {
  const { words } = desk;
  const room = roomOf(lane.lane_id);
  const next = make("button", { type: "button", class: "primary", "data-focus": `next ${lane.lane_id}`, disabled: !lane.waiting.length, onclick: () => desk.act((acts) => acts.callNext(desk, lane.lane_id)) }, words.commands.callNext, mine && make("kbd", {}, "N"));
  return make(
    "section",
    { class: `lane${mine ? " mine" : ""}` },
    make("h3", {}, make("span", { class: "letter" }, lane.letter), make("bdi", {}, lane.doctor_name)),
    make("p", { class: "muted small" }, [words.laneLine(lane), room].filter(Boolean).join(" · ")),
    next,
    list(desk, lane, lane.now_serving, words.nowServing),
    list(desk, lane, lane.waiting, words.waiting),
    list(desk, lane, lane.skipped, words.skipped),
  );
}

/** @param {Desk} desk @param {Lane} lane @param {Ticket[]} shown @param {string} title */
function list(desk, lane, shown, title) {
  if (!shown.length) return null;
  return make("div", {}, make("h4", {}, title), make("ol", {}, ...shown.map((ticket) => item(desk, lane, ticket))));
}

/** @param {Desk} desk @param {Lane} lane @param {Ticket} ticket */
function item(desk, lane, ticket) {
  const { words, wall } = desk;
  const status = ticketStatusOf(ticket);
  const wait = ticket.expected_wait;
  const detail = status === "WAITING" ? (wait ? words.wait(wait.shortest_minutes, wait.longest_minutes) : words.due(wall.time(Date.parse(ticket.due_time)))) : ticket.room;
  const act = (/** @type {string} */ name, /** @type {string} */ text, /** @type {() => unknown} */ run) =>
    make("button", { type: "button", class: "small-button", "data-focus": `${name} ${ticket.id}`, "aria-label": `${text}: ${ticket.label}`, onclick: run }, text);
  const laneId = lane.lane_id;
  return make(
    "li",
    { class: status.toLowerCase() },
    make("strong", {}, ticket.label),
    make("span", { class: "who" }, make("bdi", {}, desk.nameOf(ticket)), make("small", {}, detail)),
    make(
      "span",
      { class: "acts" },
      status !== "WAITING" && status !== "SERVING" && act("recall", words.commands.recall, () => desk.act((acts) => acts.recall(desk, laneId, ticket))),
      (status === "CALLED" || status === "WAITING") && act("skip", words.commands.skip, () => desk.act((acts) => acts.skip(desk, laneId, ticket))),
      status === "WAITING" && lane.waiting.length > 1 && act("up", words.moveTicket, () => desk.act((acts) => acts.place(desk, lane, ticket))),
      // Who has an appointment gets the ticket printed there.
      !ticket.appointment_id && act("print", words.reprint, () => desk.act(async (acts) => acts.printTicket(desk, ticket))),
    ),
  );
}

/** @param {Desk} desk @param {Command} command @param {boolean} first */
function button(desk, command, first) {
  const kind = command.id === "cancel" ? "danger-line" : first ? "primary" : "";
  return make("button", { type: "button", class: kind, "data-focus": command.id, onclick: () => desk.run(command) }, desk.words.commands[command.id], make("kbd", { "aria-hidden": "true" }, shownKey(command.key)));
}

/** What there is to know of a visit. @param {Desk} desk @param {Block} block @returns {[string, string][]} */
function visitFacts(desk, { appointment }) {
  if (!appointment) return [];
  const { words } = desk;
  const ticket = desk.day.ticket(appointment.id)?.ticket;
  const person = desk.lookup.person(appointment.patient.id);
  /** @type {[string, string][]} */
  const facts = [
    [words.status, [stateOf(words, appointment), ticket?.label].filter(Boolean).join(" · ")],
    [words.answer, statusOf(appointment) === "SCHEDULED" ? (appointment.confirm_time ? words.confirmed : words.unconfirmed) : ""],
    [words.type, appointment.appointment_type?.name ?? ""],
    [words.series, appointment.series_id ? words.inSeries : ""],
    [words.reason, appointment.reason],
    [words.rooms, appointment.resources.map((each) => each.name).join(", ")],
    ...particulars(desk, person ?? { id: appointment.patient.id }),
  ];
  return facts.filter(([, text]) => text);
}

/** What there is to know of a patient. @param {Desk} desk @param {Partial<Patient> & {id: string}} patient @returns {[string, string][]} */
function particulars({ words, lang, staff }, { id, name_kana = "", birth_date = "", phone = "", email = "" }) {
  return [
    [words.kana, name_kana],
    [words.bornOn, dateInWords(lang, birth_date)],
    [words.phone, phone],
    [words.email, email],
    [words.patientNumber, staff ? id : ""],
  ];
}

/** Terms with their texts; those without one are left out. @param {[string, string][]} facts */
function listed(facts) {
  return make("dl", {}, ...facts.filter(([, text]) => text).flatMap(([term, text]) => [make("dt", {}, term), make("dd", {}, make("bdi", {}, text))]));
}

/** Whether one of the buttons is being pressed: drawn anew it would be another one, and the click be lost. @param {HTMLElement} root */
function pressed(root) {
  return root.querySelector("button:active") !== null;
}

/** Draw once a button may have been released; the click that comes with that is over then. @param {HTMLElement} root @param {() => void} draw */
function whenReleased(root, draw) {
  if (WAITING.has(root)) return;
  WAITING.add(root);
  const end = new AbortController();
  const released = () => {
    end.abort();
    setTimeout(() => (WAITING.delete(root), draw()));
  };
  for (const event of RELEASES) addEventListener(event, released, { signal: end.signal, capture: true });
}

/** Draw anew. The focus stays on the same button; if that is gone, it goes to the day: a key that is held down presses no other button. @param {Desk} desk @param {HTMLElement} root @param {...Node} children */
function redraw({ grid }, root, ...children) {
  const held = root.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.focus : undefined;
  root.replaceChildren(...children);
  if (held === undefined) return;
  const same = /** @type {HTMLElement | null} */ (root.querySelector(`[data-focus="${CSS.escape(held)}"]:not(:disabled)`));
  if (same) same.focus();
  else if (grid.current) grid.focus(grid.current.key);
}
