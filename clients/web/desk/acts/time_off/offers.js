/** Lists the offers to move that no patient has answered yet. */

import { make } from "../../../shared/elements.js";

/** @import { Desk } from "../../desk.js" */
/** @typedef {{doctor: {name: string}, start_time: string}} Slot */
/** @typedef {{appointment_id: string, patient: {name: string}, doctor: {name: string}, start_time: string, expire_time?: string, sent: boolean, slots: Slot[]}} MoveOffer */

/** Show who is offered what until when; each leads to the appointment. @param {Desk} desk */
export async function moveOffers(desk) {
  const { words } = desk;
  /** @type {MoveOffer[] | undefined} */
  const all = await desk.attempt("", () => desk.session.all("/api/schedules/move-offers", { clinic_id: desk.clinic.id }, "offers"));
  if (!all) return;
  all.sort((a, b) => Date.parse(a.expire_time ?? a.start_time) - Date.parse(b.expire_time ?? b.start_time));
  /** @type {MoveOffer | undefined} */
  let to;
  const rows = all.map((offer) => {
    const go = (/** @type {Event} */ event) => {
      to = offer;
      /** @type {HTMLElement} */ (event.target).closest("dialog")?.close();
    };
    const what = [desk.when(offer.start_time, true), offer.patient.name, offer.doctor.name].join(" · ");
    return make("li", {}, make("button", { type: "button", onclick: go }, make("bdi", {}, what)), ...told(desk, offer).map((line) => make("p", { class: "muted" }, make("bdi", {}, line))));
  });
  await desk.ask({ title: words.commands.moveOffers, text: all.length ? words.moveOffersText : words.noMoveOffers, wide: all.length > 0 }, () => {}, make("ol", { class: "plain-list" }, ...rows));
  if (to) await desk.goToVisit({ id: to.appointment_id, date: desk.wall.date(Date.parse(to.start_time)) });
}

/** What is held for a patient, until when, and whether the patient knows. @param {Desk} desk @param {MoveOffer} offer */
function told(desk, { slots, expire_time, sent }) {
  const { words } = desk;
  if (!expire_time) return [words.offerBeingMade];
  const times = slots.map((each) => `${desk.when(each.start_time, true)} ${each.doctor.name}`);
  return [words.offeredTimes(times, desk.when(expire_time, true)), sent ? words.offerSent : words.offerNotSent];
}
