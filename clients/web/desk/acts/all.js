/** The acts of a desk, and the words of those that ask something: loaded once the day is shown, since nobody needs them before. */

import { make } from "../../shared/elements.js";

document.head.append(make("link", { rel: "stylesheet", href: "/desk/acts/acts.css" }));

export { ask } from "../../shared/ask.js";
export { showMyAccount } from "../../shared/my_account.js";
export { ACT_WORDS } from "./words.js";
export { book } from "./booking.js";
export { correct } from "./patients/correct.js";
export { emergency, records } from "./patients/records.js";
export { help } from "./help.js";
export { register, registerToBook, takeFound } from "./patients/register.js";
export { representatives } from "./patients/representatives.js";
export { showSeries } from "./series.js";
export { swapRoom } from "./rooms.js";
export { changeRoom, place } from "./ticket_questions.js";
export { callNext, closeLane, recall, skip, walkIn } from "./tickets.js";
export { timeOff } from "./time_off/take.js";
export { timeOffList } from "./time_off/list.js";
export { cancel, history, revert } from "./visit_questions.js";
export { moveTo } from "./move.js";
export { moveOffers } from "./time_off/offers.js";
export { checkIn, complete, noShow, start } from "./visits.js";
export { finder } from "../view/finder.js";
export { dragging } from "../view/drag.js";
export { printAsTables, printTicket } from "../view/print.js";
