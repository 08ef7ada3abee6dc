/**
 * Where the links of mails lead: a first password, a new one, the confirmation of an address; and without a link, the
 * request for one. What follows the `#` of a link is never sent with the address of a page, only in the body of a call.
 */

import { asFailure, call } from "../shared/api.js";
import { make, part } from "../shared/elements.js";
import { field, form } from "../shared/form.js";
import { language, languageButton } from "../shared/language.js";
import { refusal, sharedWords } from "../shared/words.js";
import { words } from "./words.js";

/** @import { Child } from "../shared/elements.js" */
/** @import { Wrong } from "../shared/form.js" */

const LANG = language();
const WORDS = words(LANG);
const SHARED = sharedWords(LANG);
const SHORTEST_PASSWORD = 12;

/** Show what the address asks for. */
function start() {
  const [purpose, token] = location.hash.slice(1).split("=", 2);
  if (token && (purpose === "invitation" || purpose === "reset")) passwordPage(purpose, token);
  else if (token && purpose === "address") addressPage(token);
  else requestPage();
}

/** @param {"invitation" | "reset"} purpose @param {string} token */
function passwordPage(purpose, token) {
  const password = make("input", { id: "password", name: "password", type: "password", autocomplete: "new-password" });
  const showing = make("input", { id: "show-password", type: "checkbox", onchange: () => (password.type = showing.checked ? "text" : "password") });
  const sending = form(
    SHARED.problem,
    async (values) => {
      if ([...(values.password ?? "")].length < SHORTEST_PASSWORD) return [{ id: "password", text: WORDS.passwordShort }];
      const body = { set_password_token: token, password: values.password };
      return sent("/api/auth/password:set", body, "password", () =>
        show(WORDS.passwordSet, paragraph(WORDS.passwordSetText), make("p", {}, make("a", { href: "/" }, WORDS.start))),
      );
    },
    field(WORDS.newPassword, { id: "password" }, { hint: WORDS.passwordHint, control: password }),
    make("div", { class: "check" }, showing, make("label", { for: "show-password" }, SHARED.showPassword)),
    actions(WORDS.setPassword),
    make("p", {}, make("button", { class: "plain", type: "button", onclick: requestPage }, WORDS.again)),
  );
  const text = purpose === "invitation" ? WORDS.invitationText : WORDS.resetText;
  show(WORDS[purpose], paragraph(text), sending);
}

/** @param {string} token */
function addressPage(token) {
  const sending = form(
    SHARED.problem,
    () => sent("/api/patients:confirmContactByLink", { link_token: token }, "", () => show(WORDS.confirmed, paragraph(WORDS.confirmedText))),
    actions(WORDS.confirm),
  );
  show(WORDS.address, paragraph(WORDS.addressText), sending);
}

function requestPage() {
  const sending = form(
    SHARED.problem,
    async ({ email = "" }) => {
      if (!/^\S+@\S+$/.test(email)) return [{ id: "email", text: SHARED.emailMissing }];
      return sent("/api/auth/password:requestReset", { email }, "email", () => show(WORDS.sent, paragraph(WORDS.sentText)));
    },
    field(SHARED.email, { id: "email", type: "email", autocomplete: "username", inputmode: "email" }, { hint: SHARED.emailHint }),
    actions(WORDS.sendLink),
  );
  show(WORDS.forgotten, paragraph(WORDS.forgottenText), sending);
}

/**
 * Make a call, and then do what follows; or say what is wrong, with the field that the server finds wrong.
 * @param {string} path @param {object} body @param {string} id @param {() => void} done @returns {Promise<Wrong[]>}
 */
async function sent(path, body, id, done) {
  try {
    await call(path, { body, timeoutMs: 20_000 });
  } catch (error) {
    const failure = asFailure(error);
    if (id && failure.violations.some((each) => each.field === id)) {
      return [{ id, text: id === "password" ? WORDS.passwordWeak : SHARED.emailMissing }];
    }
    return [{ id: "", text: refusal(SHARED, WORDS.refusals, failure) }];
  }
  // A used token has no place in the browser's history.
  history.replaceState(null, "", location.pathname + location.search);
  done();
  return [];
}

/** @param {string} heading @param {...Child} children */
function show(heading, ...children) {
  document.title = heading;
  const title = make("h1", { tabindex: "-1" }, heading);
  part("main").replaceChildren(title, ...children.filter((child) => child instanceof Node));
  title.focus();
}

/** @param {string} text */
function paragraph(text) {
  return make("p", {}, text);
}

/** @param {string} label */
function actions(label) {
  return make("div", { class: "actions" }, make("button", { class: "primary" }, label));
}

document.documentElement.lang = LANG;
part("footer").append(languageButton(LANG));
addEventListener("hashchange", start);
start();
