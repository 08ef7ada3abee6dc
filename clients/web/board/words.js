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
  idle: "On a break, or not in now",
  /** @param {string} time @param {string} refusal */
  lost: (time, refusal) => (refusal ? `As of ${time}. ${refusal}` : `No connection – as of ${time}. Trying again.`),
  connecting: "Connecting …",
  unreachable: "The server cannot be reached. Trying again.",
  nobody: "No doctors at this clinic today.",
  pairing: "Pair this screen",
  pairingText: "Give this code to the staff of the clinic. The board appears as soon as they have confirmed it.",
  refusals: {
    TOKEN_EXPIRED: "The access token has ended: open this page with a new one, or without one to pair the screen.",
    TOKEN_INVALID: "The access token is not valid: copy the whole address again, or open it without the token to pair the screen.",
    NOT_ALLOWED: "This screen may not show this clinic: pair it again, or check the clinic in the address.",
    CLINIC_NOT_FOUND: "There is no such clinic: check the clinic in the address.",
    CLINIC_MISSING: "The access token is for no clinic: add ?clinic= and the clinic’s id to the address, before the #.",
    INVALID_REQUEST: "The clinic in the address is not an id: copy it again.",
    STORAGE_BLOCKED: "This browser stores nothing for this page, so the screen cannot be paired: allow it, leave private mode, and reload.",
    TOO_MANY_ATTEMPTS: "Too many codes were asked for from this address. A new one follows within a minute.",
    TOO_MANY_STREAMS: "Too many screens are open with this token or from this address: close some. Trying again.",
    RATE_LIMITED: "Too many calls come from this address. Trying again more slowly.",
    TOKEN_STORE_UNAVAILABLE: "Screens cannot be paired at the moment. Trying again.",
    DATABASE_UNAVAILABLE: "The server cannot reach its database. Trying again.",
    OVERLOADED: "The server has too much to do. Trying again.",
  },
  /** @param {string} what */
  fault: (what) => `The server refuses (${what}): tell whoever looks after it. Trying again.`,
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
  idle: "休憩中・診療前・終了",
  lost: (time, refusal) => `${refusal || "接続が切れています。"}${time} 現在の表示です。${refusal ? "" : "再接続しています。"}`,
  connecting: "接続しています…",
  unreachable: "サーバーに接続できません。再接続しています。",
  nobody: "本日この診療所に担当医はいません。",
  pairing: "この画面を登録してください",
  pairingText: "上記のコードを受付スタッフにお伝えください。確認が済むと案内板が表示されます。",
  refusals: {
    TOKEN_EXPIRED: "アクセストークンの期限が切れました。新しいトークンで開くか、トークンなしで開いて画面を登録してください。",
    TOKEN_INVALID: "アクセストークンが正しくありません。アドレス全体をコピーし直すか、トークンなしで開いて画面を登録してください。",
    NOT_ALLOWED: "この画面ではこの診療所を表示できません。登録し直すか、アドレスの診療所をご確認ください。",
    CLINIC_NOT_FOUND: "該当する診療所がありません。アドレスの診療所をご確認ください。",
    CLINIC_MISSING: "アクセストークンに診療所の指定がありません。アドレスの # の前に ?clinic= と診療所のIDを付けてください。",
    INVALID_REQUEST: "アドレスの診療所がIDではありません。コピーし直してください。",
    STORAGE_BLOCKED: "ブラウザがこのページのデータを保存しないため、画面を登録できません。保存を許可し、プライベートモードを終了して再読み込みしてください。",
    TOO_MANY_ATTEMPTS: "このアドレスからのコードの要求が多すぎます。1分以内に新しいコードを表示します。",
    TOO_MANY_STREAMS: "同じトークンまたはアドレスで開いている画面が多すぎます。いくつか閉じてください。再接続しています。",
    RATE_LIMITED: "このアドレスからの呼び出しが多すぎます。間隔を空けて再接続しています。",
    TOKEN_STORE_UNAVAILABLE: "現在、画面を登録できません。再試行しています。",
    DATABASE_UNAVAILABLE: "サーバーがデータベースに接続できません。再試行しています。",
    OVERLOADED: "サーバーが混み合っています。再試行しています。",
  },
  fault: (what) => `サーバーに拒否されました（${what}）。管理者にご連絡ください。再試行しています。`,
  page: (page, pages) => `${page} / ${pages} ページ`,
};

/** @param {import("../shared/language.js").Language} lang */
export function words(lang) {
  return lang === "ja" ? JAPANESE : ENGLISH;
}

/** @typedef {typeof ENGLISH} Words */

/**
 * What to say of a refusal; empty if the server was not reached.
 * @param {Words} words
 * @param {import("../shared/api.js").Failure} failure
 */
export function refused(words, { status, reason }) {
  /** @type {Record<string, string>} */
  const known = words.refusals;
  if (known[reason]) return known[reason];
  return status && status < 502 ? words.fault(reason || String(status)) : "";
}
