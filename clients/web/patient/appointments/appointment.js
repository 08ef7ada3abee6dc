/** One appointment: what it is, what can be done with it, and what happened to it. */

import { make, written } from "../../shared/elements.js";
import { field, form } from "../../shared/form.js";
import { WallClock } from "../../shared/wall_clock.js";
import { isComing, statusOf } from "./appointments.js";
import { appointmentsOfSeries, following, seriesDates, whichToCancel } from "./series.js";
import { calendarButton } from "../booking/calendar_file.js";
import { appointmentFacts } from "../facts.js";
import { whose } from "../people/whose.js";
import { success } from "../problem.js";

/** @import { Appointment, AppointmentType, Clinic, Page, View } from "../page.js" */

const MINUTE_MS = 60_000;

/** @param {Page} page @param {string} id @param {AbortSignal} signal of the view @returns {Promise<{appointment: Appointment, clinic: Clinic, type: AppointmentType | null, top: HTMLElement[]}>} `top` says whose it is */
export async function loadAppointment(page, id, signal) {
  const { appointment } = await page.call(`/api/appointments/${id}`);
  const [top, clinic, type] = await Promise.all([
    whose(page, appointment.patient.id),
    page.directory.clinic(appointment.clinic.id),
    page.directory.type(appointment.clinic.id, appointment.appointment_type?.id ?? ""),
  ]);
  page.callable(clinic);
  // Who goes on from here to all appointments sees those of the same patient. Who has left may have chosen another one.
  if (!signal.aborted) page.people.choose(appointment.patient.id);
  return { appointment, clinic, type, top };
}

/** @type {View} */
export async function appointmentView(page, query, signal) {
  const { text } = page;
  const { appointment, clinic, type, top } = await loadAppointment(page, query.get("id") ?? "", signal);
  const [{ events }, series] = await Promise.all([page.call(`/api/appointments/${appointment.id}/events?size=100`), appointmentsOfSeries(page, appointment)]);
  const done = { moved: text.moved, cancelled: text.cancelled, series: text.seriesCancelled }[query.get("done") ?? ""];
  /** @type {Record<string, string>} */
  const statuses = text.statuses;
  const status = statusOf(appointment.status);
  return [
    ...top,
    make("h1", { tabindex: "-1" }, text.appointmentTitle),
    done && success(done),
    make("p", { class: `status ${status.toLowerCase()}` }, statuses[status]),
    make("div", { class: "panel" }, appointmentFacts(page, appointment, clinic, type)),
    ...(isComing(page, appointment) ? actions(page, appointment, clinic) : bookAgain(page, appointment)),
    ...seriesDates(page, appointment, series),
    make("h2", {}, text.history),
    make("ol", { class: "history" }, ...events.map((/** @type {any} */ each) => happened(page, clinic, each))),
  ].filter((each) => each instanceof Node);
}

/** @param {Page} page @param {Appointment} appointment @param {Clinic} clinic */
function actions(page, appointment, clinic) {
  const { text, lang, session } = page;
  const until = Date.parse(appointment.start_time) - clinic.policy.cancel_by_minutes * MINUTE_MS;
  const open = session.clock.now() < until && statusOf(appointment.status) === "SCHEDULED";
  const clock = new WallClock(lang, clinic.time_zone);
  const told = open ? text.changeUntil(`${clock.short(until)} ${clock.time(until)}`) : text.tooLateNow(clinic.phone && `: ${clinic.phone}`);
  const move = new URLSearchParams({ doctor: appointment.doctor.id, type: appointment.appointment_type?.id ?? "", move: appointment.id });
  return [
    make("p", { class: open ? "muted" : "message" }, told),
    make(
      "div",
      { class: "actions" },
      open && make("a", { class: "button primary", href: `#/times?${move}` }, text.move),
      open && make("a", { class: "button", href: `#/cancel?id=${appointment.id}` }, text.cancel),
      calendarButton(page, appointment, clinic),
    ),
  ];
}

/** @param {Page} page @param {Appointment} appointment */
function bookAgain({ text }, { doctor }) {
  return [make("div", { class: "actions" }, make("a", { class: "button", href: `#/visit?doctor=${doctor.id}` }, text.chooseTimeWith(doctor.name)))];
}

/** @param {Page} page @param {Clinic} clinic @param {{event: string, event_time: string, note: string, relation?: string}} entry */
function happened({ text, lang }, clinic, { event, event_time, note, relation }) {
  /** @type {Record<string, string>} */
  const events = text.events;
  /** @type {Record<string, string>} */
  const by = text.family.by;
  const clock = new WallClock(lang, clinic.time_zone);
  const at = Date.parse(event_time);
  return make(
    "li",
    {},
    make("time", { datetime: event_time, class: "muted" }, `${clock.short(at)} ${clock.time(at)}`),
    make("span", {}, events[event.replace("APPOINTMENT_EVENT_", "")]),
    make("span", { class: "muted" }, by[relation?.replace("REPRESENTATIVE_RELATION_", "") ?? ""]),
    note && event.endsWith("_CANCELLED") && make("span", { class: "muted" }, written(note)),
  );
}

/** @type {View} */
export async function cancelView(page, query, signal) {
  const { text, shared } = page;
  const { appointment, clinic, type, top } = await loadAppointment(page, query.get("id") ?? "", signal);
  const requestIds = { one: crypto.randomUUID(), rest: crypto.randomUUID() };
  const later = following(appointment, await appointmentsOfSeries(page, appointment));
  return [
    ...top,
    make("h1", { tabindex: "-1" }, text.cancelTitle),
    make("div", { class: "panel" }, appointmentFacts(page, appointment, clinic, type)),
    make("p", { class: "message warning" }, text.cancelMeans),
    form(
      shared.problem,
      async ({ why = "", which = "one" }) => {
        const rest = which === "rest";
        try {
          const body = rest
            ? { reason: why, request_id: requestIds.rest }
            : { reason: why, etag: appointment.etag, request_id: requestIds.one };
          await page.call(`/api/appointments/${appointment.id}:${rest ? "cancelSeries" : "cancel"}`, { body });
        } catch (error) {
          return [{ id: "", text: page.say(error) }];
        }
        page.done("appointment", { id: appointment.id, done: rest ? "series" : "cancelled" });
      },
      later > 0 && whichToCancel(page, later),
      field(text.cancelReason, { id: "why", maxlength: "500" }, { hint: text.cancelReasonHint }),
      make(
        "div",
        { class: "actions" },
        make("button", { class: "danger" }, text.cancelYes),
        make("a", { class: "button", href: `#/appointment?id=${appointment.id}` }, text.cancelNo),
      ),
    ),
  ];
}
