/** What the administration says of refusals, and what to do, by ErrorReason. */

/** @type {Record<string, string>} */
export const EN_REFUSALS = {
  EMAIL_TAKEN: "There is an account with this address already.",
  ACCOUNT_NOT_FOUND: "There is no such account. Check the number.",
  NOTIFICATION_NOT_DEAD: "Somebody else has sent it again already.",
  NOTIFICATION_NOT_FOUND: "This notice is not kept any more.",
  PAIRING_CODE_UNKNOWN: "No display shows this code now. Check it; each code is good for ten minutes.",
  APPOINTMENT_TYPE_EXISTS: "The clinic has a type of this name.",
  RESOURCE_EXISTS: "The clinic has a room or a device of this name.",
  UNKNOWN_METHOD: "This server does not know these figures yet. Update it.",
};

/** @type {Record<string, string>} */
export const JA_REFUSALS = {
  EMAIL_TAKEN: "このアドレスのアカウントはすでにあります。",
  ACCOUNT_NOT_FOUND: "該当するアカウントがありません。IDを確認してください。",
  NOTIFICATION_NOT_DEAD: "すでに別の管理者が再送しました。",
  NOTIFICATION_NOT_FOUND: "このお知らせはもう保存されていません。",
  PAIRING_CODE_UNKNOWN: "このコードを表示している画面がありません。確認してください。コードは10分間有効です。",
  APPOINTMENT_TYPE_EXISTS: "同じ名前の種類がすでにあります。",
  RESOURCE_EXISTS: "同じ名前の部屋・機器がすでにあります。",
  UNKNOWN_METHOD: "サーバーがこの集計に対応していません。更新してください。",
};
