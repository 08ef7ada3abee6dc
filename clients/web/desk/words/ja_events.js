/** What the history of an appointment says at a desk, in Japanese. */

export const JA_EVENTS = {
  BOOKED: "予約",
  OVERRIDDEN: "追加枠で予約",
  RESCHEDULED: "変更",
  CANCELLED: "キャンセル",
  EXPIRED: "時間内に手続きが完了せず",
  IMPORTED: "取り込み",
  CHECKED_IN: "来院",
  STARTED: "診察開始",
  COMPLETED: "診察終了",
  MISSED: "来院なし",
  HELD: "枠を仮押さえ",
  CONFIRMED: "予約を確定",
  RELEASED: "仮押さえを解除",
  RESOURCE_SWAPPED: "部屋・機器を変更",
  MOVE_OFFERED: "別の日時を案内",
  MOVE_DECLINED: "案内終了（日時はそのまま）",
  ATTENDANCE_CONFIRMED: "患者が来院を確認",
  REVERTED: "一つ前に戻した",
};
