/** What the desk says, in English. */

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
  slots: { taken: "Taken", free: "Free", staffOnly: "Free · desk", over: "Not used", elsewhere: "At another clinic" },
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
  /** @param {number} minutes */
  late: (minutes) => `${minutes} min late`,
  /** @param {string} room */
  called: (room) => `Called to ${room}`,
  /** @param {import("../day.js").Lane | undefined} lane */
  laneLine: (lane) =>
    lane
      ? [`${lane.letter}: ${lane.waiting.length} waiting`, lane.delay_minutes ? `${lane.delay_minutes} min late` : "", lane.closed ? "closed" : ""].filter(Boolean).join(" · ")
      : "Nobody waiting",

  events: {
    BOOKED: "Booked",
    OVERRIDDEN: "Booked on an extra seat",
    RESCHEDULED: "Moved",
    CANCELLED: "Cancelled",
    EXPIRED: "Not completed in time",
    IMPORTED: "Imported",
    CHECKED_IN: "Arrived",
    STARTED: "Visit began",
    COMPLETED: "Visit ended",
    MISSED: "Did not come",
    REVERTED: "Set back",
  },

  queue: "Queue",
  nobodyWaits: "Nobody is waiting.",
  nowServing: "Called",
  waiting: "Waiting",
  skipped: "Skipped",
  walkInPerson: "Walk-in",
  /** @param {number} from @param {number} to */
  wait: (from, to) => (from === to ? `about ${from} min` : `${from}–${to} min`),
  /** @param {string} time */
  due: (time) => `due ${time}`,

  selected: "Selected",
  nothingSelected: "Choose a time or a patient with the arrow keys.",
  bornOn: "Born",
  phone: "Phone",
  email: "Email",
  patientNumber: "Patient number",
  type: "Type",
  plainVisit: "Visit of one slot",
  reason: "Reason",
  rooms: "Rooms and devices",
  status: "Status",
  freeSlot: "Free time",

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
  },

  groups: { everywhere: "Everywhere", visit: "On an appointment", slot: "On a free time", queue: "Queue of the doctor in this column" },
  moveKeys: "Arrow keys",
  moveKeysText: "Go from time to time and from doctor to doctor; Home and End go to the ends of a column.",
  keysTitle: "Keys",
  singleKeys: "Letters work as commands while no field is being filled in",
  singleKeysHint: "Switch this off if you speak to your computer, or if you press keys by accident.",

  search: "Find a patient",
  searchHint: "Name, reading, last digits of the phone, or date of birth",
  newPatient: "Register a new patient",
  deceased: "Deceased",
  inactive: "No longer in use",
  replaced: "Merged into another entry",

  /** @param {string} time @param {string} doctor */
  bookTitle: (time, doctor) => `Book ${time} with ${doctor}`,
  patient: "Patient",
  patientMissing: "Choose a patient from the list",
  bookButton: "Book",
  override: "Reason for an extra seat",
  overrideHint: "The time is full. With a reason the patient gets an extra seat; the patient can read it.",
  overrideMissing: "Say why, in words",
  otherTimes: "Free times near by",
  /** @param {string} name @param {string} date */
  chosen: (name, date) => (date ? `${name}, born ${date}` : name),
  /** @param {string} name */
  carrying: (name) => `Booking for ${name}: choose a free time and press Enter. Esc stops.`,
  /** @param {string} name */
  moving: (name) => `Moving ${name}: choose a free time and press Enter. Esc stops.`,

  registerTitle: "Register a patient",
  name: "Name",
  nameHint: "As on the insurance card",
  nameMissing: "Enter the name",
  kana: "Reading of the name",
  birthDate: "Date of birth",
  birthHint: "YYYY-MM-DD; the year alone if that is all you know",
  birthWrong: "Enter the date as 1980-05-31, or the year alone",
  phoneHint: "With the country code, such as +81 3 1234 5678",
  phoneWrong: "Enter the number with + and the country code, such as +81312345678",
  emailWrong: "Enter an address such as name@example.com",
  languageOfNotices: "Language of messages",
  english: "English",
  japanese: "日本語",
  registerButton: "Register",

  /** @param {string} name */
  cancelTitle: (name) => `Cancel the appointment of ${name}`,
  cancelText: "The time becomes free at once, and the patient is told. This cannot be undone.",
  cancelReason: "Reason (the patient can read it)",
  cancelButton: "Cancel the appointment",
  tryAgain: "Try again",
  otherLanguage: "日本語",
  /** @param {string} name @param {string} from @param {string} to */
  revertTitle: (name, from, to) => `${name}: from “${from}” back to “${to}”`,
  revertReason: "Why (the patient can read it)",
  revertDefault: "Pressed by mistake",
  revertButton: "Set back",
  reasonMissing: "Say why, in words",
  roomTitle: "Where do you call to?",
  room: "Room, as on its door",
  roomHint: "Remembered for this doctor at this desk",
  roomMissing: "Enter the room",
  callButton: "Call",
  moveTicketTitle: "Move up in the queue",
  position: "Place in the queue (1 is next)",
  historyTitle: "What happened",
  lockTitle: "This desk is locked",
  lockText: "Enter your password to go on where you were.",
  lockedIdle: "Locked after five minutes without a key.",

  said: {
    /** @param {string} name @param {string} ticket */
    checkedIn: (name, ticket) => (ticket ? `${name} is checked in. Ticket ${ticket}.` : `${name} is checked in.`),
    /** @param {string} name */
    started: (name) => `${name} is with the doctor.`,
    /** @param {string} name */
    completed: (name) => `The visit of ${name} is over.`,
    /** @param {string} name */
    missed: (name) => `${name} is marked as not come. The time is free.`,
    /** @param {string} name @param {string} status */
    reverted: (name, status) => `${name} is “${status}” again.`,
    /** @param {string} name @param {string} time @param {string} doctor */
    moved: (name, time, doctor) => `${name} is moved to ${time}, ${doctor}.`,
    /** @param {string} name @param {string} time */
    cancelled: (name, time) => `The appointment of ${name} at ${time} is cancelled.`,
    /** @param {string} name @param {string} time @param {string} doctor */
    booked: (name, time, doctor) => `${name} is booked at ${time}, ${doctor}.`,
    /** @param {string} name */
    registered: (name) => `${name} is registered. Choose a free time and press Enter to book.`,
    /** @param {string} ticket @param {string} name @param {string} room */
    called: (ticket, name, room) => `${ticket} ${name} is called to ${room}.`,
    /** @param {string} ticket */
    skipped: (ticket) => `${ticket} is skipped. Call again brings it back.`,
    /** @param {string} ticket @param {number} place */
    placed: (ticket, place) => `${ticket} is now number ${place} in the queue.`,
    /** @param {string} ticket @param {string} doctor */
    walkIn: (ticket, doctor) => `Ticket ${ticket} for ${doctor}.`,
    /** @param {string} doctor */
    laneClosed: (doctor) => `The queue of ${doctor} takes nobody new today.`,
    /** @param {string} doctor */
    laneOpened: (doctor) => `The queue of ${doctor} is open again.`,
    /** @param {string} time */
    takenElsewhere: (time) => `${time} was just taken at another desk or by a patient.`,
    stopped: "Stopped. Nothing was changed.",
    /** @param {string} ticket */
    justCalled: (ticket) => `${ticket} was called a moment ago. Press again to call the next one.`,
    /** @param {string} status @param {string} command */
    notNow: (status, command) => `“${command}” is not possible here: ${status}.`,
    nothingToUndo: "There is nothing to undo.",
    undone: "Undone.",
    undoReason: "Undone at the desk at once",
    noQueueElsewhere: "Queues are of today. Press T to go there.",
    noticesGoOut: "The patient is told.",
    /** @param {string} name */
    recorded: (name) => `Saved in the records of ${name}.`,
  },

  recordsTitle: "Records",
  recordText: "Write a record",
  recordMissing: "Write something first",
  recordButton: "Save",
  noRecords: "No records yet.",
  amend: "Amend",
  amendText: "The version before is kept.",
  emergencyTitle: "Emergency access to records",
  emergencyText: "Opens a patient's records for one hour although you have no appointment. The patient sees who opened them, and why.",
  emergencyReason: "Why it cannot wait (the patient sees it)",
  emergencyButton: "Open the records",
  patientNumberHint: "The desk can read it to you",
  patientNumberWrong: "Enter the whole patient number",
};

/** @typedef {typeof EN} Words */
