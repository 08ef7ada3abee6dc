/** A clinic's day at a desk: what is shown, what is carried about, and the way to the server. */

import { asFailure } from "../shared/api.js";
import { ask } from "../shared/ask.js";
import { make } from "../shared/elements.js";
import { drawQueues, drawSelected } from "./view/aside.js";
import { Bar } from "./view/bar.js";
import { COMMANDS } from "./commands.js";
import { Day, statusOf } from "./day/day.js";
import { dragging } from "./view/drag.js";
import { Grid } from "./view/grid.js";
import { Head } from "./view/head.js";
import { help } from "./keys.js";
import { Live } from "./day/live.js";
import { Lookup } from "./day/lookup.js";
import { register } from "./acts/patients.js";
import { printTicket } from "./view/print.js";
import { refused, words } from "./words.js";
import { Writes } from "../shared/writes.js";

/** @import { Language } from "../shared/language.js" */
/** @import { Session } from "../shared/session.js" */
/** @import { WallClock } from "../shared/wall_clock.js" */
/** @import { Question } from "../shared/ask.js" */
/** @import { Child } from "../shared/elements.js" */
/** @import { After } from "./view/bar.js" */
/** @import { Command } from "./commands.js" */
/** @import { Appointment, Doctor, Ticket } from "./day/day.js" */
/** @import { Found, Patient } from "./acts/patients.js" */
/** @typedef {{id: string, name: string, time_zone: string}} Clinic */
/** @typedef {{session: Session, lang: Language, clinic: Clinic, doctors: Doctor[], wall: WallClock, ownDoctorId: string, chooser: HTMLElement | null, lock: () => void}} Place */

export class Desk {
  /** @type {{patient: Patient} | {appointment: Appointment} | null} who is about to be booked, or what is being moved */
  carried = null;
  /** @type {Live | null} */
  live = null;
  day = new Day();
  #selected = make("section", { class: "selected", "aria-live": "off" });
  #queues = make("section", { class: "queues" });
  #carrying = make("p", { class: "carrying", role: "status", hidden: true });
  #empty = make("p", { class: "empty", hidden: true });
  #root;
  #shown = false;
  #writes;

