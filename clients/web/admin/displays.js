/** Screens in waiting rooms, and kiosks: which there are, and codes to confirm. */

import { asFailure } from "../shared/api.js";
import { ask, choice } from "../shared/ask.js";
import { make } from "../shared/elements.js";
import { codeOf, field, form } from "../shared/form.js";
import { scrolling } from "./admin.js";

/** @import { Admin } from "./admin.js" */
/** @typedef {{id: string, name: string, kind: string, create_time: string}} Display */

/** @param {Admin} admin @param {HTMLElement} root */
export async function displays(admin, root) {
  const { words, clinic } = admin;
  const again = () => displays(admin, root);
  const kind = choice("kind", [{ value: "SCREEN", text: words.screen }, { value: "KIOSK", text: words.kiosk }], "SCREEN");
  const pairing = form(
    admin.shared.problem,
    async ({ code: typed, name = "" }) => {
      const code = codeOf(typed);
      const wrong = [];
      if (code.length < 8) wrong.push({ id: "code", text: words.codeWrong });
      if (!name) wrong.push({ id: "name", text: words.nameMissing });
      if (wrong.length) return wrong;
      try {
        await admin.write("/api/auth/displays:confirm", { pairing_code: code, clinic_id: clinic.id, name, kind: `DISPLAY_KIND_${kind.value}` });
        admin.say(words.saved);
        await again();
      } catch (error) {
        return [{ id: "", text: admin.refused(asFailure(error)) }];
      }
    },
    make("h2", {}, words.pair),
    field(words.code, { id: "code", autocomplete: "off", spellcheck: "false" }, { hint: words.codeHint }),
    field(words.name, { id: "name", maxlength: 100 }),
    field(words.kind, { id: "kind" }, { control: kind }),
    make("div", { class: "actions" }, make("button", { class: "primary" }, words.pair)),
  );
  pairing.classList.add("panel", "form");
  await admin.attempt(async () => {
    const found = (await admin.session.call(`/api/auth/displays?${new URLSearchParams({ clinic_id: clinic.id })}`)).displays;
    const rows = found.map((/** @type {Display} */ display) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, make("bdi", {}, display.name)),
        make("td", {}, display.kind === "DISPLAY_KIND_KIOSK" ? words.kiosk : words.screen),
        make("td", {}, display.create_time.slice(0, 10)),
        make("td", {}, make("button", { type: "button", "aria-label": `${words.revoke}: ${display.name}`, onclick: () => revoke(admin, display, again) }, words.revoke)),
      ),
    );
    const heads = [words.name, words.kind, words.since, words.action];
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))), make("tbody", {}, ...rows));
    root.replaceChildren(make("h1", {}, words.displays), rows.length ? scrolling(words.displays, table) : make("p", { class: "muted" }, words.noDisplays), pairing);
  });
}

/** @param {Admin} admin @param {Display} display @param {() => unknown} again */
function revoke(admin, display, again) {
  const { words } = admin;
  return ask(admin.lang, { title: `${words.revoke}: ${display.name}`, text: words.revokeText, confirm: words.revoke, danger: true, refused: admin.refused }, async () => {
    await admin.session.call(`/api/auth/displays/${display.id}:revoke`, { method: "POST", body: {} });
    admin.say(words.saved);
    again();
  });
}
