/** What a desk knows of a clinic's day, and where each part of it stands in its doctor's column. Knows no page and no server. */

/** @import { Words } from "../words.js" */
/**
 * @typedef {{id: string, name: string, specialty: string}} Doctor
 * @typedef {{id: string, patient: {id: string, name: string}, doctor: Doctor, clinic: {id: string, name: string, time_zone: string},
 *   date: string, time_slot: string, start_time: string, end_time: string, status: string, reason: string, etag: string,
 *   confirm_time?: string, held_for_offer?: boolean, series_id: string, appointment_type?: {id: string, name: string}, resources: {id: string, kind: string, name: string}[]}} Appointment
 * @typedef {{time_slot: string, start_time: string, end_time: string, state: string, seats_free: number}} Slot
 * @typedef {{doctor_id: string, date: string, epoch: number, revision: number, slots: Slot[], closed_reason: string}} Schedule
 * @typedef {{id: string, lane_id: string, label: string, status: string, appointment_id: string, due_time: string, calls: number, room: string,
 *   expected_wait?: {shortest_minutes: number, longest_minutes: number}}} Ticket
 * @typedef {{lane_id: string, letter: string, doctor_name: string, date: string, epoch: number, revision: number, closed: boolean,
 *   now_serving: Ticket[], waiting: Ticket[], skipped: Ticket[], delay_minutes: number}} Lane
 * @typedef {{key: string, doctorId: string, start: number, end: number, slot: Slot | null, appointment: Appointment | null,
 *   track: number, tracks: number}} Block
 */

/** Appointments in these states are not drawn: nobody comes. */
const GONE = new Set(["CANCELLED", "EXPIRED"]);

/** The state of an appointment, without the prefix of its enum. @param {Appointment} appointment */
export function statusOf({ status }) {
  return /** @type {keyof Words["statuses"]} */ (status.replace("APPOINTMENT_STATUS_", ""));
}

/** How far an appointment is, in words. @param {Words} words @param {Appointment} appointment */
export function stateOf(words, appointment) {
  return appointment.held_for_offer ? words.heldForOffer : words.statuses[statusOf(appointment)];
}

/** The state of a ticket, without the prefix of its enum. @param {Ticket} ticket */
export function ticketStatusOf({ status }) {
  return status.replace("TICKET_STATUS_", "");
}

export class Day {
  /** @type {Doctor[]} */
  doctors = [];
  /** `YYYY-MM-DD`; what comes late for another day is not taken in. */
  #date = "";
  /** How many appointments were taken in one by one: lists from before are out of date. */
  acts = 0;
  /** @type {Map<string, Appointment[]>} before acts of this desk, by doctors whose stream has told nothing since */
  #left = new Map();
  /** @type {Map<string, Schedule>} */
  #schedules = new Map();
  /** @type {Map<string, Appointment[]>} */
  #appointments = new Map();
  /** @type {Map<string, Lane>} */
  #lanes = new Map();

