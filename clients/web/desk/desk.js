/** A clinic's day at a desk: what is shown, what is carried about, and the way to the server. */

import { make } from "../shared/elements.js";
import { drawQueues, drawSelected } from "./view/aside.js";
import { Calls } from "./calls.js";
import { COMMANDS } from "./commands.js";
import { Day, stateOf } from "./day/day.js";
import { Grid } from "./view/grid.js";
import { Head } from "./view/head.js";
import { stateOfSlot } from "./view/look.js";
import { refused } from "./words.js";
import { Live } from "./day/live.js";
import { Lookup } from "./day/lookup.js";

/** @import { Failure } from "../shared/api.js" */
/** @import { Language } from "../shared/language.js" */
/** @import { Session } from "../shared/session.js" */
/** @import { WallClock } from "../shared/wall_clock.js" */
/** @import { Command } from "./commands.js" */
/** @import { Appointment, Doctor, Ticket } from "./day/day.js" */
/** @import { Patient } from "./view/finder.js" */
/** @typedef {{id: string, name: string, time_zone: string}} Clinic */
/** @typedef {{session: Session, lang: Language, clinic: Clinic, doctors: Doctor[], wall: WallClock, ownDoctorId: string, chooser: HTMLElement | null, end: AbortSignal, lock: (why?: string) => void}} Place `end`: when the desk is locked or left */

/** A day begins where it stands once all doctors are known, or after this time. */
const LONGEST_OPENING_MS = 2_000;

export class Desk extends Calls {
  /** @type {{patient: Patient} | {appointment: Appointment} | null} who is about to be booked, or what is being moved */
  carried = null;
  day = new Day();
  #selected = make("section", { class: "selected", "aria-live": "off" });
  #queues = make("section", { class: "queues" });
  #carrying = make("p", { class: "carrying", role: "status", hidden: true });
  #empty = make("p", { class: "empty", hidden: true });
  #root;
  #shown = false;
  #openedAt = 0;
  /** @type {Set<string>} the appointments that this desk has changed */
  #own = new Set();

