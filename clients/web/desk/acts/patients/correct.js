/** Corrects the details of a patient. */

import { asFailure } from "../../../shared/api.js";
import { area } from "../../../shared/ask.js";
import { make } from "../../../shared/elements.js";
import { field } from "../../../shared/form.js";
import { dateInWords } from "../../../shared/wall_clock.js";
import { confirmContact, waiting } from "./confirm_contact.js";
import { DETAILS, detailFields, entered } from "./details.js";

/** @import { Failure } from "../../../shared/api.js" */
/** @import { Wrong } from "../../../shared/form.js" */
/** @import { Desk } from "../../desk.js" */
/** @import { Patient } from "../../view/finder.js" */
/** @import { Details } from "./details.js" */
/** @typedef {Patient & Details & {etag: string, pending_email: string, pending_phone: string}} Known a patient with all that the server knows */

/** Show what is known of a patient, and change it; true if anything is known to have changed. @param {Desk} desk @param {{id: string}} whom @param {string} first the field that has the focus */
export async function correct(desk, whom, first = "name") {
  /** @type {Known | undefined} */
  const known = await desk.attempt("", () => load(desk, whom.id));
  return known ? new Correction(desk, known).ask(first) : false;
}

/** The patient, as the server knows it now (Failure). @param {Desk} desk @param {string} id @returns {Promise<Known>} */
async function load(desk, id) {
  return (await desk.session.call(`/api/patients/${id}`)).patient;
}

/** One patient in the dialog. */
class Correction {
  #desk;
  /** What the fields are compared with. */
  #known;
  #fields = make("div", {});
  #reason;
  #pending = make("div", {});
  #sentCode = false;

  /** @param {Desk} desk @param {Known} known */
  constructor(desk, known) {
    const { words } = desk;
    this.#desk = desk;
    this.#known = known;
    this.#reason = field(words.correctReason, { id: "correct-reason" }, { control: area("correct-reason"), hint: words.correctReasonHint });
    this.#reason.hidden = true;
    this.#showPending();
  }

  /** @param {string} first */
  async ask(first) {
    const { words } = this.#desk;
    const before = this.#known;
    this.#fields.append(...detailFields(this.#desk, before, first));
    await this.#desk.ask({ title: words.correctTitle(before.name), confirm: words.saveButton }, (values) => this.#send(values), this.#pending, this.#fields, this.#reason);
    if (this.#sentCode) await confirmContact(this.#desk, this.#known, (patient) => this.#take(patient));
    return this.#known.etag !== before.etag;
  }

  /** @param {Record<string, string>} values @returns {Promise<Wrong[] | void>} */
  async #send(values) {
    const { words } = this.#desk;
    const { details, wrong: malformed } = entered(this.#desk, values);
    const changed = DETAILS.filter((each) => details[each] !== this.#known[each]);
    // What was imported may look otherwise than what the desk enters; it is in nobody's way.
    const wrong = malformed.filter(({ id }) => changed.some((each) => each === id));
    const reason = values["correct-reason"] ?? "";
    if (!this.#reason.hidden && !reason) wrong.push({ id: "correct-reason", text: words.reasonMissing });
    if (wrong.length) return wrong;
    if (!changed.length) return this.#desk.say(words.said.stopped);
    const patient = { ...Object.fromEntries(changed.map((each) => [each, details[each]])), etag: this.#known.etag };
    try {
      const answer = await this.#desk.write(`/api/patients/${this.#known.id}`, { patient, update_mask: changed.join(","), reason }, "PATCH");
      this.#saved(answer.patient);
    } catch (error) {
      const failure = asFailure(error);
      const refused = failure.reason === "ETAG_MISMATCH" ? await this.#compare(details) : this.#wrongFields(failure);
      if (!refused.length) throw error;
      return refused;
    }
  }

  /** @param {Known} patient */
  #saved(patient) {
    const { words } = this.#desk;
    const waits = waiting(patient);
    const isNew = patient.pending_email !== this.#known.pending_email || patient.pending_phone !== this.#known.pending_phone;
    this.#take(patient);
    if (!waits.length) this.#desk.say(words.done.corrected(patient.name));
    else this.#desk.say(words.done.correctedButWaits(patient.name, waits.join(", ")));
    // Where a reason was needed, the patient belongs to others, and the code is not for this desk.
    this.#sentCode = Boolean(isNew && waits.length && this.#reason.hidden);
  }

  /** @param {Known} patient */
  #take(patient) {
    const { lookup, day, toBook } = this.#desk;
    this.#known = patient;
    lookup.put(patient);
    for (const each of day.appointments()) if (each.patient.id === patient.id) each.patient.name = patient.name;
    if (toBook?.id === patient.id) this.#desk.carry({ patient });
    this.#desk.draw();
  }

  /** Take in what somebody else has changed; what was typed here stays. @param {Details} typed @returns {Promise<Wrong[]>} */
  async #compare(typed) {
    const { words, lang } = this.#desk;
    const before = this.#known;
    const now = await load(this.#desk, before.id);
    this.#take(now);
    this.#showPending();
    const theirs = DETAILS.filter((each) => now[each] !== before[each]);
    const wrong = theirs.map((id) => {
      const input = /** @type {HTMLInputElement | HTMLSelectElement} */ (this.#fields.querySelector(`#${id}`));
      if (typed[id] === before[id]) input.value = now[id];
      const told = id === "birth_date" ? dateInWords(lang, now[id]) : id === "language" ? { ja: words.japanese }[now[id]] ?? words.english : now[id];
      return { id, text: input.value === now[id] ? words.nowChangedTo(told) : words.nowButTyped(told) };
    });
    return [{ id: "", text: words.changedElsewhere }, ...wrong];
  }

  /** What a refusal says of fields; empty if it is about none. @param {Failure} failure @returns {Wrong[]} */
  #wrongFields({ reason, violations }) {
    const { words } = this.#desk;
    if (reason === "REASON_REQUIRED") {
      this.#reason.hidden = false;
      return [{ id: "correct-reason", text: words.correctReasonNeeded }];
    }
    /** @type {Record<string, Wrong>} */
    const wrong = {
      name: { id: "name", text: words.nameMissing },
      birth_date: { id: "birth_date", text: words.birthWrong },
      phone: { id: "phone", text: words.phoneWrong },
      email: { id: "email", text: words.emailWrong },
      reason: { id: "correct-reason", text: words.reasonMissing },
    };
    return violations.flatMap((each) => wrong[each.field.replace(/^patient\./, "")] ?? []);
  }

  /** Say which address waits for its code, and lead to it. */
  #showPending() {
    const { words } = this.#desk;
    const waits = waiting(this.#known);
    const taken = (/** @type {Known} */ patient) => {
      const before = this.#known;
      this.#take(patient);
      for (const id of /** @type {const} */ (["email", "phone"])) {
        const input = /** @type {HTMLInputElement} */ (this.#fields.querySelector(`#${id}`));
        if (input.value === before[id]) input.value = patient[id];
      }
      this.#showPending();
    };
    const enter = make("button", { type: "button", onclick: () => confirmContact(this.#desk, this.#known, taken) }, words.enterCode);
    this.#pending.replaceChildren(...(waits.length ? [make("p", {}, words.waitsForCode(waits.join(", "))), enter] : []));
  }
}
