/** A clinic's doctors and their working hours, which are written as lines of text. */

import { ask, choice } from "../shared/ask.js";
import { make } from "../shared/elements.js";
import { field } from "../shared/form.js";
import { plain } from "../shared/typed.js";
import { WallClock } from "../shared/wall_clock.js";
import { scrolling } from "./admin.js";

/** @import { Admin } from "./admin.js" */
/** @typedef {{id: string, name: string, specialty: string, active: boolean, etag: string}} Doctor */
/** @typedef {{weekday: string, start: string, end: string, slot_minutes: number, capacity: number}} Session */

/**
 * New hours that leave appointments outside.
 * @typedef {{wanted: object, uncovered: {appointment_id: string, start_time: string, patient: {name: string}}[], uncovered_count: number}} Left
 */

const DAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
const KANJI = "月火水木金土日";
/** Such as `Mon 09:00-12:00 30` and, for three patients at once, `Mon 09:00-12:00 30 3`. */
const LINE = /^(?:([a-z]{3})[a-z]*|([月火水木金土日])(?:曜日?)?) *(\d{1,2}:\d\d) *[-~〜] *(\d{1,2}:\d\d) +(\d{1,3})(?: +(\d{1,2}))?$/i;

/** @param {Admin} admin @param {HTMLElement} root */
export async function doctors(admin, root) {
  const { words, clinic } = admin;
  await admin.attempt(async () => {
    const found = /** @type {Doctor[]} */ (await admin.session.all("/api/doctors", { clinic_id: clinic.id }, "doctors"));
    const again = () => doctors(admin, root);
    const rows = found.map((doctor) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, make("bdi", {}, doctor.name)),
        make("td", {}, make("bdi", {}, doctor.specialty)),
        make("td", {}, make("input", { type: "checkbox", checked: doctor.active, "aria-label": `${words.takesBookings}: ${doctor.name}`, onchange: (/** @type {any} */ event) => setActive(admin, doctor, event.target.checked, again) })),
        make("td", {}, make("button", { type: "button", "aria-label": `${words.hours}: ${doctor.name}`, onclick: () => setHours(admin, doctor) }, words.hours)),
      ),
    );
    const heads = [words.name, words.specialty, words.takesBookings, words.action];
    root.replaceChildren(
      make("div", { class: "title-row" }, make("h1", {}, words.doctors), make("button", { type: "button", onclick: () => add(admin, again) }, words.addDoctor)),
      scrolling(words.doctors, make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))), make("tbody", {}, ...rows))),
    );
  });
}

/** @param {Admin} admin @param {Doctor} doctor @param {boolean} active @param {() => unknown} again */
function setActive(admin, doctor, active, again) {
  return admin.attempt(async () => {
    await admin.write(`/api/doctors/${doctor.id}`, { doctor: { active, etag: doctor.etag }, update_mask: "active" }, "PATCH").finally(again);
    admin.say(admin.words.saved);
  });
}

/** @param {Admin} admin @param {() => unknown} again */
function add(admin, again) {
  const { words, clinic } = admin;
  return ask(
    admin.lang,
    { title: words.addDoctor, text: words.addDoctorText, confirm: words.save, refused: admin.refused },
    async ({ name = "", specialty = "" }) => {
      const wrong = [];
      if (!name) wrong.push({ id: "name", text: words.nameMissing });
      if (!specialty) wrong.push({ id: "specialty", text: words.specialtyMissing });
      if (wrong.length) return wrong;
      await admin.write("/api/doctors", { clinic_id: clinic.id, name, specialty });
      admin.say(words.saved);
      again();
    },
    field(words.name, { id: "name", maxlength: 200 }),
    field(words.specialty, { id: "specialty", maxlength: 100 }),
  );
}

/** @param {Admin} admin @param {Doctor} doctor */
function setHours(admin, doctor) {
  const { clinic } = admin;
  return admin.attempt(async () => {
    const { schedule } = await admin.session.call(`/api/schedules/${doctor.id}`);
    const today = new WallClock(admin.lang, clinic.time_zone).date(admin.session.clock.now());
    const entered = { valid_from: today, hours: (schedule.working_hours.at(-1)?.sessions ?? []).map(lineOf).join("\n") };
    /** @type {Record<string, string>} what becomes of appointments, by the fields in which that was chosen */
    const chosen = {};
    let left;
    // Who goes back from the preview finds the hours as they were entered, and in the preview what was chosen.
    do left = await enterHours(admin, doctor, schedule.etag, today, entered);
    while (left && !(await choose(admin, doctor, left, chosen)));
  });
}

/**
 * Ask for new hours, and save them unless they leave appointments outside.
 * @param {Admin} admin @param {Doctor} doctor @param {string} etag @param {string} today
 * @param {{valid_from: string, hours: string}} entered what stands in the fields at first, and what was sent
 * @returns {Promise<Left | null>}
 */
