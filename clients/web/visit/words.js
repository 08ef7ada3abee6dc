/** What the page of one appointment says, in English and Japanese. */

const ENGLISH = {
  loading: "Looking up your appointment …",
  title: "Your appointment",
  clinic: "Clinic",
  date: "Date",
  time: "Time",
  phone: "Phone",
  ticket: "Your number",
  /** @param {string} zone */
  zone: (zone) => `The time is that of the clinic (${zone}).`,
  confirm: "I will come",
  confirmed: "You have told the clinic that you will come.",
  cancel: "Cancel the appointment",
  cancelQuestion: "Cancel this appointment?",
  cancelText: "Somebody else can then have this time. This cannot be undone here.",
  cancelYes: "Yes, cancel it",
  cancelNo: "No, keep it",
  cancelled: "This appointment is cancelled.",
  checkIn: "I am here",
  /** @param {string} time */
  checkInLater: (time) => `When you arrive, you can say so on this page, from ${time} on.`,
  checkedIn: "You are checked in. Wait until your number is called.",
  over: "This appointment can no longer be changed here.",
  move: "Move the appointment",
  moveText: "Choose a day, then a free time of the same doctor. The clinic is told, and you get a message with the new time.",
  day: "Day",
  times: "Free times",
  noTimes: "No free time on this day. Try another.",
  /** @param {string} when */
  moveQuestion: (when) => `Move the appointment to ${when}?`,
  moveYes: "Yes, move it",
  back: "Keep it as it is",
  /** @param {string} when */
  moved: (when) => `Your appointment has moved to ${when}. A message with a new link is on its way.`,
  /** @param {string} until */
  offer: (until) => `Your clinic cannot keep this time, and asks you to choose another one. These are kept for you until ${until}:`,
  /** @param {string} when */
  otherDoctor: (when) => `${when} (another doctor)`,
  keep: "Keep my time; the clinic will call me",
  again: "Try again",
  /** @param {string} what */
  fault: (what) => `Something went wrong (${what}). Try again in a minute. If it goes on, call the clinic.`,
  broken: "Open this page by the link in the message from your clinic.",
  refusals: {
    LINK_INVALID: "This link no longer works: the appointment has moved or is over, or messages go to another address now. Use the link in the newest message, or call the clinic.",
    INVALID_REQUEST: "This link is not complete. Open it from the message again.",
    TOO_LATE_TO_CHANGE: "It is too late to do this here. Call the clinic.",
    STATUS_FORBIDS: "The appointment has changed meanwhile. You see it now as it is.",
    SLOT_TAKEN: "Somebody has just taken this time. Choose another.",
    SLOT_NOT_OFFERED: "This time can no longer be booked. Choose another.",
    PATIENT_BUSY: "You have another appointment at that time. Choose another time.",
    TOO_SHORT_NOTICE: "This time is too soon to be booked here. Choose a later one, or call the clinic.",
    BEYOND_HORIZON: "This day is too far ahead to be booked yet. Choose an earlier one.",
    RESOURCE_TAKEN: "The room or device for it is taken at that time. Choose another.",
    OFFER_ENDED: "This time is no longer kept for you. Choose another one, or call the clinic.",
    TOO_EARLY: "It is too early to check in. Try again when you are there.",
    LANE_CLOSED: "The doctor’s queue is closed for today. Ask at the desk.",
    LANE_FULL: "The doctor’s queue is full for today. Ask at the desk.",
  },
};

/** @type {typeof ENGLISH} */
const JAPANESE = {
  loading: "ご予約を確認しています…",
  title: "ご予約",
  clinic: "医療機関",
  date: "日付",
  time: "時刻",
  phone: "電話番号",
  ticket: "受付番号",
  zone: (zone) => `時刻は医療機関の現地時刻（${zone}）です。`,
  confirm: "来院します",
  confirmed: "来院の確認を医療機関にお伝えしました。",
  cancel: "予約を取り消す",
  cancelQuestion: "このご予約を取り消しますか？",
  cancelText: "この時間はほかの方が予約できるようになります。このページでは元に戻せません。",
  cancelYes: "取り消す",
  cancelNo: "取り消さない",
  cancelled: "このご予約は取り消されました。",
  checkIn: "到着しました（受付）",
  checkInLater: (time) => `来院時には、${time}以降、このページで受付ができます。`,
  checkedIn: "受付が完了しました。番号が呼ばれるまでお待ちください。",
  over: "このご予約は、このページでは変更できません。",
  move: "日時を変更する",
  moveText: "日付を選び、同じ担当医の空き時間を選んでください。変更は医療機関に伝わり、新しい日時のお知らせが届きます。",
  day: "日付",
  times: "空き時間",
  noTimes: "この日に空きはありません。別の日をお選びください。",
  moveQuestion: (when) => `ご予約を${when}に変更しますか？`,
  moveYes: "変更する",
  back: "変更しない",
  moved: (when) => `ご予約を${when}に変更しました。新しいリンクを記載したお知らせをお送りします。`,
  offer: (until) => `この日時の診療が難しくなりました。別の日時をお選びください。次の時間を${until}まで確保しています。`,
  otherDoctor: (when) => `${when}（別の担当医）`,
  keep: "現在の日時のまま（医療機関からご連絡します）",
  again: "もう一度試す",
  fault: (what) => `エラーが発生しました（${what}）。1分ほど待ってもう一度お試しください。続く場合は医療機関へお電話ください。`,
  broken: "医療機関からのメッセージにあるリンクから開いてください。",
  refusals: {
    LINK_INVALID: "このリンクは使えません。ご予約の日時が変わったか、終了したか、お知らせ先が変わっています。最新のメッセージのリンクをご利用いただくか、お電話ください。",
    INVALID_REQUEST: "リンクが途中で切れています。メッセージからもう一度開いてください。",
    TOO_LATE_TO_CHANGE: "受付期限を過ぎています。お電話ください。",
    STATUS_FORBIDS: "ご予約の状態が変わりました。最新の内容を表示しています。",
    SLOT_TAKEN: "この時間は先に予約されました。別の時間をお選びください。",
    SLOT_NOT_OFFERED: "この時間は予約できなくなりました。別の時間をお選びください。",
    PATIENT_BUSY: "同じ時間に別のご予約があります。別の時間をお選びください。",
    TOO_SHORT_NOTICE: "直前のため予約できません。後の時間を選ぶか、お電話ください。",
    BEYOND_HORIZON: "この日はまだ予約できません。早い日をお選びください。",
    RESOURCE_TAKEN: "この時間は必要な部屋または機器が使用中です。別の時間をお選びください。",
    OFFER_ENDED: "この時間は確保されなくなりました。別の日時を選ぶか、お電話ください。",
    TOO_EARLY: "受付開始前です。来院後にもう一度お試しください。",
    LANE_CLOSED: "本日の受付は終了しました。窓口でお尋ねください。",
    LANE_FULL: "本日の受付は満員です。窓口でお尋ねください。",
  },
};

/** @typedef {typeof ENGLISH} Words */

/** @param {import("../shared/language.js").Language} lang @returns {Words} */
export function words(lang) {
  return lang === "ja" ? JAPANESE : ENGLISH;
}
