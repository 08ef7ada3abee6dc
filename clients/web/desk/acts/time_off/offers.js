/** Lists the offers to move that no patient has answered yet; sends them again, ends them, and accepts one of their times. */

import { asFailure } from "../../../shared/api.js";
import { make } from "../../../shared/elements.js";
import { goToVisit } from "../visits.js";

/** @import { Appointment } from "../../day/day.js" */
/** @import { Desk } from "../../desk.js" */
/** @typedef {{doctor: {id: string, name: string}, start_time: string}} Slot */
/** @typedef {{appointment_id: string, patient: {id: string, name: string}, doctor: {id: string, name: string}, start_time: string, expire_time?: string, sent: boolean, slots: Slot[]}} MoveOffer */
/** @typedef {{title: string, text: string, confirm: string, danger?: boolean}} Question */

/** Show who is offered what until when; each leads to the appointment. @param {Desk} desk */
export async function moveOffers(desk) {
  const { words } = desk;
  const text = make("p", {});
  const list = make("ol", { class: "plain-list", "aria-live": "polite" });
  /** @type {Set<string>} the appointments whose offer was sent again a moment ago */
  const again = new Set();
  /** @type {{id: string, date: string} | undefined} */
  let to;
  const leave = (/** @type {{id: string, date: string}} */ appointment) => {
    to = appointment;
    list.closest("dialog")?.close();
  };
  // Whoever is selected comes first: it is mostly who is on the phone.
  const chosen = desk.grid.current?.appointment?.patient.id;
  const isChosen = (/** @type {MoveOffer} */ { patient }) => patient.id === chosen;
  const load = async () => {
    /** @type {MoveOffer[] | undefined} */
    const all = await desk.attempt("", () => desk.session.all("/api/schedules/move-offers", { clinic_id: desk.clinic.id }, "offers"));
    if (!all) return false;
    all.sort((a, b) => Number(isChosen(b)) - Number(isChosen(a)) || Date.parse(a.expire_time ?? a.start_time) - Date.parse(b.expire_time ?? b.start_time));
    text.textContent = all.length ? words.moveOffersText : words.noMoveOffers;
    const held = list.contains(document.activeElement) && document.activeElement?.getAttribute("aria-label");
    list.replaceChildren(...all.map((offer) => item(desk, offer, again.has(offer.appointment_id), act, leave)));
    if (held === false) return true;
    // Whoever has the focus keeps it, on the same button if that is still there.
    const buttons = [...list.querySelectorAll("button")];
    (buttons.find((each) => each.getAttribute("aria-label") === held) ?? buttons[0] ?? list.closest("dialog")?.querySelector("button"))?.focus();
    return true;
  };
  /** Ask, and do it; then the list says what is true. @param {MoveOffer} offer @param {Question} question @param {string} verb @param {object} body @param {(appointment: Appointment) => void} done */
  const act = async (offer, question, verb, body, done) => {
    await desk.ask(question, async () => {
      try {
        const answer = await desk.write(`/api/appointments/${offer.appointment_id}/move-offer:${verb}`, body);
        if (verb === "resend") again.add(offer.appointment_id);
        desk.took(answer.appointment);
        done(answer.appointment);
      } catch (error) {
        const failure = asFailure(error);
        const known = { OFFER_ENDED: words.offerEnded, TOO_MANY_ATTEMPTS: words.offerJustSent }[failure.reason];
        if (!known) throw failure;
        return [{ id: "", text: known }];
      }
    });
    if (!to) await load();
  };
  if (!(await load())) return;
  await desk.ask({ title: words.commands.moveOffers, wide: list.childElementCount > 0 }, () => {}, text, list);
  if (to) await goToVisit(desk, to);
}

/**
 * An offer, and what can be done with it.
 * @param {Desk} desk
 * @param {MoveOffer} offer
 * @param {boolean} sentAgain
 * @param {(offer: MoveOffer, question: Question, verb: string, body: object, done: (appointment: Appointment) => void) => void} act
 * @param {(appointment: {id: string, date: string}) => void} leave
 */
function item(desk, offer, sentAgain, act, leave) {
  const { words } = desk;
  const { appointment_id, patient: { name }, doctor, start_time, expire_time, slots } = offer;
  const at = desk.when(start_time, true);
  const go = () => leave({ id: appointment_id, date: desk.wall.date(Date.parse(start_time)) });
  const button = (/** @type {string} */ text, /** @type {() => void} */ onclick, kind = "") => make("button", { type: "button", class: kind, "aria-label": `${text}: ${name}`, onclick }, text);
  const place = (/** @type {Slot} */ slot) => [desk.when(slot.start_time, true), slot.doctor.id === doctor.id ? "" : slot.doctor.name].filter(Boolean).join(", ");
  const accept = (/** @type {Slot} */ slot) => {
    const time = desk.when(slot.start_time, true);
    const title = words.acceptTitle(name, time, slot.doctor.name);
    act(offer, { title, text: words.acceptText(at), confirm: words.acceptButton }, "accept", { doctor_id: slot.doctor.id, start_time: slot.start_time }, (moved) => {
      desk.say(`${words.done.moved(name, time, slot.doctor.name)} ${words.done.noticesGoOut}`);
      leave(moved);
    });
  };
  const resend = () =>
    act(offer, { title: words.resendTitle(name), text: words.resendText(desk.when(expire_time ?? "", true)), confirm: words.resendButton }, "resend", {}, () => desk.say(words.done.offerResent(name)));
  const end = () =>
    act(offer, { title: words.withdrawTitle(name), text: words.withdrawText(at), confirm: words.withdrawButton, danger: true }, "withdraw", {}, () => desk.say(words.done.offerWithdrawn(name)));
  return make(
    "li",
    {},
    make("button", { type: "button", onclick: go }, make("bdi", {}, [at, name, doctor.name].join(" · "))),
    ...told(desk, offer, sentAgain).map((line) => make("p", { class: "muted" }, line)),
    make(
      "div",
      { class: "others" },
      ...slots.map((slot) => button(words.acceptSlot(place(slot)), () => accept(slot))),
      expire_time && button(words.resendButton, resend),
      button(words.withdrawButton, end, "danger-line"),
    ),
  );
}

/** Until when times are held for a patient, and whether the patient knows. @param {Desk} desk @param {MoveOffer} offer @param {boolean} sentAgain */
function told(desk, { expire_time, sent }, sentAgain) {
  const { words } = desk;
  if (!expire_time) return [words.offerBeingMade];
  return [words.keptUntil(desk.when(expire_time, true)), sent ? words.offerSent : sentAgain ? words.offerOnItsWay : words.offerNotSent];
}
