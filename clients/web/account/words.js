/** What the account page says, in English and Japanese. */

const ENGLISH = {
  invitation: "Choose a password",
  invitationText: "An account was made for you. With a password you can use it.",
  reset: "Choose a new password",
  resetText: "The old password no longer works once you have chosen a new one. You are then signed out everywhere.",
  newPassword: "New password",
  passwordHint: "At least 12 characters. Three words that do not belong together are good, and easy to remember.",
  passwordShort: "Enter a password of at least 12 characters",
  passwordWeak: "This password is easy to guess, too short or too long. Choose another, such as three words that do not belong together.",
  setPassword: "Set the password",
  passwordSet: "Your password is set",
  passwordSetText: "Sign in with your email address and the new password.",
  start: "Go to the start page",
  address: "Confirm your email address",
  addressText: "Your clinic will send messages about your appointments to this address.",
  confirm: "Confirm the address",
  confirmed: "Your address is confirmed",
  confirmedText: "From now on, messages from your clinic go to this address. You can close this page.",
  forgotten: "Forgot your password?",
  forgottenText: "Enter the email address of your account. We send you a link with which you choose a new password.",
  sendLink: "Send the link",
  sent: "Look at your mail",
  sentText: "If an account has this address, a message with a link is on its way. The link works for 24 hours. If nothing comes, look among unwanted mail, and check the address.",
  again: "Ask for another link",
  refusals: {
    SET_PASSWORD_TOKEN_INVALID: "This link no longer works: it was used, is too old, or a newer message replaced it. Use the newest message, or ask for another link.",
    LINK_INVALID: "This link no longer works: it was used, is too old, or a newer message replaced it. Use the newest message, or enter the address again.",
    PASSWORD_RESET_NOT_OFFERED: "No links are sent here. Ask your clinic for a new password.",
    TOO_MANY_ATTEMPTS: "Too many links were asked for. Use the newest message, or try again in an hour.",
    INVALID_REQUEST: "This link is not complete. Open it from the message again.",
  },
};

/** @type {typeof ENGLISH} */
const JAPANESE = {
  invitation: "パスワードの設定",
  invitationText: "アカウントをご用意しました。パスワードを設定するとご利用いただけます。",
  reset: "新しいパスワードの設定",
  resetText: "新しいパスワードを設定すると、これまでのパスワードは使えなくなり、すべての端末からログアウトします。",
  newPassword: "新しいパスワード",
  passwordHint: "12文字以上。関連のない単語を3つ並べると、覚えやすく安全です。",
  passwordShort: "12文字以上のパスワードを入力してください",
  passwordWeak: "推測されやすいか、長さが適切でないパスワードです。関連のない単語を3つ並べるなど、別のパスワードにしてください。",
  setPassword: "パスワードを設定する",
  passwordSet: "パスワードを設定しました",
  passwordSetText: "メールアドレスと新しいパスワードでログインしてください。",
  start: "トップページへ",
  address: "メールアドレスの確認",
  addressText: "ご予約に関するお知らせを、このメールアドレスにお送りします。",
  confirm: "このアドレスを確認する",
  confirmed: "メールアドレスを確認しました",
  confirmedText: "今後、クリニックからのお知らせはこのアドレスに届きます。このページは閉じてかまいません。",
  forgotten: "パスワードをお忘れの方",
  forgottenText: "アカウントのメールアドレスを入力してください。新しいパスワードを設定するためのリンクをお送りします。",
  sendLink: "リンクを送信する",
  sent: "メールをご確認ください",
  sentText: "このアドレスのアカウントがある場合、リンクを記載したメールをお送りします。リンクは24時間有効です。届かない場合は、迷惑メールとアドレスをご確認ください。",
  again: "別のリンクを送信する",
  refusals: {
    SET_PASSWORD_TOKEN_INVALID: "このリンクは使えません。使用済みか、期限切れか、新しいメールに置き換えられています。最新のメールをご利用いただくか、別のリンクを送信してください。",
    LINK_INVALID: "このリンクは使えません。使用済みか、期限切れか、新しいメールに置き換えられています。最新のメールをご利用いただくか、アドレスをもう一度登録してください。",
    PASSWORD_RESET_NOT_OFFERED: "こちらではリンクを送信していません。新しいパスワードはクリニックにお尋ねください。",
    TOO_MANY_ATTEMPTS: "リンクの送信回数が多すぎます。最新のメールをご利用いただくか、1時間後にもう一度お試しください。",
    INVALID_REQUEST: "リンクが途中で切れています。メールからもう一度開いてください。",
  },
};

/** @typedef {typeof ENGLISH} Words */

/** @param {import("../shared/language.js").Language} lang @returns {Words} */
export function words(lang) {
  return lang === "ja" ? JAPANESE : ENGLISH;
}
