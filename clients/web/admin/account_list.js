/** Who has an account: found by role, state and text, and what an admin does about it. */

import { ask, choice } from "../shared/ask.js";
import { make } from "../shared/elements.js";
import { field, form } from "../shared/form.js";
import { scrolling } from "./admin.js";

/** @import { Admin } from "./admin.js" */
/** @typedef {{account: {id: string, email: string, roles: string[], second_factor: boolean}, state: string, name: string, create_time: string}} Listed */
/** @typedef {"resetPassword" | "disable" | "enable" | "resetSecondFactor"} Act */

const ROLES = /** @type {const} */ (["STAFF", "DOCTOR", "ADMIN", "PATIENT", "SYSTEM", "DISPLAY", "KIOSK"]);
const STATES = /** @type {const} */ (["ACTIVE", "WITHOUT_PASSWORD", "DISABLED"]);

/** The list, and a function that asks for it again. @param {Admin} admin */
export function accountList(admin) {
  const { words } = admin;
  const all = { value: "", text: words.all };
  const role = choice("account-role", [all, ...ROLES.map((value) => ({ value, text: words.accountRoles[value] }))], "");
  const state = choice("account-state", [all, ...STATES.map((value) => ({ value, text: words.accountStates[value] }))], "");
  const own = make("input", { type: "checkbox", id: "account-own", name: "account-own" });
  const text = make("input", { id: "account-text", name: "account-text", type: "search", autocomplete: "off", maxlength: 254 });
  const rows = make("tbody", {});
  const none = make("p", { class: "muted", role: "status" });
  const more = make("button", { type: "button", hidden: true, onclick: () => show(next) }, words.more);
  let next = "";
  let asked = 0;

  /** Ask for a page and add it; the first one replaces what is shown. @param {string} page */
  async function show(page) {
    const mine = ++asked;
    await admin.attempt(async () => {
      const body = { role: role.value && `ACCOUNT_ROLE_${role.value}`, state: state.value && `ACCOUNT_STATE_${state.value}`, clinic_id: own.checked && role.value !== "PATIENT" ? admin.clinic.id : "", text: text.value, size: 50, page_token: page };
      const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value));
      const answer = await admin.session.call("/api/auth/accounts:list", { method: "POST", body: given });
      // A slower answer to an older question is not shown.
      if (mine !== asked) return;
      if (!page) rows.replaceChildren();
      rows.append(...answer.accounts.map((/** @type {Listed} */ each) => row(admin, each, again)));
      next = answer.next_page_token;
      more.hidden = !next;
      none.textContent = rows.childElementCount ? "" : words.noAccounts;
    });
  }
  const again = () => void show("");
  for (const each of [role, state, own]) each.addEventListener("change", again);
  const search = form(
    admin.shared.problem,
    () => again(),
    field(words.accountText, { id: "account-text" }, { control: text, hint: words.accountTextHint }),
    field(words.role, { id: "account-role" }, { control: role }),
    field(words.status, { id: "account-state" }, { control: state }),
    make("div", { class: "check" }, own, make("label", { for: "account-own" }, words.accountOwn)),
    make("div", { class: "actions" }, make("button", { class: "primary" }, words.find)),
  );
  search.classList.add("panel");
  const heads = [admin.shared.email, words.name, words.role, words.status, admin.shared.factor, words.action];
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))), rows);
  again();
  return { element: make("div", {}, search, none, scrolling(words.accounts, table), more), again };
}

/** @param {Admin} admin @param {Listed} listed @param {() => void} again */
function row(admin, listed, again) {
  const { words } = admin;
  const { account } = listed;
  const state = /** @type {typeof STATES[number]} */ (listed.state.replace("ACCOUNT_STATE_", ""));
  const person = Boolean(account.email);
  /** @type {Act[]} */
  const acts = [];
  if (person && state !== "DISABLED") acts.push("resetPassword");
  if (account.second_factor && account.id !== admin.session.account?.id) acts.push("resetSecondFactor");
  if (state === "DISABLED" ? person : account.id !== admin.session.account?.id) acts.push(state === "DISABLED" ? "enable" : "disable");
  const name = account.email || listed.name;
  const label = (/** @type {Act} */ act) => (act === "resetPassword" && state === "WITHOUT_PASSWORD" ? words.inviteAgain : words.accountActs[act]);
  const roles = account.roles.map((each) => words.accountRoles[/** @type {typeof ROLES[number]} */ (each.replace("ACCOUNT_ROLE_", ""))]);
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, make("bdi", {}, account.email || "–")),
    make("td", {}, make("bdi", {}, listed.name)),
    make("td", {}, roles.join(", ")),
    make("td", {}, words.accountStates[state]),
    make("td", {}, account.second_factor ? words.yes : ""),
    make("td", {}, ...acts.map((act) => make("button", { type: "button", "aria-label": `${label(act)}: ${name}`, onclick: () => change(admin, listed, act, label(act), again) }, label(act)))),
  );
}

/** @param {Admin} admin @param {Listed} listed @param {Act} act @param {string} title @param {() => void} again */
async function change(admin, { account, name }, act, title, again) {
  const { words } = admin;
  const question = { title: `${title}: ${account.email || name}`, text: words.accountActTexts[act], confirm: title, danger: act !== "enable", refused: admin.refused };
  /** @type {any} */
  let answer = null;
  const sent = await ask(admin.lang, question, async () => {
    const path = `/api/auth/accounts/${account.id}:${act}`;
    // The others may be made twice, and take no request id.
    answer = await (act === "resetPassword" ? admin.write(path, {}) : admin.session.call(path, { method: "POST", body: {} }));
  });
  if (!sent) return;
  again();
  if (answer?.set_password_token) await secret(admin, words.resetDone, answer);
  else admin.say(act === "resetPassword" ? words.resetMailed : words.accountDone);
}

/** Show the address that sets a password, once. @param {Admin} admin @param {string} text @param {{account_id?: string, set_password_token: string}} answer */
export function secret(admin, text, { account_id, set_password_token }) {
  const { words } = admin;
  const address = `${location.origin}/account#${account_id ? "invitation" : "reset"}=${set_password_token}`;
  return ask(
    admin.lang,
    { title: text, text: words.secretText },
    () => {},
    account_id && make("p", {}, `${words.accountId}: `, make("code", {}, account_id)),
    field(words.address, { id: "address", value: address, readonly: true, onfocus: (/** @type {any} */ event) => event.target.select() }),
  );
}
