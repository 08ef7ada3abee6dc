/** What the page of one appointment says, in English and Japanese. */

const ENGLISH = {
  otherLanguage: "日本語",
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
  move: "To move it, sign in or call the clinic.",
  signIn: "Sign in",
  again: "Try again",
  broken: "Open this page by the link in the message from your clinic.",
  refusals: {
    LINK_INVALID: "This link no longer works: the appointment has moved or is over, or messages go to another address now. Use the link in the newest message, or call the clinic.",
    INVALID_REQUEST: "This link is not complete. Open it from the message again.",
    TOO_LATE_TO_CHANGE: "It is too late to do this here. Call the clinic.",
    STATUS_FORBIDS: "The appointment has changed meanwhile. You see it now as it is.",
    TOO_EARLY: "It is too early to check in. Try again when you are there.",
    LANE_CLOSED: "The doctor’s queue is closed for today. Ask at the desk.",
    LANE_FULL: "The doctor’s queue is full for today. Ask at the desk.",
  },
};

/** @type {typeof ENGLISH} */
const JAPANESE = {
  otherLanguage: "English",
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
  move: "日時の変更は、ログインするか、お電話でお願いいたします。",
  signIn: "ログイン",
  again: "もう一度試す",
  broken: "医療機関からのメッセージにあるリンクから開いてください。",
  refusals: {
    LINK_INVALID: "このリンクは使えません。ご予約の日時が変わったか、終了したか、お知らせ先が変わっています。最新のメッセージのリンクをご利用いただくか、お電話ください。",
    INVALID_REQUEST: "リンクが途中で切れています。メッセージからもう一度開いてください。",
    TOO_LATE_TO_CHANGE: "受付期限を過ぎています。お電話ください。",
    STATUS_FORBIDS: "ご予約の状態が変わりました。最新の内容を表示しています。",
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
