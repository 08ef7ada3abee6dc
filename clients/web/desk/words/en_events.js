/** What the history of an appointment says at a desk, in English. */

export const EN_EVENTS = {
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
  HELD: "Slot kept while booking",
  CONFIRMED: "Booking completed",
  RELEASED: "Slot given back",
  RESOURCE_SWAPPED: "Other room or device",
  MOVE_OFFERED: "Other times offered",
  MOVE_DECLINED: "Offer over: the time stays",
  ATTENDANCE_CONFIRMED: "The patient will come",
  REVERTED: "Set back",
};
