/** What the bar at the bottom of the desk says of the day itself, in English. */

export const EN_SAID = {
  /** @param {string} time */
  takenElsewhere: (time) => `${time} was just taken at another desk or by a patient.`,
  stopped: "Stopped. Nothing was changed.",
  notFree: "This time is not free. Choose a free one, or press B for an extra patient.",
  /** @param {string} status @param {string} command */
  notNow: (status, command) => `“${command}” is not possible here: ${status}.`,
  nothingToUndo: "There is nothing to undo.",
  undone: "Undone.",
  noQueueElsewhere: "Queues are of today. Press T to go there.",
};

/** @typedef {typeof EN_SAID} Said */
