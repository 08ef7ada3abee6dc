/** What the bar at the bottom of the desk says of what was done, in English. */

export const EN_DONE = {
  /** @param {string} name */
  registered: (name) => `${name} is registered. Choose a free time and press Enter to book.`,
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
  /** @param {string} ticket */
  justCalled: (ticket) => `${ticket} was called a moment ago. Press again to call the next one.`,
  undoReason: "Undone at the desk at once",
  /** @param {string} doctor @param {number} kept @param {number} cancelled */
  timeOff: (doctor, kept, cancelled) => `Time off for ${doctor}: ${kept} kept, ${cancelled} cancelled.`,
  noticesGoOut: "The patient is told.",
  /** @param {string} name @param {string} rooms */
  swapped: (name, rooms) => `${name} now has ${rooms}.`,
  /** @param {string} name @param {number} number @param {string} first */
  seriesBooked: (name, number, first) => `${name} is booked for ${number === 1 ? "one visit" : `${number} visits, the first`} on ${first}.`,
  /** @param {string} name @param {number} number */
  seriesCancelled: (name, number) => `${number === 1 ? "One visit" : `${number} visits`} of ${name} ${number === 1 ? "is" : "are"} cancelled.`,
  /** @param {string} doctor */
  timeOffEnded: (doctor) => `The time off of ${doctor} is ended: its free times can be booked again.`,
  /** @param {string} name */
  offerResent: (name) => `The message to ${name} is being sent again.`,
  /** @param {string} name */
  offerWithdrawn: (name) => `The offer to ${name} is over. The appointment stays as it is.`,
  /** @param {string} name */
  recorded: (name) => `Saved in the records of ${name}.`,
  /** @param {string} name */
  corrected: (name) => `The details of ${name} are saved.`,
  /** @param {string} name @param {string} addresses */
  correctedButWaits: (name, addresses) => `The details of ${name} are saved. ${addresses} is used once the patient confirms it by the code that was sent there.`,
  /** @param {string} name */
  contactConfirmed: (name) => `Confirmed: messages to ${name} go there from now on.`,
  /** @param {string} name @param {string} patient */
  representativeAdded: (name, patient) => `${name} acts for ${patient} from now on.`,
  /** @param {string} name @param {string} patient */
  representativeEnded: (name, patient) => `${name} no longer acts for ${patient}.`,
};

/** @typedef {typeof EN_DONE} Done */
