/** What the patients' page calls what happened to an appointment, by AppointmentEvent. */

export const EN_EVENTS = {
  BOOKED: "Booked",
  OVERRIDDEN: "Booked by the clinic as an extra",
  RESCHEDULED: "Moved",
  CANCELLED: "Cancelled",
  EXPIRED: "Not confirmed in time",
  IMPORTED: "Taken over from another system",
  CHECKED_IN: "Arrived",
  STARTED: "Begun",
  COMPLETED: "Done",
  MISSED: "Missed",
  REVERTED: "Corrected",
  HELD: "Kept for you",
  CONFIRMED: "Confirmed",
  RELEASED: "Given back",
  RESOURCE_SWAPPED: "Other room or device",
  MOVE_OFFERED: "Other times offered",
  MOVE_DECLINED: "Kept as it is",
};

/** @type {typeof EN_EVENTS} */
export const JA_EVENTS = {
  BOOKED: "予約",
  OVERRIDDEN: "クリニックが追加で予約",
  RESCHEDULED: "日時を変更",
  CANCELLED: "取り消し",
  EXPIRED: "期限切れ",
  IMPORTED: "別のシステムから取り込み",
  CHECKED_IN: "受付",
  STARTED: "診察開始",
  COMPLETED: "終了",
  MISSED: "来院なし",
  REVERTED: "訂正",
  HELD: "時間を確保",
  CONFIRMED: "予約を確定",
  RELEASED: "確保を解除",
  RESOURCE_SWAPPED: "部屋・機器を変更",
  MOVE_OFFERED: "別の日時のご案内",
  MOVE_DECLINED: "現在の日時のまま",
};
