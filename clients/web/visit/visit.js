/**
 * One appointment, by the link of a message: what the message said of it, and the patient's answers. Opening the page
 * changes nothing, since programs that check mail open links too; its buttons do.
 */

import { asFailure, call, Clock, twice } from "../shared/api.js";
import { make, part, written } from "../shared/elements.js";
import { field } from "../shared/form.js";
import { language, languageButton } from "../shared/language.js";
import { WallClock } from "../shared/wall_clock.js";
import { refusal, sharedWords } from "../shared/words.js";
import { words } from "./words.js";

/** @import { Child } from "../shared/elements.js" */
/**
 * @typedef {{
 *   clinic_name: string, clinic_address: string, clinic_phone: string, time_zone: string, start_time: string, end_time: string,
 *   status: string, confirm_time?: string, change_by_time: string, check_in_open_time: string, ticket?: {label: string} | null,
 *   move_offer?: {expire_time: string, options: {start_time: string, reason: string}[]} | null,
 * }} Appointment
 */

const LANG = language();
const WORDS = words(LANG);
const SHARED = { ...sharedWords(LANG), fault: WORDS.fault };
const CLOCK = new Clock();

/** Look the appointment up, and show it; below it, what was refused before. @param {string} refused */
async function start(refused = "") {
  const token = location.hash.slice(1);
  if (!token) return show(make("p", {}, WORDS.broken));
  try {
    const { appointment } = await twice(() => ask("getByLink", { link_token: token }));
    showAppointment(appointment, token, refused);
  } catch (error) {
    const failure = asFailure(error);
    const again = failure.reason === "LINK_INVALID" ? null : button(WORDS.again, "primary", () => start());
    show(message("error", refusal(SHARED, WORDS.refusals, failure)), actions(again));
  }
}

/** @param {string} method @param {object} body */
function ask(method, body) {
  return call(`/api/appointments:${method}`, { body, clock: CLOCK, timeoutMs: 20_000 });
}

/** @param {Appointment} appointment @param {string} token @param {string} refused */
function showAppointment(appointment, token, refused) {
  const { status, ticket } = appointment;
  const clock = new WallClock(LANG, appointment.time_zone);
  const startsAt = Date.parse(appointment.start_time);
  show(
    refused && message("error", refused),
    ...state(appointment),
    facts(appointment, clock),
    clock.differs(startsAt) && make("p", { class: "hint" }, WORDS.zone(clock.zone(startsAt))),
    ...(status === "APPOINTMENT_STATUS_SCHEDULED" ? (appointment.move_offer ? offered(appointment, clock, token) : answers(appointment, clock, token)) : []),
    !ticket && status !== "APPOINTMENT_STATUS_SCHEDULED" && status !== "APPOINTMENT_STATUS_CANCELLED" && make("p", {}, WORDS.over),
  );
}

/** What is to be said first. @param {Appointment} appointment @returns {Child[]} */
function state({ status, ticket, confirm_time }) {
  if (status === "APPOINTMENT_STATUS_CANCELLED") return [message("warning", WORDS.cancelled)];
  if (ticket) return [message("good", WORDS.checkedIn)];
  return confirm_time ? [message("good", WORDS.confirmed)] : [];
}

/** @param {Appointment} appointment @param {WallClock} clock */
function facts({ clinic_name, clinic_address, clinic_phone, start_time, ticket }, clock) {
  const at = Date.parse(start_time);
  /** @type {[string, Child][]} */
  const rows = [
    [WORDS.ticket, ticket && make("strong", {}, ticket.label)],
    [WORDS.date, clock.long(at)],
    [WORDS.time, clock.time(at)],
    [WORDS.clinic, make("span", {}, written(clinic_name), clinic_address && make("br", {}), clinic_address && written(clinic_address))],
    [WORDS.phone, clinic_phone && make("a", { href: `tel:${clinic_phone}` }, clinic_phone)],
  ];
  const list = rows.flatMap(([term, what]) => (what ? [make("dt", {}, term), make("dd", {}, what)] : []));
  return make("section", {}, make("dl", {}, ...list));
}

/** The times that the clinic offers instead. @param {Appointment} appointment @param {WallClock} clock @param {string} token @returns {Child[]} */
function offered({ move_offer }, clock, token) {
  const until = Date.parse(move_offer?.expire_time ?? "");
  const times = (move_offer?.options ?? []).map(({ start_time, reason }) => {
    const at = Date.parse(start_time);
    const when = clock.longTime(at);
    const label = reason.endsWith("SAME_DOCTOR") ? when : WORDS.otherDoctor(when);
    return button(label, "primary", () => askWhether(WORDS.moveQuestion(label), WORDS.moveYes, WORDS.back, () => accept(start_time)));
  });
  const keep = () => send("answerMoveByLink", { link_token: token });
  const cancel = () => send("cancelByLink", { link_token: token, request_id: crypto.randomUUID?.() });
  return [
    message("warning", WORDS.offer(clock.longTime(until))),
    make("div", { class: "actions", role: "group", "aria-label": WORDS.times }, ...times),
    actions(button(WORDS.keep, "", keep), button(WORDS.cancel, "", () => askWhether(WORDS.cancelQuestion, WORDS.cancelYes, WORDS.cancelNo, cancel, WORDS.cancelText))),
  ];

  /** @param {string} startTime */
  async function accept(startTime) {
    const at = Date.parse(startTime);
    try {
      await ask("answerMoveByLink", { link_token: token, start_time: startTime });
      show(message("good", WORDS.moved(clock.longTime(at))));
    } catch (error) {
      await start(refusal(SHARED, WORDS.refusals, asFailure(error)));
    }
  }
}