  /** @param {Place} place @param {HTMLElement} root */
  constructor(place, root) {
    this.session = place.session;
    this.lang = place.lang;
    this.clinic = place.clinic;
    this.wall = place.wall;
    this.ownDoctorId = place.ownDoctorId;
    this.lookup = new Lookup(this);
    this.#writes = new Writes(place.session);
    this.lock = place.lock;
    this.words = words(place.lang);
    this.clock = place.session.clock;
    this.day.doctors = place.doctors;
    this.date = this.today;
    const columns = make("div", { class: "day", id: "day", role: "region", "aria-label": this.words.day });
    this.grid = new Grid(columns, this.words, () => this.#looked());
    this.bar = new Bar(this.words, () => this.undo(), () => this.printTicket());
    this.head = new Head(this, place.chooser);
    const main = make("main", {}, make("div", { class: "book" }, this.#carrying, this.#empty, columns), make("aside", {}, this.#selected, this.#queues));
    root.replaceChildren(this.head.element, main, this.bar.element);
    this.#root = root;
    dragging(this, columns);
    columns.addEventListener("dblclick", () => this.press("Enter"));
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

  /** Show a day, and follow it. @param {string} date */
  async goTo(date) {
    this.live?.stop();
    this.date = date;
    this.#shown = false;
    this.day.clear();
    const { clinic, ownDoctorId } = this;
    this.live = new Live(this.session, this.day, { clinicId: clinic.id, doctorId: ownDoctorId, date }, { changed: () => this.draw(), connected: (failure) => this.head.connected(failure) });
    const live = this.live;
    await this.attempt("", () => live.start());
    if (this.live !== live) return;
    this.draw();
  }

  /** Begin a day where it stands, unless somebody is typing. */
  #show() {
    this.#shown = true;
    if (document.activeElement === document.body || this.grid.focused) this.goToNow();
  }

  goToNow() {
    this.grid.focusNow(this.isToday ? this.clock.now() : 0);
  }

  draw() {
    const { words } = this;
    const gone = this.grid.draw(this.day, this.wall, this.clock.now());
    if (!this.#shown && this.grid.current) this.#show();
    if (gone?.slot && this.grid.current?.appointment) this.bar.refuse(words.said.takenElsewhere(this.wall.time(gone.start)));
    const absent = this.day.doctors.filter((doctor) => !this.day.blocks(doctor.id).length && !this.day.schedule(doctor.id)?.slots.length);
    const nobody = absent.length === this.day.doctors.length;
    this.#empty.hidden = !absent.length;
    this.#empty.textContent = nobody ? words.nobodyWorks : words.notIn(absent.map((doctor) => doctor.name).join(", "));
    this.head.draw();
    drawSelected(this, this.#selected);
    drawQueues(this, this.#queues);
  }

  /** Take in what a call returned. @param {Appointment} appointment */
  took(appointment) {
    this.day.putAppointment(appointment);
    this.live?.refresh(appointment.doctor.id);
    this.draw();
  }

  /** Say what was done. @param {string} text @param {After} after */
  say(text, after = {}) {
    this.bar.say(text, after);
  }

  /** Ask in a dialog, as `ask` does. @param {Question} question @param {Parameters<typeof ask>[2]} send @param {...Child} children */
  ask(question, send, ...children) {
    return ask(this.lang, { ...question, refused: (failure) => refused(this.lang, failure) }, send, ...children);
  }

  /** The answer of a write (Failure). @param {string} path @param {object} body */
  write(path, body) {
    return this.#writes.send(path, body);
  }

  /**
   * Try something; a refusal is told in the bar, and the doctor's day is fetched again. Undefined if it was refused.
   * @template Answer
   * @param {string} doctorId
   * @param {() => Promise<Answer>} work
   */
  async attempt(doctorId, work) {
    try {
      return await work();
    } catch (error) {
      const failure = asFailure(error);
      if (failure.status === 401) this.lock();
      this.bar.refuse(refused(this.lang, failure));
      if (doctorId) this.live?.refresh(doctorId);
      return undefined;
    }
  }

  /** Do what a key stands for, or say why not; false if it stands for nothing. @param {string} key */
  press(key) {
    const matching = COMMANDS.filter((each) => each.key === key);
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
    const state = block?.appointment ? words.statuses[statusOf(block.appointment)] : words.freeSlot;
    this.bar.refuse(command.group === "queue" && !this.isToday ? words.said.noQueueElsewhere : words.said.notNow(words.commands[command.id], state));
  }

  /** Take up a patient to book, or an appointment to move; nothing to put it down. @param {Desk["carried"]} what @param {string} text */
  carry(what, text = "") {
    const { words } = this;
    this.carried = what;
    this.#carrying.hidden = !what;
    this.#root.classList.toggle("carried-on", what !== null);
    if (what) this.#carrying.textContent = "patient" in what ? words.carrying(what.patient.name) : words.moving(what.appointment.patient.name);
    if (text) this.say(text);
    this.draw();
  }

  undo() {
    return this.bar.takeBack();
  }

  search() {
    this.head.picker.input.focus();
    this.head.picker.input.select();
  }

  /** What to do with whoever was found. @param {Found} found */
  async take(found) {
    this.head.picker.clear();
    if ("appointment" in found) return this.grid.focus(`a:${found.appointment.id}`);
    const patient = "patient" in found ? found.patient : await register(this, found.register);
    if (patient) this.carry({ patient });
    if (this.grid.current) this.grid.focus(this.grid.current.key);
  }

  async registerPatient() {
    const patient = await register(this, "");
    if (!patient) return;
    this.carry({ patient });
    this.say(this.words.said.registered(patient.name));
  }

  keys() {
    return help(this);
  }

  get ticketToPrint() {
    return this.bar.ticket;
  }

  printTicket() {
    if (this.bar.ticket) printTicket(this, this.bar.ticket);
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
