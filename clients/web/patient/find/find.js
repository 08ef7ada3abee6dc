/** Finding a doctor: by field of medicine, clinic or name, or by the first free time. */

import { make, written } from "../../shared/elements.js";
import { field } from "../../shared/form.js";
import { plusDays, WallClock } from "../../shared/wall_clock.js";
import { keepDraft } from "../booking/draft.js";
import { when } from "../facts.js";

/** @import { Appointment, Clinic, ClinicRef, Doctor, Page, Slot, View } from "../page.js" */
/** @typedef {{doctor: Doctor, clinic: ClinicRef, date: string, slot: Slot}} Found */

const FIRST = 4;
const AHEAD_DAYS = 30;
const MOST_CLINICS = 8;
const MOST_SHOWN = 50;

/** @type {View} */
export async function findView(page, query, signal) {
  const { text, session } = page;
  if (session.account && !session.account.patient_id) return [make("h1", { tabindex: "-1" }, text.failed), make("p", { class: "message warning" }, text.notPatient)];
  const [clinics, doctors, next] = await Promise.all([page.directory.clinics(), page.directory.doctors(), session.account ? nextAppointment(page) : []]);
  // The address belongs to another view by now.
  if (signal.aborted) return [];
  const specialties = [...new Set(doctors.map((each) => each.specialty))].sort();
  const specialty = select("specialty", text.allSpecialties, specialties.map((each) => [each, each]), query.get("specialty"));
  const clinic = select("clinic", text.allClinics, clinics.map((each) => [each.id, each.name]), query.get("clinic"));
  const name = make("input", { id: "doctor", type: "search", autocomplete: "off", value: query.get("name") });
  const firstFree = make("div", { "aria-live": "polite" });
  const found = make("div", {});
  let asked = 0;
  const refresh = async (/** @type {boolean} */ search) => {
    remember(specialty.value, clinic.value, name.value);
    found.replaceChildren(...doctorList(page, matching(doctors, specialty.value, clinic.value, name.value)));
    if (!search) return;
    const chosen = clinics.find((each) => each.id === clinic.value);
    page.callable(...(chosen ? [chosen] : clinics));
    const number = ++asked;
    firstFree.replaceChildren(make("p", { class: "muted" }, text.loading));
    const slots = await earliest(page, clinics, specialty.value, clinic.value).catch((error) => page.say(error));
    if (number !== asked || signal.aborted) return;
    firstFree.replaceChildren(...(typeof slots === "string" ? [make("p", { class: "message error" }, slots)] : slotList(page, slots)));
  };
  specialty.addEventListener("change", () => refresh(true));
  clinic.addEventListener("change", () => refresh(true));
  name.addEventListener("input", () => refresh(false));
  refresh(true);
  return [
    ...next,
    make("h1", { tabindex: "-1" }, text.findTitle),
    ...(session.account ? [] : [make("p", { class: "lead" }, text.visitorLead)]),
    make(
      "div",
      { class: "filters", role: "search" },
      field(text.specialty, { id: "specialty" }, { control: specialty }),
      field(text.clinic, { id: "clinic" }, { control: clinic }),
      field(text.doctorName, { id: "doctor" }, { control: name, hint: text.doctorNameHint }),
    ),
    make("h2", {}, text.firstFree),
    firstFree,
    found,
  ];
}

/** Keep the choice in the address, for who comes back. @param {string} specialty @param {string} clinic @param {string} name */
function remember(specialty, clinic, name) {
  const given = new URLSearchParams(Object.entries({ specialty, clinic, name }).filter(([, value]) => value)).toString();
  history.replaceState(null, "", given ? `#/?${given}` : "#/");
  keepDraft({ find: given });
}

/** @param {string} id @param {string} all @param {string[][]} options value and label of each @param {string | null} chosen */
function select(id, all, options, chosen) {
  const made = options.map(([value, label = ""]) => make("option", { value, selected: value === chosen }, label));
  return make("select", { id }, make("option", { value: "" }, all), ...made);
}

