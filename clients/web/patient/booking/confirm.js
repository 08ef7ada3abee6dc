/** Checking and confirming a booking, while its slot is held. */

import { asFailure } from "../../shared/api.js";
import { make, part, written } from "../../shared/elements.js";
import { WallClock } from "../../shared/wall_clock.js";
import { sharedWords } from "../../shared/words.js";
import { confirm, hold, holdAnew, lapsed, release } from "./booking.js";
import { dropDraft } from "./draft.js";
import { askForWhom } from "./for_whom.js";
import { appointmentFacts } from "../facts.js";
import { whose } from "../people/whose.js";
import { problem } from "../problem.js";

/** @import { Appointment, Doctor, Page, View } from "../page.js" */
/** @import { Choice } from "./booking.js" */

const ELSEWHERE = "ALTERNATIVE_REASON_SOONER_ELSEWHERE";
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
  if (people.length > 1 && !chosen) return askForWhom(page, query, people, doctor, clinic);
  const choice = { patientId: query.get("for") ?? page.people.self.id, doctorId: doctor.id, start: query.get("start") ?? "", typeId };
  // Who has not been asked yet is asked as soon as there is a choice.
  const answered = people.length > 1 ? choice : { ...choice, patientId: "" };
  const date = new WallClock("en", clinic.time_zone).date(Date.parse(choice.start));
  const others = `#/times?${carried(answered, { date })}`;
  const top = await whose(page, choice.patientId);
  /** @type {Appointment} */
  let held;
  try {
    held = await hold(page, choice);
  } catch (error) {
    return [...top, ...notHeld(page, doctor, answered, error, others, again)];
  }
  const trouble = make("div", {});
  const left = make("p", { class: "message kept", role: "timer" });
  return [
    make("p", { class: "step" }, text.step(3, 3)),
    ...top,
    make("h1", { tabindex: "-1" }, text.confirmTitle),
    trouble,
    make("div", { class: "panel" }, appointmentFacts(page, held, clinic, type)),
    left,
    make(
      "div",
      { class: "actions" },
      confirmButton(page, held, choice, { left, trouble }, signal, again),
      make("a", { class: "button", href: others }, text.otherTime),
      people.length > 1 && make("a", { class: "button", href: `#/confirm?${carried({ ...choice, patientId: "" }, { start: choice.start })}` }, text.family.somebodyElse),
    ),
  ];
}

/** What another view is told of a choice. @param {Choice} choice @param {Record<string, string>} more */
function carried({ patientId, doctorId, typeId }, more) {
  return new URLSearchParams(Object.entries({ doctor: doctorId, type: typeId, for: patientId, ...more }).filter(([, value]) => value));
}

/**
 * The button that books what is held, or holds it anew once that has ended.
 * @param {Page} page
 * @param {Appointment} held
 * @param {Choice} choice
 * @param {{left: HTMLElement, trouble: HTMLElement}} told where it is said how long the slot is kept, and what went wrong
 * @param {AbortSignal} signal
 * @param {() => void} again
 */
function confirmButton(page, held, choice, { left, trouble }, signal, again) {
  const { text } = page;
  const button = make("button", { class: "primary" }, text.confirm);
  const requestId = crypto.randomUUID();
  let booked = false;
  const book = async () => {
    if (button.ariaDisabled) return;
    button.ariaDisabled = "true";
    trouble.replaceChildren();
    try {
      const appointment = await confirm(page, held, requestId);
      booked = true;
      dropDraft();
      page.go("booked", { id: appointment.id });
    } catch (error) {
      button.ariaDisabled = null;
      if (asFailure(error).reason === "HOLD_EXPIRED") countDown(page, held, left, button, true);
      trouble.replaceChildren(problem(page, error));
    }
  };
  const keepAgain = async () => {
    try {
      await holdAnew(page, choice);
      again();
    } catch (error) {
      trouble.replaceChildren(problem(page, error));
    }
  };
  button.addEventListener("click", () => (button.dataset.lapsed ? keepAgain() : book()));
  const counting = setInterval(() => countDown(page, held, left, button, false), 1000);
  signal.addEventListener("abort", () => {
    clearInterval(counting);
    if (!booked) release(page, held);
  });
  countDown(page, held, left, button, false);
  return button;
}

/** Say how long the slot is kept. @param {Page} page @param {Appointment} held @param {HTMLElement} left @param {HTMLButtonElement} button @param {boolean} ended */
function countDown(page, held, left, button, ended) {
  const { text, session } = page;
  const leftMs = Date.parse(held.hold_expire_time ?? "") - session.clock.now();
  const over = ended || lapsed(page, held);
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

/** A slot that could not be held, and those near it. @param {Page} page @param {Doctor} doctor @param {Choice} choice @param {unknown} error @param {string} others @param {() => void} again */
function notHeld(page, doctor, choice, error, others, again) {
  const { text, lang } = page;
  const failure = asFailure(error);
  const near = failure.alternatives.map(({ start_time, reason, doctor: other, clinic }) => {
    const clock = new WallClock(lang, (clinic ?? doctor.clinic).time_zone);
    const query = carried({ ...choice, doctorId: other?.id ?? doctor.id }, { start: start_time });
    return make(
      "a",
      { class: "button", href: `#/confirm?${query}` },
      `${clock.short(Date.parse(start_time))} ${clock.time(Date.parse(start_time))}`,
      make("small", {}, sharedWords(lang).near[reason] ?? "", ...(other ? [" ", written(other.name)] : []), ...(clinic && reason === ELSEWHERE ? [text.comma, written(clinic.name)] : [])),
    );
  });
  const mayHelp = !failure.reason || failure.status >= 500 || failure.status === 429;
  return [
    make("h1", { tabindex: "-1" }, text.failed),
    make("p", { class: "message error", role: "alert" }, near.length ? text.slotTaken : page.say(failure)),
    near.length > 0 && make("p", {}, text.alternatives),
    near.length > 0 && make("div", { class: "actions near" }, ...near),
    make(
      "div",
      { class: "actions" },
      mayHelp && make("button", { class: "primary", onclick: again }, text.tryAgain),
      make("a", { class: "button", href: others }, text.otherTime),
    ),
  ].filter((each) => each instanceof Node);
}
