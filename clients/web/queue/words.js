/** What the queue screen and the ticket say, in English and Japanese; of refusals and pairing, what the board says. */

/** @import { Language } from "../shared/language.js" */

const ENGLISH = {
  doctor: "Doctor",
  now: "Now serving",
  next: "Next",
  calling: "Now calling",
  recent: "Called lately:",
  nobody: "Nobody waits at the moment.",
  closed: "No new tickets today",
  onTime: "On time",
  /** @param {number} minutes */
  late: (minutes) => `About ${minutes} min late`,
  /** @param {number} shortest @param {number} longest */
  wait: (shortest, longest) => `${shortest}–${longest} min`,
  /** @param {number} count */
  more: (count) => `+ ${count} more`,
  soundOn: "Sound on",
  soundBlocked: "No sound yet: touch the screen once, or press a key",
  qr: "Your place in the queue, on your phone",
  /** @param {string} label @param {string} room */
  spoken: (label, room) => `Ticket ${label.replace(/(\D+)(\d+)/, "$1, $2")}. Please go to ${room}.`,
  yourTicket: "Your ticket",
  /** @param {string} range */
  expected: (range) => `Expected wait: ${range}`,
  watchScreen: "Please wait until your number is on the screen or is called.",
  print: "Print",
};

/** @type {typeof ENGLISH} */
const JAPANESE = {
  doctor: "担当医",
  now: "ご案内中",
  next: "次の方",
  calling: "お呼び出し",
  recent: "お呼び済み：",
  nobody: "ただいまお待ちの方はいません。",
  closed: "本日の受付は終了しました",
  onTime: "予定どおり",
  late: (minutes) => `約${minutes}分遅れ`,
  wait: (shortest, longest) => `${shortest}〜${longest}分`,
  more: (count) => `ほか${count}名`,
  soundOn: "音声オン",
  soundBlocked: "音声が止まっています。画面に一度触れるか、キーを押してください",
  qr: "順番をスマートフォンで確認できます",
  spoken: (label, room) => `${label.replace(/(\D+)(\d+)/, "$1、$2")}番の方、${room}へお越しください。`,
  yourTicket: "受付番号",
  expected: (range) => `待ち時間の目安：${range}`,
  watchScreen: "画面に番号が表示されるか、呼ばれるまでお待ちください。",
  print: "印刷",
};

/** @typedef {typeof ENGLISH} QueueWords */

/** @param {Language} lang @returns {QueueWords} */
export function queueWords(lang) {
  return lang === "ja" ? JAPANESE : ENGLISH;
}