/** @param {Doctor[]} doctors @param {string} specialty @param {string} clinic @param {string} name */
function matching(doctors, specialty, clinic, name) {
  const words = folded(name).split(/\s+/);
  return doctors.filter(
    (each) =>
      (!specialty || each.specialty === specialty) &&
      (!clinic || each.clinic.id === clinic) &&
      words.every((word) => folded(each.name).includes(word)),
  );
}

/** Without case, accents and width. @param {string} text */
function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

/** @param {Page} page @param {Doctor[]} doctors */
function doctorList({ text }, doctors) {
  const cards = doctors.slice(0, MOST_SHOWN).map((each) =>
    make(
      "li",
      {},
      make("div", {}, make("strong", {}, written(each.name)), make("span", { class: "muted" }, written(each.specialty), text.comma, written(each.clinic.name))),
      make("a", { class: "button", href: `#/visit?doctor=${each.id}`, "aria-label": text.chooseTimeWith(each.name) }, text.chooseTime),
    ),
  );
  return [
    make("h2", {}, text.doctors, " ", make("span", { class: "count", role: "status" }, text.doctorsFound(doctors.length))),
    doctors.length ? make("ul", { class: "rows" }, ...cards) : make("p", {}, text.noDoctors),
  ];
}

/** The earliest free slots of a choice. @param {Page} page @param {Clinic[]} clinics @param {string} specialty @param {string} clinicId @returns {Promise<Found[]>} */
async function earliest(page, clinics, specialty, clinicId) {
  const asked = specialty || clinicId ? [clinicId] : clinics.slice(0, MOST_CLINICS).map((each) => each.id);
  const answers = await Promise.all(
    asked.map((id) => {
      const zone = clinics.find((each) => each.id === id)?.time_zone;
      // Over several zones from yesterday on: somewhere it may still be that day, and what is past is not free.
      const from = zone ? new WallClock("en", zone).date(Date.now()) : plusDays(new Date().toISOString().slice(0, 10), -1);
      const query = { clinic_id: id, specialty, from_date: from, to_date: plusDays(from, AHEAD_DAYS), limit: String(FIRST) };
      return page.call(`/api/schedules/available-slots:search?${new URLSearchParams(query)}`);
    }),
  );
  const slots = answers.flatMap((each) => each.slots);
  return slots.sort((a, b) => Date.parse(a.slot.start_time) - Date.parse(b.slot.start_time)).slice(0, FIRST);
}

/** @param {Page} page @param {Found[]} slots */
function slotList(page, slots) {
  if (!slots.length) return [make("p", {}, page.text.firstFreeNone)];
  const items = slots.map(({ doctor, clinic, date, slot }) => {
    const address = `#/visit?${new URLSearchParams({ doctor: doctor.id, date, start: slot.start_time })}`;
    const who = make("span", { class: "muted" }, written(doctor.name), page.text.comma, doctor.specialty, page.text.comma, written(clinic.name));
    return make("li", {}, make("a", { class: "first", href: address }, ...when(page, clinic, slot.start_time).filter(Boolean), who));
  });
  return [make("ul", { class: "firsts" }, ...items)];
}

/** What comes up next for who is chosen. @param {Page} page */
async function nextAppointment(page) {
  const person = await page.people.chosen();
  const query = new URLSearchParams({ patient_id: person.id, size: "1", sort: "appointment_date,asc" });
  for (const status of ["SCHEDULED", "CHECKED_IN", "IN_PROGRESS"]) query.append("status", `APPOINTMENT_STATUS_${status}`);
  /** @type {Appointment[]} */
  const found = (await page.call(`/api/appointments?${query}`)).appointments;
  return found.map((each) => nextCard(page, each, person.acts ? page.text.family.nextOf(person.name) : page.text.hello));
}

/** @param {Page} page @param {Appointment} next @param {string} heading */
function nextCard(page, next, heading) {
  const { text } = page;
  return make(
    "section",
    { class: "next", "aria-labelledby": "next" },
    make("h2", { id: "next" }, heading),
    make("p", {}, ...when(page, next.clinic, next.start_time)),
    make("p", {}, written(next.doctor.name), text.comma, written(next.clinic.name)),
    make("a", { class: "button", href: `#/appointment?id=${next.id}` }, text.open),
  );
}