/** What the patient may do now. @param {Appointment} appointment @param {WallClock} clock @param {string} token @returns {Child[]} */
function answers(appointment, clock, token) {
  const now = CLOCK.now();
  const opensAt = Date.parse(appointment.check_in_open_time);
  const open = now >= opensAt && now < Date.parse(appointment.end_time);
  const begun = now >= Date.parse(appointment.start_time);
  const requestId = crypto.randomUUID?.();
  /** @param {string} method @param {boolean} [once] */
  const answer = (method, once) => () => send(method, { link_token: token, ...(once && requestId && { request_id: requestId }) });
  return [
    actions(
      open && button(WORDS.checkIn, "primary", answer("checkInByLink", true)),
      !begun && !appointment.confirm_time && button(WORDS.confirm, open ? "" : "primary", answer("confirmByLink")),
      now <= Date.parse(appointment.change_by_time) && button(WORDS.move, "", () => showTimes(appointment, clock, token)),
      now <= Date.parse(appointment.change_by_time) &&
        button(WORDS.cancel, "", () => askWhether(WORDS.cancelQuestion, WORDS.cancelYes, WORDS.cancelNo, answer("cancelByLink", true), WORDS.cancelText)),
    ),
    !open && !begun && make("p", {}, WORDS.checkInLater(`${clock.short(opensAt)} ${clock.time(opensAt)}`)),
  ];
}

/** Days and free times to move to. @param {Appointment} appointment @param {WallClock} clock @param {string} token */
function showTimes(appointment, clock, token) {
  const times = make("div", { class: "actions", role: "group", "aria-label": WORDS.times });
  const day = make("input", { id: "day", type: "date", min: clock.date(CLOCK.now()), value: clock.date(Date.parse(appointment.start_time)), onchange: list });
  show(
    make("p", {}, WORDS.moveText),
    field(WORDS.day, { id: "day" }, { control: day }),
    times,
    actions(button(WORDS.back, "", () => start())),
  );
  list();

  async function list() {
    const date = day.value;
    if (!date) return;
    try {
      const { slots } = await twice(() => ask("listSlotsByLink", { link_token: token, date }));
      if (date !== day.value) return;
      const found = slots.map((/** @type {{time_slot: string, start_time: string}} */ slot) => button(slot.time_slot, "", () => choice(slot.start_time)));
      times.replaceChildren(...(found.length ? found : [make("p", {}, WORDS.noTimes)]));
    } catch (error) {
      times.replaceChildren(message("error", refusal(SHARED, WORDS.refusals, asFailure(error))));
    }
  }

  /** @param {string} startTime */
  function choice(startTime) {
    const at = Date.parse(startTime);
    const when = clock.longTime(at);
    askWhether(WORDS.moveQuestion(when), WORDS.moveYes, WORDS.back, async () => {
      try {
        await ask("rescheduleByLink", { link_token: token, start_time: startTime });
        show(message("good", WORDS.moved(when)));
      } catch (error) {
        times.replaceChildren(message("error", refusal(SHARED, WORDS.refusals, asFailure(error))));
        if (asFailure(error).reason !== "LINK_INVALID") times.append(button(WORDS.again, "", list));
      }
    });
  }
}

/**
 * Ask before something is done that cannot be undone here.
 * @param {string} question @param {string} yes @param {string} no @param {() => Promise<void>} act @param {string} [text]
 */
function askWhether(question, yes, no, act, text) {
  const dialog = make(
    "dialog",
    { "aria-labelledby": "question" },
    make("h2", { id: "question" }, question),
    text && make("p", {}, text),
    actions(
      button(yes, text ? "danger" : "primary", async () => {
        dialog.close();
        await act();
      }),
      button(no, "", () => dialog.close()),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Send an answer, and show the appointment as it is then. @param {string} method @param {object} body */
async function send(method, body) {
  part("main").setAttribute("aria-busy", "true");
  let refused = "";
  try {
    await twice(() => ask(method, body));
  } catch (error) {
    refused = refusal(SHARED, WORDS.refusals, asFailure(error));
  }
  part("main").removeAttribute("aria-busy");
  await start(refused);
}

/** @param {...Child} children */
function show(...children) {
  const title = make("h1", { tabindex: "-1" }, WORDS.title);
  part("main").replaceChildren(title, ...children.filter((child) => child instanceof Node));
  title.focus();
}

/** @param {string} kind @param {string} text */
function message(kind, text) {
  return make("p", { class: `message ${kind}`, role: kind === "error" ? "alert" : "status" }, text);
}

/** @param {string} label @param {string} kind @param {() => void} onclick */
function button(label, kind, onclick) {
  return make("button", { class: kind, type: "button", onclick }, label);
}

/** @param {...Child} buttons */
function actions(...buttons) {
  return make("div", { class: "actions" }, ...buttons);
}

document.documentElement.lang = LANG;
document.title = WORDS.title;
part("footer").append(languageButton(LANG));
part("main").append(make("p", {}, WORDS.loading));
addEventListener("hashchange", () => start());
start();
