/** Accounts of people: invitations, new passwords, and accounts that may sign in no more. */

import { ask, choice } from "../shared/ask.js";
import { make } from "../shared/elements.js";
import { field, form } from "../shared/form.js";
import { asFailure } from "../shared/api.js";

/** @import { Admin } from "./admin.js" */

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @param {Admin} admin @param {HTMLElement} root */
export async function accounts(admin, root) {
  const { words } = admin;
  root.replaceChildren(make("h1", {}, words.accounts), make("div", { class: "two" }, invitation(admin), change(admin)));
}

/** A form that invites staff, a doctor or an admin. @param {Admin} admin */
function invitation(admin) {
  const { words, clinics } = admin;
  const role = choice("role", [{ value: "STAFF", text: words.roles.STAFF }, { value: "DOCTOR", text: words.roles.DOCTOR }, { value: "ADMIN", text: words.roles.ADMIN }], "STAFF");
  const doctor = choice("doctor", [], "");
  const doctors = field(words.doctor, { id: "doctor" }, { control: doctor });
  const places = make(
    "fieldset",
    {},
    make("legend", {}, words.worksFor),
    ...clinics.map(({ id, name }) => make("div", { class: "check" }, make("input", { type: "checkbox", id: `clinic-${id}`, name: `clinic-${id}`, checked: id === admin.clinic.id }), make("label", { for: `clinic-${id}` }, make("bdi", {}, name)))),
  );
  const show = () => {
    doctors.hidden = role.value !== "DOCTOR";
    places.hidden = role.value !== "STAFF";
  };
  role.addEventListener("change", show);
  show();
  admin.attempt(async () => {
    const found = await admin.session.all("/api/doctors", { clinic_id: admin.clinic.id }, "doctors");
    doctor.replaceChildren(...found.map((each) => make("option", { value: each.id }, `${each.name} (${each.specialty})`)));
  });
  const element = form(
    admin.shared.problem,
    async (values) => {
      const { email = "" } = values;
      const clinic_ids = role.value === "STAFF" ? clinics.filter(({ id }) => values[`clinic-${id}`]).map(({ id }) => id) : [];
      const wrong = [];
      if (!/^\S+@\S+\.\S+$/.test(email)) wrong.push({ id: "email", text: admin.shared.emailMissing });
      if (role.value === "STAFF" && !clinic_ids.length) wrong.push({ id: `clinic-${clinics[0]?.id}`, text: words.clinicMissing });
      if (wrong.length) return wrong;
      try {
        const doctor_id = role.value === "DOCTOR" ? doctor.value : "";
        const answer = await admin.write("/api/auth/accounts:invite", { email, role: `ACCOUNT_ROLE_${role.value}`, clinic_ids, doctor_id });
        element.reset();
        show();
        if (answer.set_password_token) await secret(admin, words.invited(email), answer);
        else admin.say(`${words.mailed(email)} ${words.accountId}: ${answer.account_id}`);
      } catch (error) {
        return [{ id: "", text: admin.refused(asFailure(error)) }];
      }
    },
    make("h2", {}, words.invite),
    field(admin.shared.email, { id: "email", type: "email", autocomplete: "off" }),
    field(words.role, { id: "role" }, { control: role }),
    doctors,
    places,
    make("div", { class: "actions" }, make("button", { class: "primary" }, words.invite)),
  );
  element.classList.add("panel");
  return element;
}

/** A form for an account that is there already. @param {Admin} admin */
function change(admin) {
  const { words } = admin;
  const acts = /** @type {const} */ (["resetPassword", "disable", "enable"]);
  const act = choice("act", acts.map((value) => ({ value, text: words.accountActs[value] })), "resetPassword");
  const element = form(
    admin.shared.problem,
    async ({ account = "" }) => {
      if (!UUID.test(account)) return [{ id: "account", text: words.accountWrong }];
      const chosen = /** @type {typeof acts[number]} */ (act.value);
      const question = { title: words.accountActs[chosen], text: words.accountActTexts[chosen], confirm: words.accountActs[chosen], danger: chosen !== "enable", refused: admin.refused };
      /** @type {any} */
      let answer = null;
      const sent = await ask(admin.lang, question, async () => {
        const path = `/api/auth/accounts/${account}:${chosen}`;
        // The others may be made twice, and take no request id.
        answer = await (chosen === "resetPassword" ? admin.write(path, {}) : admin.session.call(path, { method: "POST", body: {} }));
      });
      if (!sent) return;
      element.reset();
      if (answer?.set_password_token) await secret(admin, words.resetDone, answer);
      else admin.say(chosen === "resetPassword" ? words.resetMailed : words.accountDone);
    },
    make("h2", {}, words.changeAccount),
    field(words.accountId, { id: "account", autocomplete: "off", spellcheck: "false" }, { hint: words.accountHint }),
    field(words.action, { id: "act" }, { control: act }),
    make("div", { class: "actions" }, make("button", { class: "primary" }, words.next)),
  );
  element.classList.add("panel");
  return element;
}

/** Show the address that sets a password, once. @param {Admin} admin @param {string} text @param {{account_id?: string, set_password_token: string}} answer */
function secret(admin, text, { account_id, set_password_token }) {
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
