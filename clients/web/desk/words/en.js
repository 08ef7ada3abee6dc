/** What the desk says, in English. */

import { EN_REFUSALS } from "./en_refusals.js";
import { EN_SAID } from "./en_said.js";

export const EN = {
  title: "Desk",
  signInTitle: "Sign in to the desk",
  notForYou: "This page is for the staff and doctors of a clinic. Sign in with such an account.",
  noClinic: "Your account works for no clinic. Ask an administrator to add one.",
  skip: "Go to the day",
  clinic: "Clinic",
  day: "Day",
  dayBefore: "Day before",
  dayAfter: "Day after",
  today: "Today",
  live: "Live",
  /** @param {string} time */
  lost: (time) => `Not up to date since ${time}. Connecting again …`,
  nobodyWorks: "Nobody works on this day, and nothing is booked.",
  /** @param {string} names */
  notIn: (names) => `Not in: ${names}`,
  slots: { taken: "Taken", free: "Free", staffOnly: "Free · staff only", over: "Not used", elsewhere: "At another clinic" },
  /** @param {number} number */
  seats: (number) => `${number} seats free`,
  statuses: {
    HELD: "Being booked",
    SCHEDULED: "Expected",
    CHECKED_IN: "Waiting",
    IN_PROGRESS: "With the doctor",
    COMPLETED: "Done",
    CANCELLED: "Cancelled",
    EXPIRED: "Not completed",
    NO_SHOW: "Did not come",
  },
  heldForOffer: "Kept for an offer",
  confirmed: "Confirmed",
  answer: "Patient's answer",
  unconfirmed: "Not confirmed yet",
  /** @param {number} minutes */
  late: (minutes) => `${minutes} min late`,
  /** @param {string} room */
  called: (room) => `Called to ${room}`,
  /** @param {import("../day/day.js").Lane | undefined} lane */
  laneLine: (lane) =>
    lane
      ? [`${lane.letter}: ${lane.waiting.length} waiting`, lane.delay_minutes ? `${lane.delay_minutes} min late` : "", lane.closed ? "closed" : ""].filter(Boolean).join(" · ")
      : "Nobody waiting",

  /** @param {string} time */
  until: (time) => `until ${time}`,

  queue: "Queue",
  nobodyWaits: "Nobody is waiting.",
  nowServing: "Called",
  waiting: "Waiting",
  skipped: "Skipped",
  walkInPerson: "Walk-in",
  /** @param {number} from @param {number} to */
  wait: (from, to) => (from === to ? `about ${from} min` : `${from}–${to} min`),
  moveTicket: "Move",
  reprint: "Print",
  /** @param {string} time */
  due: (time) => `due ${time}`,

  selected: "Selected",
  nothingSelected: "Choose a time or a patient with the arrow keys.",
  kana: "Reading of the name",
  bornOn: "Born",
  phone: "Phone",
  email: "Email",
  patientNumber: "Patient number",
  type: "Type",
  reason: "Reason",
  rooms: "Rooms and devices",
  series: "Series",
  inSeries: "One of several visits",
  status: "Status",

  commands: {
    checkIn: "Check in",
    start: "Start visit",
    complete: "End visit",
    noShow: "Did not come",
    revert: "One step back",
    move: "Move",
    cancel: "Cancel",
    history: "History",
    book: "Book",
    drop: "Move here",
    squeeze: "Extra patient",
    callNext: "Call next",
    recall: "Call again",
    skip: "Skip",
    walkIn: "Walk-in",
    closeLane: "Close queue",
    openLane: "Open queue",
    printTicket: "Print ticket",
    undo: "Undo",
    search: "Find a patient",
    register: "Register a patient",
    room: "Change the room",
    today: "Today",
    dayBefore: "Day before",
    dayAfter: "Day after",
    now: "Go to now",
    print: "Print",
    lock: "Lock",
    keys: "Keys",
    stop: "Stop moving or booking",
    records: "Records",
    emergency: "Emergency access",
    timeOff: "Time off",
    timeOffList: "Time off: list and end",
    moveOffers: "Offers of other times",
    series: "Series",
    swapRoom: "Other room",
    correct: "Correct the details",
    representatives: "Who acts for the patient",
  },

  search: "Find a patient",
  searchHint: "Name, reading, last digits of the phone, or date of birth",

  tryAgain: "Try again",
  lockTitle: "This desk is locked",
  lockText: "Enter your password to go on where you were.",
  lockedIdle: "Locked after five minutes without a key.",
  /** @param {string} name */
  carrying: (name) => `Booking for ${name}: choose a free time and press Enter. Esc stops.`,
  /** @param {string} name */
  moving: (name) => `Moving ${name}: choose a free time and press Enter. Esc stops.`,

  said: EN_SAID,
  refusals: EN_REFUSALS,
};

/** @typedef {typeof EN} Words */
