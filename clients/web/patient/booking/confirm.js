/** Checking and confirming a booking, while its slot is held. */

import { asFailure, Failure } from "../../shared/api.js";
import { make, part } from "../../shared/elements.js";
import { WallClock } from "../../shared/wall_clock.js";
import { confirm, having, hold, lapsed, leave, settle } from "./booking.js";
import { draft, keepDraft, reasonFor } from "./draft.js";
import { askForWhom } from "./for_whom.js";
import { notHeld } from "./not_held.js";
import { appointmentFacts } from "../facts.js";
import { nameOf, whose } from "../people/whose.js";
import { problem } from "../problem.js";
import { statusOf } from "../appointments/appointments.js";

/** @import { Appointment, Page, View } from "../page.js" */
/** @import { Person } from "../people/people.js" */
/** @import { Choice } from "./draft.js" */

const MINUTE_MS = 60_000;

/** @type {View} */
export async function confirmView(page, query, signal, again) {
  const { text } = page;
  const doctor = await page.directory.doctor(query.get("doctor") ?? "");
  const typeId = query.get("type") ?? "";
  const chosen = query.has("for");
  const [clinic, type, people] = await Promise.all([
    page.directory.clinic(doctor.clinic.id),
    page.directory.type(doctor.clinic.id, typeId),
    // Staff may have added somebody since the page was opened.
    chosen ? page.people.all() : page.people.now(),
  ]);
  page.callable(clinic);
  const asks = people.length > 1 && !chosen;
  const patientId = query.get("for") ?? page.people.self.id;
  const choice = { patientId, doctorId: doctor.id, start: query.get("start") ?? "", typeId, reason: reasonFor(patientId) };
  if (await settle(page, asks ? null : choice)) return [];
  if (asks) return askForWhom(page, query, people, doctor, clinic);
  // Who has not been asked yet is asked as soon as there is a choice.
  const answered = people.length > 1 ? choice : { ...choice, patientId: "" };
  const date = new WallClock("en", clinic.time_zone).date(Date.parse(choice.start));
  const others = `#/times?${carried(answered, { date })}`;
  const top = await whose(page, patientId);
  if (signal.aborted) return [];
  if (choice.reason) keepDraft({ reasonFor: patientId });
  signal.addEventListener("abort", () => leave(page));
  /** @type {Appointment} */
  let held;
  try {
    held = await hold(page, choice);
  } catch (error) {
    const failure = asFailure(error);
    // Somebody was faster: perhaps the same person, who has gone back.
    const before = failure.reason === "SLOT_TAKEN" ? await ownBefore(page, people, choice) : undefined;
    if (before?.patient.id === patientId && statusOf(before.status) === "SCHEDULED") {
      page.done("appointment", { id: before.id });
      return [];
    }
    const near = (/** @type {string} */ doctorId, /** @type {string} */ start) => `#/confirm?${carried({ ...answered, doctorId }, { start })}`;
    return [...top, ...notHeld(page, doctor, patientId, failure, { others, near, again, before })];
  }
  if (signal.aborted) return [];
  const trouble = make("div", {});
  const left = make("p", { class: "message kept", role: "timer" });
  return [
    make("p", { class: "step" }, text.step(3, 3)),
    ...top,
    make("h1", { tabindex: "-1" }, text.confirmTitle),
    trouble,
    ...ofAnother(page, people, choice, date),
    make("div", { class: "panel" }, appointmentFacts(page, held, clinic, type)),
    left,
    make(
      "div",
      { class: "actions" },
      confirmButton(page, held, { left, trouble }, signal, again),
      make("a", { class: "button", href: others }, text.otherTime),
      people.length > 1 && make("a", { class: "button", href: `#/confirm?${carried({ ...choice, patientId: "" }, { start: choice.start })}` }, text.family.somebodyElse),
    ),
  ];
}

/** Which appointment of those for whom one acts has the slot (Failure). @param {Page} page @param {Person[]} people @param {Choice} choice */
async function ownBefore(page, people, choice) {
  const found = await Promise.all(people.map(({ id }) => having(page, id, choice)));
  return found.find((each) => each?.patient.id === choice.patientId) ?? found.find(Boolean);
}

/** Says that what was written for another patient is not sent, and leads to where something is written for this one. @param {Page} page @param {Person[]} people @param {Choice} choice @param {string} date */
function ofAnother(page, people, choice, date) {
  const { family } = page.text;
  const { reason, reasonFor: writtenFor } = draft();
  if (!reason || choice.reason) return [];
  const link = make("a", { href: `#/visit?${carried(choice, { start: choice.start, date })}` }, family.writeReason);
  return [make("p", { class: "message" }, family.reasonOfAnother(nameOf(page, people, writtenFor)), " ", link)];
}

/** What another view is told of a choice. @param {Omit<Choice, "reason">} choice @param {Record<string, string>} more */
function carried({ patientId, doctorId, typeId }, more) {
  return new URLSearchParams(Object.entries({ doctor: doctorId, type: typeId, for: patientId, ...more }).filter(([, value]) => value));
}

/**
 * The button that books what is held, or holds it anew once that has ended.
 * @param {Page} page
 * @param {Appointment} held
 * @param {{left: HTMLElement, trouble: HTMLElement}} told where it is said how long the slot is kept, and what went wrong
 * @param {AbortSignal} signal
 * @param {() => void} again
 */
function confirmButton(page, held, { left, trouble }, signal, again) {
  const { text } = page;
  const button = make("button", { class: "primary" }, text.confirm);
  const book = async () => {
    if (button.ariaDisabled) return;
    button.ariaDisabled = "true";
    trouble.replaceChildren();
    try {
      const appointment = await confirm(page, held);
      page.done("booked", { id: appointment.id });
    } catch (error) {
      button.ariaDisabled = null;
      const failure = asFailure(error);
      // It may have been given back in another tab.
      const over = failure.reason === "HOLD_EXPIRED" || failure.metadata.status === "EXPIRED";
      if (over) countDown(page, held, left, button, true);
      trouble.replaceChildren(problem(page, over ? new Failure(failure.status, "HOLD_EXPIRED") : failure));
    }
  };
  button.addEventListener("click", () => (button.dataset.lapsed ? again() : book()));
  const counting = setInterval(() => countDown(page, held, left, button, false), 1000);
  signal.addEventListener("abort", () => clearInterval(counting));
  countDown(page, held, left, button, false);
  return button;
}

/** Say how long the slot is kept. @param {Page} page @param {Appointment} held @param {HTMLElement} left @param {HTMLButtonElement} button @param {boolean} ended */
function countDown(page, held, left, button, ended) {
  const { text, session } = page;
  const leftMs = Date.parse(held.hold_expire_time ?? "") - session.clock.now();
  // Once over, it stays over: the clock does not know of what was given back in another tab.
  const over = ended || Boolean(button.dataset.lapsed) || lapsed(page, held);
  const told = over ? text.lapsed : text.kept(minutesAndSeconds(leftMs));
  if (left.textContent !== told) left.textContent = told;
  left.classList.toggle("warning", over || leftMs < MINUTE_MS);
  // Read out once when the last minute begins, and at the end; not every second.
  const spoken = over ? text.lapsed : leftMs < MINUTE_MS ? text.keptSoon : "";
  if (part("news").textContent !== spoken) part("news").textContent = spoken;
  if (over && !button.dataset.lapsed) {
    button.dataset.lapsed = "yes";
    button.textContent = text.keepAgain;
  }
}

/** @param {number} leftMs */
function minutesAndSeconds(leftMs) {
  const seconds = Math.max(0, Math.floor(leftMs / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
