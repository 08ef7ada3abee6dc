/** Records of the patients whom a doctor treats, and of others in an emergency. Every look is kept in the patient's log. */

import { asFailure } from "../../../shared/api.js";
import { make } from "../../../shared/elements.js";
import { codeOf, field } from "../../../shared/form.js";
import { area } from "../../../shared/ask.js";

/** @import { Desk } from "../../desk.js" */
/** @import { Appointment } from "../../day/day.js" */
/** @typedef {{id: string, text: string, version: number, etag: string, create_time: string, doctor: {id: string, name: string}}} Record */

const LONGEST = 10_000;

/** Show a patient's records, and write one. @param {Desk} desk @param {Appointment} appointment */
export async function records(desk, { id, patient }) {
  const found = await read(desk, patient.id);
  if (found === "closed") return emergency(desk, patient.id);
  if (found) await show(desk, patient, found, id);
}

/** Open the records of a patient without an appointment, with a reason that the patient sees. @param {Desk} desk @param {string} patientId */
export async function emergency(desk, patientId = "") {
  const { words } = desk;
  let opened = "";
  await desk.ask(
    { title: words.emergencyTitle, text: words.emergencyText, confirm: words.emergencyButton, danger: true },
    async ({ patient: typed, reason = "" }) => {
      const patient = codeOf(typed).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
      const wrong = [];
      if (!/^[0-9a-f-]{36}$/i.test(patient)) wrong.push({ id: "patient", text: words.patientNumberWrong });
      if (!reason) wrong.push({ id: "reason", text: words.reasonMissing });
      if (wrong.length) return wrong;
      await desk.write("/api/medical-records:breakGlass", { patient_id: patient, reason });
      opened = patient;
    },
    field(words.patientNumber, { id: "patient", value: patientId, autocomplete: "off", spellcheck: "false" }, { hint: words.patientNumberHint }),
    field(words.emergencyReason, { id: "reason" }, { control: area("reason") }),
  );
  if (!opened) return;
  const found = await read(desk, opened);
  if (found && found !== "closed") await show(desk, { id: opened, name: found[0]?.patient.name ?? opened }, found, "");
}

/** A patient's records, "closed" if the doctor does not treat the patient, undefined if it failed. @param {Desk} desk @param {string} patientId @returns {Promise<any[] | "closed" | undefined>} */
async function read(desk, patientId) {
  return desk.attempt("", async () => {
    try {
      return await desk.session.all("/api/medical-records", { patient_id: patientId }, "records");
    } catch (error) {
      if (asFailure(error).reason === "NOT_TREATING") return "closed";
      throw error;
    }
  });
}

/** @param {Desk} desk @param {{id: string, name: string}} patient @param {Record[]} found @param {string} appointmentId */
async function show(desk, patient, found, appointmentId) {
  const { words, wall } = desk;
  const text = area("text");
  text.rows = 6;
  text.maxLength = LONGEST;
  const entries = found.map((record) => {
    const at = Date.parse(record.create_time);
    const written = make("bdi", {}, record.text);
    return make(
      "article",
      { class: "record" },
      make("h3", {}, `${wall.longTime(at)} · `, make("bdi", {}, record.doctor.name)),
      make("p", {}, written),
      record.doctor.id === desk.ownDoctorId && make("button", { type: "button", onclick: () => amend(desk, record, written) }, words.amend),
    );
  });
  await desk.ask(
    { title: `${words.recordsTitle}: ${patient.name}`, confirm: words.recordButton, wide: true },
    async (values) => {
      if (!values.text) return [{ id: "text", text: words.recordMissing }];
      await desk.write("/api/medical-records", { patient_id: patient.id, appointment_id: appointmentId, text: values.text });
      desk.say(words.done.recorded(patient.name));
    },
    field(words.recordText, { id: "text" }, { control: text }),
    ...(entries.length ? entries : [make("p", { class: "muted" }, words.noRecords)]),
  );
}

/** Add a version to a record; the one before stays. @param {Desk} desk @param {Record} record @param {HTMLElement} written its text as it is shown */
async function amend(desk, record, written) {
  const { words } = desk;
  const text = area("amended", record.text);
  text.rows = 8;
  text.maxLength = LONGEST;
  await desk.ask(
    { title: words.amend, text: words.amendText, confirm: words.recordButton },
    async ({ amended = "" }) => {
      if (!amended) return [{ id: "amended", text: words.recordMissing }];
      const answer = await desk.write(`/api/medical-records/${record.id}:amend`, { text: amended, etag: record.etag });
      Object.assign(record, answer.record);
      written.textContent = record.text;
    },
    field(words.recordText, { id: "amended" }, { control: text }),
  );
}
