/** Books a free time for a patient, once or as the first of a series. */

import { Failure } from "../../shared/api.js";
import { area, choice } from "../../shared/ask.js";
import { make } from "../../shared/elements.js";
import { field } from "../../shared/form.js";
import { Picker } from "../../shared/picker.js";
import { finder } from "../view/finder.js";
import { OtherTimes } from "./other_times.js";
import { register } from "./patients/register.js";
import { bookSeries, Repetition } from "./series.js";

/** @import { Appointment, Block } from "../day/day.js" */
/** @import { Desk } from "../desk.js" */
/** @import { Found, Patient } from "../view/finder.js" */
/** @typedef {{id: string, name: string, name_ja: string, minutes: number, active: boolean}} Type */

/**
 * Ask for what is not known yet, and book. If the time is taken meanwhile, the dialog offers those near by, or an extra seat.
 * @param {Desk} desk
 * @param {Block} block
 * @param {Patient | null} patient
 */
export async function book(desk, block, patient) {
  const { words } = desk;
  const startTime = block.slot?.start_time ?? block.appointment?.start_time ?? "";
  const person = new Person(desk, () => reason.focus());
  const type = typeField(desk);
  const reason = make("input", { id: "booking-reason", name: "reason", maxlength: 500, autocomplete: "off" });
  const override = make("div", { hidden: Boolean(block.slot) }, field(words.override, { id: "override" }, { control: area("override"), hint: words.overrideHint }));
  const others = new OtherTimes(desk, () => (override.hidden = true));
  const repetition = new Repetition(desk);
  /** @type {Appointment | null} */
  let booked = null;
  const took = (/** @type {Appointment} */ appointment) => {
    booked = appointment;
    desk.carry(null);
    desk.took(appointment);
  };
  if (patient) queueMicrotask(() => person.choose(patient));
  await desk.ask(
    { title: words.bookTitle(desk.when(startTime, true), desk.doctorName(block.doctorId)), confirm: words.bookButton },
    async (values) => {
      if (!person.chosen) return [{ id: person.id, text: words.patientMissing }];
      if (!override.hidden && !block.slot && !values.override) return [{ id: "override", text: words.overrideMissing }];
      const start_time = others.chosen?.start_time ?? startTime;
      const doctor_id = others.chosen?.doctor?.id ?? block.doctorId;
      const body = { patient_id: person.chosen.id, doctor_id, reason: values.reason ?? "", appointment_type_id: values.type ?? "" };
      const recurrence = repetition.of(values);
      if (recurrence) return bookSeries(desk, { ...body, ...desk.placeOf(start_time), recurrence }, took);
      try {
        // A reason that was given for a full time is not one for another time.
        const { appointment } = await desk.write("/api/appointments", { ...body, start_time, override_reason: override.hidden ? "" : values.override });
        took(appointment);
        desk.say(words.done.booked(appointment.patient.name, desk.when(appointment.start_time), appointment.doctor.name));
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (error.reason === "SLOT_TAKEN") override.hidden = false;
        others.offer(error);
        desk.live?.refresh(doctor_id);
        throw error;
      }
    },
    person.element,
    type,
    field(words.reason, { id: "booking-reason" }, { control: reason }),
    block.slot && repetition.element,
    others.element,
    override,
  );
  // Not back to where the dialog was opened: with an extra patient, somebody else is there.
  if (booked) desk.show(booked);
}

/** The field in which a patient is found, or registered. */
class Person {
  #desk;
  #done;
  #picker;
  #told = make("p", { class: "chosen", role: "status" });
  /** @type {Patient | null} */
  chosen = null;

  /** @param {Desk} desk @param {() => void} done called when somebody was chosen */
  constructor(desk, done) {
    const { words, lang } = desk;
    this.#desk = desk;
    this.#done = done;
    this.#picker = new Picker(lang, words.patient, words.searchHint, finder(desk, false), async (/** @type {Found} */ found) => {
      if ("register" in found) this.choose(await register(desk, found.register));
      else if ("patient" in found) this.choose(found.patient);
    });
    // Another text is another patient, who is yet to be chosen.
    this.#picker.input.addEventListener("input", () => {
      this.chosen = null;
      this.#told.replaceChildren();
    });
    this.element = make("div", { class: "field" }, this.#picker.element, this.#told);
  }

  get id() {
    return this.#picker.input.id;
  }

  /** @param {Patient | null} patient */
  choose(patient) {
    if (!patient) return;
    this.chosen = patient;
    this.#told.replaceChildren(make("bdi", {}, this.#desk.words.chosen(patient.name, patient.birth_date)));
    this.#picker.input.value = patient.name;
    this.#done();
  }
}

/** What each desk has looked up. @type {WeakMap<Desk, Promise<Type[]>>} */
const TYPES = new WeakMap();

/** The types of appointment that the clinic offers (Failure). @param {Desk} desk */
function typesOf(desk) {
  const { session, clinic } = desk;
  const fetched =
    TYPES.get(desk) ??
    session
      .call(`/api/appointment-types?${new URLSearchParams({ clinic_id: clinic.id })}`)
      .then(({ appointment_types }) => appointment_types.filter((/** @type {Type} */ type) => type.active));
  TYPES.set(desk, fetched);
  fetched.catch(() => TYPES.delete(desk));
  return fetched;
}

/** The types of appointment, once they are there: whoever types fast would give commands to a desk that waits. @param {Desk} desk */
function typeField(desk) {
  const element = field(desk.words.type, { id: "type" }, { control: choice("type", []) });
  element.hidden = true;
  desk.attempt("", () => typesOf(desk)).then((types) => {
    element.querySelector("select")?.replaceWith(choice("type", options(desk, types ?? [])));
    element.hidden = !types?.length;
  });
  return element;
}

/** @param {Desk} desk @param {Type[]} types */
function options(desk, types) {
  const named = types.map((type) => {
    const name = (desk.lang === "ja" && type.name_ja) || type.name;
    return { value: type.id, text: `${name} (${type.minutes} min)` };
  });
  return [{ value: "", text: desk.words.plainVisit }, ...named];
}
