/** What the bar at the bottom of the desk says, in English and Japanese. */

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
  /** @param {string} name */
  recorded: (name) => `Saved in the records of ${name}.`,
};

/** @type {typeof EN_SAID} */
export const JA_SAID = {
  checkedIn: (name, ticket) => (ticket ? `${name} さんを受け付けました。番号 ${ticket}` : `${name} さんを受け付けました。`),
  started: (name) => `${name} さんの診察を開始しました。`,
  completed: (name) => `${name} さんの診察が終わりました。`,
  missed: (name) => `${name} さんを「来院なし」にしました。時間は空きました。`,
  reverted: (name, status) => `${name} さんを「${status}」に戻しました。`,
  moved: (name, time, doctor) => `${name} さんを ${time} ${doctor} へ移動しました。`,
  cancelled: (name, time) => `${name} さんの ${time} の予約をキャンセルしました。`,
  booked: (name, time, doctor) => `${name} さんを ${time} ${doctor} に予約しました。`,
  registered: (name) => `${name} さんを登録しました。空き時間を選んで Enter を押すと予約できます。`,
  called: (ticket, name, room) => `${ticket} ${name} さんを ${room} へ呼びました。`,
  skipped: (ticket) => `${ticket} を後回しにしました。「再度呼ぶ」で戻せます。`,
  placed: (ticket, place) => `${ticket} を ${place} 番目にしました。`,
  walkIn: (ticket, doctor) => `${doctor} の番号票 ${ticket}`,
  laneClosed: (doctor) => `${doctor} の本日の受付を終了しました。`,
  laneOpened: (doctor) => `${doctor} の受付を再開しました。`,
  takenElsewhere: (time) => `${time} はたった今、別の受付または患者によって予約されました。`,
  stopped: "やめました。何も変更されていません。",
  justCalled: (ticket) => `${ticket} を呼んだばかりです。次を呼ぶにはもう一度押してください。`,
  notNow: (status, command) => `「${command}」はここではできません：${status}`,
  nothingToUndo: "元に戻せる操作がありません。",
  undone: "元に戻しました。",
  undoReason: "受付で直ちに取り消し",
  noQueueElsewhere: "順番待ちは今日だけです。T を押すと今日へ移動します。",
  timeOff: (doctor, kept, cancelled) => `${doctor} の休診を登録しました（そのまま ${kept}件、キャンセル ${cancelled}件）。`,
  noticesGoOut: "患者に通知されます。",
  recorded: (name) => `${name} さんの診療記録に保存しました。`,
};