  /** @param {Place} place @param {HTMLElement} root */
  constructor(place, root) {
    super(place, (ticket) => this.act(async (acts) => acts.printTicket(this, ticket)));
    this.clinic = place.clinic;
    this.wall = place.wall;
    this.ownDoctorId = place.ownDoctorId;
    this.lookup = new Lookup(this);
    this.clock = place.session.clock;
    this.day.doctors = place.doctors;
    this.date = this.today;
    const columns = make("div", { class: "day", id: "day", role: "region", "aria-label": this.words.day });
    this.grid = new Grid(columns, this.words, () => this.#looked());
    this.head = new Head(this, place.chooser);
    const main = make("main", {}, make("div", { class: "book" }, this.#carrying, this.#empty, columns), make("aside", {}, this.#selected, this.#queues));
    root.replaceChildren(this.head.element, main, this.bar.element);
    this.#root = root;
    columns.addEventListener("dblclick", (event) => this.grid.blockOf(event.target) && this.press("Enter"));
  }

  get today() {
    return this.wall.date(this.clock.now());
  }

  get isToday() {
    return this.date === this.today;
  }

  /** Whether whoever is signed in may book for patients. */
  get staff() {
    return !this.ownDoctorId;
  }

  /** Who is about to be booked. @returns {Patient | null} */
  get toBook() {
    return this.carried && "patient" in this.carried ? this.carried.patient : null;
  }

  /** Show a day, and follow it. @param {string} date */
  async goTo(date) {
    this.date = date;
    this.#shown = false;
    this.#openedAt = Date.now();
    this.grid.leave();
    this.day.begin(date);
    const { clinic, ownDoctorId } = this;
    const live = new Live(this.session, this.day, { clinicId: clinic.id, doctorId: ownDoctorId, date }, { changed: () => this.draw(), connected: (failure) => this.#connected(failure) });
    this.follow(live);
    setTimeout(() => this.draw(), LONGEST_OPENING_MS);
    this.draw();
    await this.attempt("", () => live.start());
  }

  /** Begin a day where it stands, unless somebody is typing. */
  #show() {
    this.#shown = true;
    if (document.activeElement === document.body || (this.grid.focused && !this.grid.touched)) this.grid.begin(this.isToday ? this.clock.now() : 0);
  }

  /** Say whether the day is up to date; nobody sees it any more whose session was ended elsewhere. @param {Failure | null} failure */
  #connected(failure) {
    if (failure?.status === 401) this.lock(refused(failure));
    else this.head.connected(failure);
  }

  goToNow() {
    this.grid.focusNow(this.isToday ? this.clock.now() : 0);
  }

  draw() {
    const { words } = this;
    // What comes late for a desk that was locked is drawn nowhere.
    if (!this.bar.element.isConnected) return;
    this.head.draw();
    const known = this.day.doctors.every(({ id }) => this.day.knows(id)) || Date.now() >= this.#openedAt + LONGEST_OPENING_MS;
    if (!this.#shown && !known) return;
    const gone = this.grid.draw(this.day, this.wall, this.clock.now());
    const { appointment } = this.grid.current ?? {};
    if (this.#shown && gone?.slot && appointment && !this.#own.has(appointment.id)) this.bar.refuse(words.said.takenElsewhere(this.wall.time(gone.start)));
    if (!this.#shown && this.grid.current) this.#show();
    const absent = this.day.doctors.filter((doctor) => !this.day.blocks(doctor.id).length && this.day.schedule(doctor.id)?.slots.length === 0);
    const nobody = absent.length === this.day.doctors.length;
    this.#empty.hidden = !absent.length;
    this.#empty.textContent = nobody ? words.nobodyWorks : words.notIn(absent.map((doctor) => doctor.name).join(", "));
    this.#looked();
  }

  /** Take in what a call returned. @param {Appointment} appointment */
  took(appointment) {
    this.#own.add(appointment.id);
    this.day.putAppointment(appointment);
    this.live?.refresh(appointment.doctor.id);
    this.draw();
  }

  /** Do what a key stands for, or say why not; false if it stands for nothing. @param {string} key */
  press(key) {
    const role = this.staff ? "staff" : "doctor";
    const matching = COMMANDS.filter((each) => each.key === key && (each.for ?? role) === role);
    const command = matching.find((each) => each.when(this, this.grid.current)) ?? matching[0];
    if (command) this.run(command);
    return matching.length > 0;
  }

  /** @param {Command} command */
  run(command) {
    const block = this.grid.current;
    if (command.when(this, block)) return command.run(this, /** @type {any} */ (block));
    this.#refuse(command);
  }

  /** Say why a command is not possible now. @param {Command} command */
  #refuse(command) {
    const { words } = this;
    const block = this.grid.current;
    const state = block?.appointment ? stateOf(words, block.appointment) : block ? words.slots[stateOfSlot(block.slot, block.end, this.clock.now())] : "";
    const aboutBlock = command.group === "visit" || command.group === "slot";
    if (command.group === "queue" && !this.isToday) this.bar.refuse(words.said.noQueueElsewhere);
    else if (this.carried && aboutBlock) this.bar.refuse(command.key === "Enter" ? words.said.notFree : this.#carryingText());
    else this.bar.refuse(block ? words.said.notNow(state, words.commands[command.id]) : words.nothingSelected);
  }

  /** Take up a patient to book, or an appointment to move; nothing to put it down. @param {Desk["carried"]} what @param {string} text */
  carry(what, text = "") {
    this.carried = what;
    this.#carrying.hidden = !what;
    this.#root.classList.toggle("carried-on", what !== null);
    this.#carrying.textContent = this.#carryingText();
    if (text) this.say(text);
    this.draw();
  }

  #carryingText() {
    const { carried, words } = this;
    if (!carried) return "";
    return "patient" in carried ? words.carrying(carried.patient.name) : words.moving(carried.appointment.patient.name);
  }

  search() {
    this.head.picker.input.focus();
    this.head.picker.input.select();
  }

  /** A time of day, with its date unless that is shown. @param {string} time @param {boolean} dated whether the date is said in any case */
  when(time, dated = false) {
    const at = Date.parse(time);
    const { date } = this.placeOf(time);
    return dated || date !== this.date ? `${this.wall.short(at)} ${this.wall.time(at)}` : this.wall.time(at);
  }

  /** Date and time slot of a start: a session over midnight belongs to the day it starts. @param {string} time */
  placeOf(time) {
    const at = Date.parse(time);
    const shown = this.day.doctors.some(({ id }) => this.day.schedule(id)?.slots.some(({ start_time }) => start_time === time));
    return { date: shown ? this.date : this.wall.date(at), time_slot: this.wall.time(at) };
  }

  /** Select an appointment, if its day is shown. @param {{id: string}} appointment */
  show({ id }) {
    if (!this.day.appointment(id)) return;
    this.#shown = true;
    this.draw();
    this.grid.focus(`a:${id}`);
  }

  /** @param {string} id */
  doctorName(id) {
    return this.day.doctors.find((doctor) => doctor.id === id)?.name ?? "";
  }

  /** Whose ticket it is. @param {Ticket} ticket */
  nameOf(ticket) {
    return this.day.appointment(ticket.appointment_id)?.patient.name ?? (ticket.appointment_id ? "" : this.words.walkInPerson);
  }

  #looked() {
    drawSelected(this, this.#selected);
    drawQueues(this, this.#queues);
  }
}
