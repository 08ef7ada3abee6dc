/** What the bar at the bottom of the desk says, in English. */

export const EN_SAID = {
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
  notFree: "This time is not free. Choose a free one, or press B for an extra patient.",
  /** @param {string} ticket */
  justCalled: (ticket) => `${ticket} was called a moment ago. Press again to call the next one.`,
  /** @param {string} status @param {string} command */
  notNow: (status, command) => `“${command}” is not possible here: ${status}.`,
  nothingToUndo: "There is nothing to undo.",
  undone: "Undone.",
  undoReason: "Undone at the desk at once",
  noQueueElsewhere: "Queues are of today. Press T to go there.",
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
  recorded: (name) => `Saved in the records of ${name}.`,
  /** @param {string} name @param {string} patient */
  representativeAdded: (name, patient) => `${name} acts for ${patient} from now on.`,
  /** @param {string} name @param {string} patient */
  representativeEnded: (name, patient) => `${name} no longer acts for ${patient}.`,
};

/** @typedef {typeof EN_SAID} Said */
