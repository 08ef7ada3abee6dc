/** What the bar at the bottom of the desk says of the day itself, in Japanese. */

/** @type {import("./en_said.js").Said} */
export const JA_SAID = {
  takenElsewhere: (time) => `${time} はたった今、別の受付または患者によって予約されました。`,
  stopped: "やめました。何も変更されていません。",
  notFree: "この時間は空いていません。空き時間を選ぶか、B で追加の患者として予約してください。",
  notNow: (status, command) => `「${command}」はここではできません：${status}`,
  nothingToUndo: "元に戻せる操作がありません。",
  undone: "元に戻しました。",
  noQueueElsewhere: "順番待ちは今日だけです。T を押すと今日へ移動します。",
};
