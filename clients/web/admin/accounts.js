/** Accounts: who there is, and invitations. */

import { choice } from "../shared/ask.js";
import { make } from "../shared/elements.js";
import { field, form } from "../shared/form.js";
import { asFailure } from "../shared/api.js";
import { mailOf } from "../shared/typed.js";

import { accountList, secret } from "./account_list.js";

/** @import { Admin } from "./admin.js" */

/** @param {Admin} admin @param {HTMLElement} root */
export async function accounts(admin, root) {
  const { words } = admin;
  const list = accountList(admin);
  root.replaceChildren(make("h1", {}, words.accounts), list.element, invitation(admin, list.again));
}

/** A form that invites staff, a doctor or an admin. @param {Admin} admin @param {() => void} done */
function invitation(admin, done) {
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
      const email = mailOf(values.email);
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
        done();
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
