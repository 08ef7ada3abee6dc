/** What the board says, in English and Japanese. */

const ENGLISH = {
  caption: "Doctors, their present and next appointments, and free slots today",
  doctor: "Doctor",
  now: "Now",
  next: "Next",
  free: "Free today",
  busy: "With a patient",
  away: "At another clinic",
  ready: "On duty",
  pause: "Break",
  later: "Later",
  done: "Finished",
  absent: "Not in today",
  unknown: "No data yet",
  /** @param {string} time */
  until: (time) => `until ${time}`,
  /** @param {string} time */
  from: (time) => `from ${time}`,
  full: "None",
  live: "Live",
  /** @param {string} time */
  lost: (time) => `No connection – as of ${time}. Trying again.`,
  connecting: "Connecting …",
  unreachable: "The server cannot be reached. Trying again.",
  nobody: "No doctors at this clinic today.",
  pairing: "Pair this screen",
  pairingText: "Give this code to the staff of the clinic. The board appears as soon as they have confirmed it.",
  ended: "The access token has ended: open this page with a new one, or without one to pair the screen.",
  forbidden: "This screen may not show this clinic: pair it again, or check the clinic in the address.",
  /** @param {number} page @param {number} pages */
  page: (page, pages) => `Page ${page} of ${pages}`,
};

/** @type {typeof ENGLISH} */
const JAPANESE = {
  caption: "医師ごとの現在と次の予約、本日の空き枠",
  doctor: "担当医",
  now: "現在",
  next: "次の予約",
  free: "本日の空き",
  busy: "診察中",
  away: "他院で診療中",
  ready: "診療時間中",
  pause: "休憩中",
  later: "診療前",
  done: "本日終了",
  absent: "本日休診",
  unknown: "未受信",
  until: (time) => `${time}まで`,
  from: (time) => `${time}から`,
  full: "空きなし",
  live: "接続中",
  lost: (time) => `接続が切れています。${time} 現在の表示です。再接続しています。`,
  connecting: "接続しています…",
  unreachable: "サーバーに接続できません。再接続しています。",
  nobody: "本日この診療所に担当医はいません。",
  pairing: "この画面を登録してください",
  pairingText: "上記のコードを受付スタッフにお伝えください。確認が済むと案内板が表示されます。",
  ended: "アクセストークンの期限が切れました。新しいトークンで開くか、トークンなしで開いて画面を登録してください。",
  forbidden: "この画面ではこの診療所を表示できません。登録し直すか、アドレスの診療所をご確認ください。",
  page: (page, pages) => `${page} / ${pages} ページ`,
};

/**
 * The language to speak: the one asked for, else the browser's, else English.
 * @param {string | null} asked
 * @returns {"en" | "ja"}
 */
export function language(asked) {
  return (asked ?? navigator.language).toLowerCase().startsWith("ja") ? "ja" : "en";
}

/** @param {"en" | "ja"} lang */
export function words(lang) {
  return lang === "ja" ? JAPANESE : ENGLISH;
}

/** @typedef {typeof ENGLISH} Words */

/** Times and dates on the wall clock of a zone. */
export class Wall {
  #time;
  #long;
  #date;

  /**
   * @param {"en" | "ja"} lang
   * @param {string} timeZone
   */
  constructor(lang, timeZone) {
    this.#time = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
    this.#long = new Intl.DateTimeFormat(lang === "ja" ? "ja-JP" : "en-GB", { timeZone, dateStyle: "full" });
    this.#date = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });
  }

  /** `HH:MM`. @param {number} at */
  time(at) {
    return this.#time.format(at);
  }

  /** The date in words. @param {number} at */
  long(at) {
    return this.#long.format(at);
  }

  /** `YYYY-MM-DD`. @param {number} at */
  date(at) {
    return this.#date.format(at);
  }
}
