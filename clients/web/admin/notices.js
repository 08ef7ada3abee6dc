/** Notices to patients: those that could not be sent, and all others. */

import { make } from "../shared/elements.js";
import { ask, choice } from "../shared/ask.js";
import { onDevice } from "../shared/wall_clock.js";
import { scrolling } from "./admin.js";

/** @import { Admin } from "./admin.js" */
/** @typedef {{id: string, kind: string, channel: string, status: string, outcome: string, attempts: number, appointment_id: string, update_time: string, expire_time: string}} Notice */

const STATUSES = /** @type {const} */ (["DEAD", "WAITING", "PLANNED", "SENT", "DROPPED"]);

/** Show notices of a status, dead letters first. @param {Admin} admin @param {HTMLElement} root */
export async function notices(admin, root) {
  const { words } = admin;
  const status = choice("notice-status", STATUSES.map((each) => ({ value: each, text: words.noticeStatuses[each] })), "DEAD");
  const body = make("tbody", {});
  const empty = make("p", { class: "message good", hidden: true }, words.noNotices);
  const more = make("button", { type: "button", hidden: true, onclick: () => load() }, words.more);
  let page = "";
  let asked = 0;
  const load = () =>
    admin.attempt(async () => {
      const mine = ++asked;
      const query = new URLSearchParams({ status: `NOTIFICATION_STATUS_${status.value}`, size: "50", page_token: page });
      const answer = await admin.session.call(`/api/notifications?${query}`);
      // A slower answer to an older question is not shown.
      if (mine !== asked) return;
      if (!page) body.replaceChildren();
      body.append(...answer.notifications.map((/** @type {Notice} */ notice) => row(admin, notice)));
      page = answer.next_page_token;
      more.hidden = !page;
      empty.hidden = body.childElementCount > 0;
    });
  status.addEventListener("change", () => ((page = ""), load()));
  const heads = [words.notice, words.why, words.channel, words.attempts, words.changedAt, words.action];
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))), body);
  root.replaceChildren(
    make("h1", {}, words.notices),
    make("p", { class: "muted" }, words.noticesText),
    make("div", { class: "field short" }, make("label", { for: "notice-status" }, words.status), status),
    empty,
    scrolling(words.notices, table),
    more,
  );
  await load();
}

/** @param {Admin} admin @param {Notice} notice */
function row(admin, notice) {
  const { words, lang } = admin;
  const kind = /** @type {keyof typeof words.noticeKinds} */ (notice.kind.replace("NOTIFICATION_KIND_", ""));
  const outcome = /** @type {keyof typeof words.outcomes} */ (notice.outcome.replace("NOTIFICATION_OUTCOME_", ""));
  const channel = /** @type {keyof typeof words.channels} */ (notice.channel.replace("NOTIFICATION_CHANNEL_", ""));
  const at = onDevice(lang, notice.update_time);
  const name = words.noticeKinds[kind];
  const cell = make("td", {});
  const line = make("tr", {}, make("th", { scope: "row" }, name, make("small", { class: "muted id" }, notice.appointment_id)), ...[words.outcomes[outcome], words.channels[channel], String(notice.attempts), at].map((text) => make("td", {}, text)), cell);
  if (notice.status === "NOTIFICATION_STATUS_DEAD") cell.append(make("button", { type: "button", "aria-label": `${words.retry}: ${name}`, onclick: () => retry(admin, notice, line) }, words.retry));
  return line;
}

/** @param {Admin} admin @param {Notice} notice @param {HTMLElement} line */
async function retry(admin, notice, line) {
  const { words, lang } = admin;
  const twice = notice.outcome === "NOTIFICATION_OUTCOME_UNKNOWN";
  await ask(lang, { title: words.retryTitle, text: twice ? words.retryTwice : words.retryText, confirm: words.retry, refused: (failure) => admin.refused(failure) }, async () => {
    await admin.write(`/api/notifications/${notice.id}:retry`, {});
    const next = line.nextElementSibling ?? line.previousElementSibling;
    line.remove();
    next?.querySelector("button")?.focus();
    admin.say(words.retried);
  });
}