  /** Take a doctor's slots in; says whether they are new. @param {Schedule} schedule */
  putSchedule(schedule) {
    const known = this.#schedules.get(schedule.doctor_id);
    if (schedule.date !== this.#date || (known && newer(known, schedule) >= 0)) return false;
    this.#schedules.set(schedule.doctor_id, schedule);
    this.#left.delete(schedule.doctor_id);
    return true;
  }

  /** Take all appointments of a doctor in. @param {string} doctorId @param {Appointment[]} appointments */
  putAppointments(doctorId, appointments) {
    this.#appointments.set(doctorId, appointments.filter((each) => !GONE.has(statusOf(each))));
  }

  /** Take one appointment in, as a call returned it. @param {Appointment} appointment */
  putAppointment(appointment) {
    this.acts += 1;
    const before = this.appointment(appointment.id);
    if (before) this.#left.set(before.doctor.id, [...(this.#left.get(before.doctor.id) ?? []), before]);
    for (const [doctorId, known] of this.#appointments) {
      this.#appointments.set(doctorId, known.filter((each) => each.id !== appointment.id));
    }
    const doctorId = appointment.doctor.id;
    if (appointment.date === this.#date && this.#appointments.has(doctorId)) this.putAppointments(doctorId, [...(this.#appointments.get(doctorId) ?? []), appointment]);
  }

  /** Take a lane in. A stream's lane names no appointments: those that are known stay. @param {Lane} lane */
  putLane(lane) {
    const known = this.#lanes.get(lane.lane_id);
    const older = known && (known.date > lane.date || (known.date === lane.date && newer(known, lane) > 0));
    if (older) return;
    const named = new Map(known ? ticketsOf(known).map((ticket) => [ticket.id, ticket.appointment_id]) : []);
    for (const ticket of ticketsOf(lane)) ticket.appointment_id ||= named.get(ticket.id) ?? "";
    this.#lanes.set(lane.lane_id, lane);
  }

  /** Begin another day, and forget what is of the one before. @param {string} date */
  begin(date) {
    this.#date = date;
    for (const each of [this.#schedules, this.#appointments, this.#left]) each.clear();
  }

  lanes() {
    return [...this.#lanes.values()].sort((a, b) => a.letter.length - b.letter.length || a.letter.localeCompare(b.letter));
  }

  /** @param {string} doctorId */
  lane(doctorId) {
    return this.#lanes.get(doctorId);
  }

  /** The ticket of an appointment, if it has one today. @param {string} appointmentId */
  ticket(appointmentId) {
    for (const lane of this.#lanes.values()) {
      const found = ticketsOf(lane).find((ticket) => ticket.appointment_id === appointmentId);
      if (found) return { lane, ticket: found };
    }
    return null;
  }

  /** @param {string} id */
  appointment(id) {
    return this.appointments().find((each) => each.id === id);
  }

  /** All appointments of the day, by start. */
  appointments() {
    return [...this.#appointments.values()].flat().sort((a, b) => a.start_time.localeCompare(b.start_time));
  }

  /** Whether all of a doctor's day has come. @param {string} doctorId */
  knows(doctorId) {
    return this.#schedules.has(doctorId) && this.#appointments.has(doctorId);
  }

  /** @param {string} doctorId */
  schedule(doctorId) {
    return this.#schedules.get(doctorId);
  }

  /** A doctor's appointments, and the slots that are not full or whose appointment is not known yet, by start. @param {string} doctorId @returns {Block[]} */
  blocks(doctorId) {
    const appointments = this.#appointments.get(doctorId) ?? [];
    const left = this.#left.get(doctorId) ?? [];
    const slots = (this.#schedules.get(doctorId)?.slots ?? []).flatMap((slot) => {
      if (slot.state !== "SLOT_STATE_TAKEN") return [slot];
      if (covered(slot, appointments)) return [];
      return [covered(slot, left) ? { ...slot, state: "SLOT_STATE_FREE" } : slot];
    });
    const blocks = [
      ...appointments.map((each) => block(`a:${each.id}`, doctorId, each, { appointment: each })),
      ...slots.map((each) => block(`s:${doctorId}:${each.start_time}`, doctorId, each, { slot: each })),
    ];
    blocks.sort((a, b) => a.start - b.start || Number(Boolean(a.slot)) - Number(Boolean(b.slot)) || a.end - b.end);
    return lanesOf(blocks);
  }

  /** First and last minute (as instants) that any column needs. @returns {[number, number] | null} */
  span() {
    const blocks = this.doctors.flatMap((doctor) => this.blocks(doctor.id));
    const taken = [...this.#schedules.values()].flatMap((each) => each.slots);
    const starts = [...blocks.map((each) => each.start), ...taken.map((each) => Date.parse(each.start_time))];
    const ends = [...blocks.map((each) => each.end), ...taken.map((each) => Date.parse(each.end_time))];
    return starts.length ? [Math.min(...starts), Math.max(...ends)] : null;
  }

  /** The shortest slot or visit, in minutes. */
  shortest() {
    const slots = [...this.#schedules.values()].flatMap((each) => each.slots);
    const lengths = [...slots, ...this.appointments()].map((each) => (Date.parse(each.end_time) - Date.parse(each.start_time)) / 60_000);
    return lengths.length ? Math.min(...lengths) : 30;
  }
}

/** @param {Lane} lane */
export function ticketsOf(lane) {
  return [...lane.now_serving, ...lane.waiting, ...lane.skipped];
}

/** Whether one of the appointments is in a slot. @param {Slot} slot @param {Appointment[]} appointments */
function covered(slot, appointments) {
  return appointments.some((each) => each.start_time < slot.end_time && slot.start_time < each.end_time);
}

/** Above 0 if `a` is newer than `b`. @param {{epoch: number, revision: number}} a @param {{epoch: number, revision: number}} b */
function newer(a, b) {
  return a.epoch - b.epoch || a.revision - b.revision;
}

/**
 * @param {string} key
 * @param {string} doctorId
 * @param {{start_time: string, end_time: string}} times
 * @param {{slot?: Slot, appointment?: Appointment}} what
 * @returns {Block}
 */
function block(key, doctorId, { start_time, end_time }, { slot = undefined, appointment = undefined }) {
  const [start, end] = [Date.parse(start_time), Date.parse(end_time)];
  return { key, doctorId, start, end, slot: slot ?? null, appointment: appointment ?? null, track: 0, tracks: 1 };
}

/** Put blocks that overlap beside each other. They come by start. @param {Block[]} blocks */
function lanesOf(blocks) {
  /** @type {Block[]} */
  let group = [];
  /** @type {number[]} */
  let ends = [];
  for (const block of blocks) {
    if (group.length && block.start >= Math.max(...ends)) [group, ends] = [[], []];
    const free = ends.findIndex((end) => end <= block.start);
    block.track = free < 0 ? ends.length : free;
    ends[block.track] = block.end;
    group.push(block);
    for (const each of group) each.tracks = ends.length;
  }
  return blocks;
}
