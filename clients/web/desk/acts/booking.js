/** Books a free time for a patient. */

import { Failure } from "../../shared/api.js";
import { make } from "../../shared/elements.js";
import { field } from "../../shared/form.js";
import { area, choice } from "../../shared/ask.js";
import { finder, register } from "./patients.js";
import { Picker } from "../../shared/picker.js";
import { WallClock } from "../../shared/wall_clock.js";
import { sharedWords } from "../../shared/words.js";

/** @import { Alternative } from "../../shared/api.js" */
/** @import { Desk } from "../desk.js" */
/** @import { Block } from "../day/day.js" */
/** @import { Found, Patient } from "./patients.js" */
/** @typedef {{id: string, name: string, name_ja: string, minutes: number, active: boolean}} Type */

/**
 * Ask for what is not known yet, and book. If the time is taken meanwhile, the dialog offers those near by, or an extra seat.
 * @param {Desk} desk
 * @param {Block} block
 * @param {Patient | null} patient
 */
export async function book(desk, block, patient) {
  const { words, lang, wall } = desk;
  const type = field(words.type, { id: "type" }, { control: choice("type", []) });
  type.hidden = true;
  let chosen = patient;
  let startTime = block.slot?.start_time ?? block.appointment?.start_time ?? "";
  let doctorId = block.doctorId;
  const full = !block.slot;
  const who = make("p", { class: "chosen", role: "status" });
  const override = make("div", { hidden: !full });
  const others = make("div", { role: "group", "aria-label": words.otherTimes, class: "others", hidden: true });
  const reason = make("input", { id: "booking-reason", name: "reason", maxlength: 500, autocomplete: "off" });
  const picker = new Picker(lang, words.patient, words.searchHint, finder(desk, false), async (/** @type {Found} */ found) => {
    if ("register" in found) choose(await register(desk, found.register));
    else if ("patient" in found) choose(found.patient);
  });
  // Another text is another patient, who is yet to be chosen.
  picker.input.addEventListener("input", () => {
    chosen = null;
    who.replaceChildren();
  });
  /** @param {Patient | null} patient */
  const choose = (patient) => {
    if (!patient) return;
    chosen = patient;
    who.replaceChildren(make("bdi", {}, words.chosen(patient.name, patient.birth_date)));
    picker.input.value = patient.name;
    reason.focus();
  };
  override.append(field(words.override, { id: "override" }, { control: area("override"), hint: words.overrideHint }));
  // The dialog does not wait for the types: whoever types fast would give commands.
  desk.attempt("", () => desk.lookup.types()).then((types) => {
    type.querySelector("select")?.replaceWith(choice("type", options(desk, types ?? [])));
    type.hidden = !types?.length;
  });
  if (patient) queueMicrotask(() => choose(patient));
  const title = words.bookTitle(`${wall.short(Date.parse(startTime))} ${wall.time(Date.parse(startTime))}`, desk.doctorName(block.doctorId));
  await desk.ask(
    { title, confirm: words.bookButton },
    async (values) => {
      if (!chosen) return [{ id: picker.input.id, text: words.patientMissing }];
      if (full && !values.override) return [{ id: "override", text: words.overrideMissing }];
      const body = {
        patient_id: chosen.id, doctor_id: doctorId, start_time: startTime, reason: values.reason ?? "",
        appointment_type_id: values.type ?? "", override_reason: values.override ?? "",
      };
      try {
        const { appointment } = await desk.write("/api/appointments", body);
        desk.carry(null);
        desk.took(appointment);
        desk.say(words.said.booked(appointment.patient.name, appointment.time_slot, appointment.doctor.name));
        desk.grid.choose(`a:${appointment.id}`);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (error.reason === "SLOT_TAKEN") override.hidden = false;
        offer(error);
        desk.live?.refresh(doctorId);
        throw error;
      }
    },
    make("div", { class: "field" }, picker.element, who),
    type,
    field(words.reason, { id: "booking-reason" }, { control: reason }),
    others,
    override,
  );

  /** Offer the free times that the server names. @param {Failure} failure */
  function offer({ alternatives }) {
    others.hidden = !alternatives.length;
    const buttons = alternatives.map((each) => {
      const button = make("button", { type: "button", "aria-pressed": "false" }, ...free(desk, each));
      button.addEventListener("click", () => {
        startTime = each.start_time;
        doctorId = each.doctor?.id ?? block.doctorId;
        override.hidden = true;
        for (const each of others.querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === button));
      });
      return button;
    });
    others.replaceChildren(make("strong", {}, words.otherTimes), ...buttons);
  }
}

/** A free time, and why it is near. @param {Desk} desk @param {Alternative} alternative */
function free({ lang, wall }, { start_time, reason, doctor, clinic }) {
  const clock = clinic ? new WallClock(lang, clinic.time_zone) : wall;
  const at = Date.parse(start_time);
  const elsewhere = reason.endsWith("ELSEWHERE") && clinic ? `, ${clinic.name}` : "";
  const whose = doctor ? ` ${doctor.name}${elsewhere}` : "";
  return [`${clock.short(at)} ${clock.time(at)} `, make("small", {}, `${sharedWords(lang).near[reason] ?? ""}${whose}`)];
}

/** @param {Desk} desk @param {Type[]} types */
function options(desk, types) {
  const named = types.map((type) => {
    const name = (desk.lang === "ja" && type.name_ja) || type.name;
    return { value: type.id, text: `${name} (${type.minutes} min)` };
  });
  return [{ value: "", text: desk.words.plainVisit }, ...named];
}