async function enterHours(admin, doctor, etag, today, entered) {
  const { words } = admin;
  const text = make("textarea", { id: "hours", name: "hours", rows: 10, spellcheck: "false" });
  /** @type {Left | null} */
  let left = null;
  text.value = entered.hours;
  await ask(
    admin.lang,
    { title: `${words.hours}: ${doctor.name}`, confirm: words.save, refused: admin.refused },
    async ({ valid_from = "", hours = "" }) => {
      const lines = hours.split("\n").map((line) => line.trim()).filter(Boolean);
      const sessions = lines.map(sessionOf);
      const wrong = lines.filter((_, at) => !sessions[at]);
      if (wrong.length) return [{ id: "hours", text: words.hoursWrong(wrong[0] ?? "") }];
      const wanted = { valid_from, sessions, etag };
      const preview = await admin.write(`/api/schedules/${doctor.id}/working-hours`, { ...wanted, validate_only: true }, "PUT");
      Object.assign(entered, { valid_from, hours });
      if (preview.uncovered_count) left = { wanted, ...preview };
      else await save(admin, doctor, wanted);
    },
    field(words.validFrom, { id: "valid_from", type: "date", min: today, value: entered.valid_from }),
    field(words.hours, { id: "hours" }, { control: text, hint: words.hoursHint }),
  );
  return left;
}

/** Ask what becomes of those whom the new hours leave outside, and save them; whether they were. @param {Admin} admin @param {Doctor} doctor @param {Left} left @param {Record<string, string>} chosen before; what is chosen now is added */
function choose(admin, doctor, { wanted, uncovered, uncovered_count }, chosen) {
  const { words, clinic } = admin;
  const clock = new WallClock(admin.lang, clinic.time_zone);
  const actions = Object.entries(words.outsideActions).map(([value, text]) => ({ value, text }));
  const rows = uncovered.map(({ appointment_id, start_time, patient }) => {
    const when = `${clock.short(Date.parse(start_time))} ${clock.time(Date.parse(start_time))}`;
    const id = `action-${appointment_id}`;
    const control = choice(id, actions, chosen[id] ?? chosen["action-all"] ?? "KEEP");
    control.setAttribute("aria-label", `${when} ${patient.name}`);
    return make("tr", {}, make("td", {}, `${when} `, make("bdi", {}, patient.name)), make("td", {}, control));
  });
  const all = choice("action-all", actions, chosen["action-all"] ?? "KEEP");
  const table = make("table", {}, make("tbody", {}, ...rows));
  const controls = () => table.querySelectorAll("select");
  all.addEventListener("change", () => controls().forEach((each) => (each.value = all.value)));
  for (const each of [all, table]) each.addEventListener("change", () => [all, ...controls()].forEach(({ id, value }) => (chosen[id] = value)));
  return ask(
    admin.lang,
    { title: words.outside(uncovered_count), text: words.outsideText, confirm: words.save, refused: admin.refused, wide: true },
    async (values) => {
      const exceptions = uncovered.map(({ appointment_id }) => ({ appointment_id, action: `TIME_OFF_ACTION_${values[`action-${appointment_id}`]}` }));
      await save(admin, doctor, { ...wanted, action: `TIME_OFF_ACTION_${values["action-all"]}`, exceptions });
    },
    field(words.outsideAll, { id: "action-all" }, { control: all }),
    table,
  );
}

/** @param {Admin} admin @param {Doctor} doctor @param {object} wanted */
async function save(admin, doctor, wanted) {
  await admin.write(`/api/schedules/${doctor.id}/working-hours`, wanted, "PUT");
  admin.say(admin.words.saved);
}

/** @param {Session} session */
function lineOf({ weekday, start, end, slot_minutes, capacity }) {
  const day = weekday.replace("WEEKDAY_", "");
  return `${day.charAt(0)}${day.slice(1, 3).toLowerCase()} ${start}-${end} ${slot_minutes}${capacity > 1 ? ` ${capacity}` : ""}`;
}

/** The session of a line; undefined if it is none. @param {string} line @returns {Session | undefined} */
function sessionOf(line) {
  const [, name, kanji = "", start = "", end = "", minutes, capacity] = LINE.exec(plain(line)) ?? [];
  const day = name ? DAYS.find((each) => each.startsWith(name.toUpperCase())) : kanji && DAYS[KANJI.indexOf(kanji)];
  if (!day) return undefined;
  return { weekday: `WEEKDAY_${day}`, start: start.padStart(5, "0"), end: end.padStart(5, "0"), slot_minutes: Number(minutes), capacity: Number(capacity ?? 1) };
}
