/** What the desk says in its dialogs, in English. */

import { EN_DONE } from "./en_done.js";
import { EN_EVENTS } from "./en_events.js";

export const EN_ACTS = {
  plainVisit: "Visit of one slot",
  newPatient: "Register a new patient",
  deceased: "Deceased",
  inactive: "No longer in use",
  replaced: "Merged into another entry",
  groups: { everywhere: "Everywhere", visit: "On an appointment", slot: "On a free time", patient: "On a patient, selected or found", queue: "Queue of the doctor in this column" },
  moveKeys: "Arrow keys",
  moveKeysText: "Go from time to time and from doctor to doctor; Home and End go to the ends of a column.",
  keysTitle: "Keys",
  singleKeys: "Letters work as commands while no field is being filled in",
  singleKeysHint: "Switch this off if you speak to your computer, or if you press keys by accident.",
  done: EN_DONE,
  /** @param {string} time @param {string} doctor */
  bookTitle: (time, doctor) => `Book ${time} with ${doctor}`,
  patient: "Patient",
  time: "Time",
  patientMissing: "Choose a patient from the list",
  bookButton: "Book",
  override: "Reason for an extra seat",
  overrideHint: "The time is full. With a reason the patient gets an extra seat; the patient can read it.",
  overrideMissing: "Say why, in words",
  /** @param {string} name @param {string} time @param {string} doctor */
  moveTitle: (name, time, doctor) => `${name}: ${time} with ${doctor} is full`,
  otherTimeMissing: "Choose one of the free times",
  otherTimes: "Free times near by",
  repeat: "Repeat",
  repeats: {
    once: "Once",
    week: "Every week",
    twoWeeks: "Every 2 weeks",
    fourWeeks: "Every 4 weeks",
    monthDate: "Every month, same date",
    monthWeekday: "Every month, same weekday",
  },
  visits: "Visits in all",
  /** @param {number} most */
  visitsWrong: (most) => `Enter how many visits: 2 to ${most}`,
  /** @param {number} free @param {number} all */
  seriesTitle: (free, all) => (free === all ? `All ${all} dates are free` : `${free} of ${all} dates are free`),
  seriesFree: "The patient is told of all dates at once.",
  /** @param {number} left */
  seriesLeft: (left) => `${left === 1 ? "One date is" : `${left} dates are`} not free and would be left out. Go back to choose another time for all.`,
  /** @param {number} free */
  seriesButton: (free) => (free === 1 ? "Book this visit" : `Book ${free} visits`),
  seriesTaken: "A date was taken meanwhile. Nothing is booked: go back and look again.",
  seriesOverride: "With a reason, full dates are booked too, on an extra seat; the patient can read it.",
  seriesNotBooked: "Nothing is booked yet.",
  /** @param {string} name @param {number} number */
  seriesOf: (name, number) => `Series of ${name}: ${number} ${number === 1 ? "visit" : "visits"}`,
  seriesText: "Choose a visit to go there. Cancelling one of them asks whether all later ones go too.",
  /** @param {string} name @param {string} date */
  chosen: (name, date) => (date ? `${name}, born ${date}` : name),

  registerTitle: "Register a patient",
  name: "Name",
  nameHint: "As on the insurance card",
  nameMissing: "Enter the name",
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
  whichOfSeries: "This visit is part of a series. Cancel",
  onlyThis: "this visit only",
  allFollowing: "this visit and all later ones",
  cancelButton: "Cancel the appointment",
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
  /** @param {string} name */
  swapTitle: (name) => `Another room or device for ${name}`,
  swapWhat: "Change",
  /** @param {string} from */
  swapAny: (from) => `${from} → any free one`,
  swapTaken: "It is not free at this time. Choose another one, or move the appointment.",
  swapButton: "Change it",
  callButton: "Call",
  moveTicketTitle: "Move up in the queue",
  moveTicketButton: "Move",
  position: "Place in the queue (1 is next)",
  historyTitle: "What happened",
  events: EN_EVENTS,

  doctor: "Doctor",
  from: "From",
  to: "To",
  timeOffText: "The doctor's free times in this period are offered no more. You see who is booked before anything happens.",
  whoIsBooked: "See who is booked",
  endWrong: "The end must come after the beginning",
  staffOnly: "Only staff can read it",
  timeOffActions: { KEEP: "Keep", OFFER_MOVE: "Offer other times", CANCEL: "Cancel" },
  /** @param {number} number */
  bookedThen: (number) => (number ? `${number} booked in this period` : "Nobody is booked in this period"),
  timeOffHint: "Choose what becomes of each. Whoever is cancelled is told; whoever is offered other times gets a message, and they are held for up to 24 hours. Whoever is here already stays.",
  timeOffButton: "Make it time off",
  forAll: "For all of them",
  timeOffListTitle: "Time off",
  noTimeOff: "No time off now or ahead.",
  endTimeOff: "End this time off",
  /** @param {number} kept @param {number} moved @param {number} cancelled */
  timeOffAccount: (kept, moved, cancelled) => [kept && `${kept} still booked`, moved && `${moved} moved`, cancelled && `${cancelled} cancelled`].filter(Boolean).join(", "),
  /** @param {number} cancelled */
  endTimeOffText: (cancelled) =>
    `The free times of this period are offered again at once. Whoever is still booked stays.${cancelled ? ` The ${cancelled} cancelled ${cancelled === 1 ? "visit stays" : "visits stay"} cancelled: call these patients if they are to come after all.` : ""}`,
  moveOffersText: "These patients have not answered yet. Choose one to go to the appointment: moving or cancelling it there ends the offer, too.",
  noMoveOffers: "Nobody is being offered other times now.",
  /** @param {string} until */
  keptUntil: (until) => `Other times are kept until ${until}.`,
  offerSent: "The patient got the message.",
  offerNotSent: "The message has not been sent: call the patient.",
  offerOnItsWay: "The message is being sent again.",
  offerBeingMade: "Other times are being looked for.",
  offerEnded: "This offer is over, or this time is not kept any more. Go back to see what is true now.",
  offerJustSent: "A message went out less than a minute ago. Give it a minute to arrive, then send it again.",
  /** @param {string} place */
  acceptSlot: (place) => `Move to ${place}`,
  /** @param {string} name @param {string} time @param {string} doctor */
  acceptTitle: (name, time, doctor) => `Move ${name} to ${time}, ${doctor}?`,
  /** @param {string} from */
  acceptText: (from) => `The appointment of ${from} moves there, and the offer is over. The patient is told.`,
  acceptButton: "Move the appointment",
  /** @param {string} name */
  resendTitle: (name) => `Send the message to ${name} again?`,
  /** @param {string} until */
  resendText: (until) => `It offers the same times, which stay kept until ${until}.`,
  resendButton: "Send again",
  /** @param {string} name */
  withdrawTitle: (name) => `End the offer to ${name}?`,
  /** @param {string} at */
  withdrawText: (at) => `The appointment of ${at} stays as it is, and the kept times can be booked by others. The patient gets no message.`,
  withdrawButton: "End the offer",

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

  /** @param {string} name */
  correctTitle: (name) => `Details of ${name}`,
  saveButton: "Save",
  correctReason: "Why you change it",
  correctReasonHint: "Kept in the patient's access log. The patient is told of the change.",
  correctReasonNeeded: "This patient signs in to an account, or belongs to other clinics. Say why you change it",
  changedElsewhere: "Somebody else changed this patient meanwhile. Nothing is saved yet: look at the marked fields, then save again.",
  /** @param {string} value */
  nowChangedTo: (value) => `Changed meanwhile to: ${value || "nothing"}`,
  /** @param {string} value */
  nowButTyped: (value) => `Changed meanwhile to: ${value || "nothing"}. If you save, what you typed replaces it`,
  /** @param {string} addresses */
  waitsForCode: (addresses) => `Not used yet: ${addresses}. A code was sent there, and has to come back first.`,
  enterCode: "Enter the code",
  codeTitle: "Code of the patient",
  /** @param {string} addresses */
  codeText: (addresses) => `A code of six digits was sent to ${addresses}. Ask the patient for it. Until it is entered, messages go where they went before; the patient can also confirm it later.`,
  code: "Code",
  codeButton: "Confirm",
  codeMalformed: "Enter the six digits of the code",
  codeWrong: "The code is wrong or too old. Check it, or enter the new address once more in the details: that sends another code",
  codeNotHere: "This patient signs in to an account, or belongs to other clinics: only the patient, or their staff, can confirm it",

  /** @param {string} patient */
  representativesOf: (patient) => `Who acts for ${patient}`,
  representativesText: "A parent, a legal guardian or a carer books, moves and cancels for the patient, with their own account.",
  noRepresentatives: "Nobody acts for this patient.",
  relations: { PARENT: "Parent", GUARDIAN: "Legal guardian", CARER: "Carer" },
  by: { PARENT: "by a parent", GUARDIAN: "by the legal guardian", CARER: "by a carer" },
  /** @param {string} day */
  actsUntil: (day) => `until ${day}`,
  /** @param {string} day */
  endedOn: (day) => `ended on ${day}`,
  actsNotNow: "not now",
  noRecordsSeen: "does not see the records",
  addRepresentative: "Add somebody",
  /** @param {string} patient */
  addTitle: (patient) => `Let somebody act for ${patient}`,
  addButton: "Add",
  accountHint: "The address with which this person signs in to their own account as a patient",
  relation: "What the person is to the patient",
  chooseOne: "Choose",
  relationMissing: "Choose what the person is to the patient",
  actsTo: "Last day",
  actsToHint: "For a child you can leave it empty: it then ends on the birthday that the clinic's rules name.",
  evidence: "What you have seen",
  seen: "Seen",
  evidenceHint: "Such as a birth certificate or a court's letter, and its date. Only staff can read it.",
  evidenceMissing: "Enter what you have seen, such as a birth certificate",
  noSuchAccount: "No patient signs in with this address. Check it; whoever has no account yet has to be registered and invited first.",
  ownAccount: "This is the patient's own address. Enter the one of the person who is to act",
  actsAlready: "This person acts for the patient already. To change something, end that first.",
  /** @param {string} day */
  endLatest: (day) => `Enter a last day, ${day} at the latest`,
  endPast: "This day is over. Enter a later one",
  noParentOfAdult: "The patient counts as an adult here. Choose legal guardian or carer, and a last day",
  birthDateNeeded: "The patient's age decides who may act, and the whole date of birth is not known. It has to be entered first.",
  enterBirthDate: "Enter the date of birth",
  notOurPatient: "This patient belongs to other clinics. Only their staff can add somebody.",
  tooMany: "Ten people act for this patient already, or this person acts for ten patients. End one of them first.",
  /** @param {string} name */
  compareTitle: (name) => `Is this ${name}?`,
  /** @param {string} name @param {string} relation @param {string} patient @param {string} day */
  compareText: (name, relation, patient, day) => `The account belongs to ${name}, who now acts for ${patient} (${relation}, until ${day}). Compare the name with the papers in front of you. The patient and the owner of the account are told.`,
  samePerson: "Yes, the name is right",
  notThisPerson: "No, it is somebody else: end it",
  endShort: "End",
  /** @param {string} name */
  endActing: (name) => `End it for ${name}`,
  /** @param {string} name @param {string} patient */
  endActingTitle: (name, patient) => `${name} shall no longer act for ${patient}?`,
  endActingText: "It ends at once. What is booked stays booked. Both are told.",
  endActingButton: "End it",
};

/** @typedef {typeof EN_ACTS} ActWords */
