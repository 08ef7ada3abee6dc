/** What a clinic offers: types of appointment, and the rooms and devices that they need. */

import { ask } from "../shared/ask.js";
import { make } from "../shared/elements.js";
import { field } from "../shared/form.js";
import { plain } from "../shared/typed.js";
import { scrolling } from "./admin.js";

/** @import { Admin } from "./admin.js" */
/** @typedef {{id: string, name: string, name_ja: string, minutes: number, buffer_minutes: number, staff_only: boolean, active: boolean, etag: string, resource_kinds: string[]}} Type */
/** @typedef {{id: string, kind: string, name: string, active: boolean, etag: string}} Resource */

/** @param {Admin} admin @param {HTMLElement} root */
export async function catalogue(admin, root) {
  const { words, clinic } = admin;
  const query = new URLSearchParams({ clinic_id: clinic.id });
  await admin.attempt(async () => {
    const [{ appointment_types }, { resources }] = await Promise.all([admin.session.call(`/api/appointment-types?${query}`), admin.session.call(`/api/resources?${query}`)]);
    const again = () => catalogue(admin, root);
    const types = appointment_types.map((/** @type {Type} */ type) =>
      row([type.name, type.name_ja, String(type.minutes), type.resource_kinds.join(", "), type.staff_only ? words.staffOnly : words.everybody], use(admin, `/api/appointment-types/${type.id}`, "appointment_type", type, again)),
    );
    const rooms = resources.map((/** @type {Resource} */ resource) => row([resource.name, resource.kind], use(admin, `/api/resources/${resource.id}`, "resource", resource, again)));
    root.replaceChildren(
      make("h1", {}, words.catalogue),
      section(words.types, [words.name, words.nameJa, words.minutesLong, words.needs, words.bookedBy, words.inUse], types, words.addType, () => addType(admin, again)),
      section(words.rooms, [words.name, words.kind, words.inUse], rooms, words.addRoom, () => addRoom(admin, again)),
    );
  });
}

/** @param {string} title @param {string[]} heads @param {HTMLElement[]} rows @param {string} add @param {() => unknown} act */
function section(title, heads, rows, add, act) {
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))), make("tbody", {}, ...rows));
  return make("section", {}, make("div", { class: "title-row" }, make("h2", {}, title), make("button", { type: "button", onclick: act }, add)), scrolling(title, table));
}

/** @param {string[]} texts @param {HTMLElement} last */
function row([first = "", ...texts], last) {
  return make("tr", {}, make("th", { scope: "row" }, make("bdi", {}, first)), ...texts.map((text) => make("td", {}, make("bdi", {}, text))), make("td", {}, last));
}

/** A switch that takes something out of use, or back. @param {Admin} admin @param {string} path @param {string} name @param {Type | Resource} thing @param {() => unknown} again */
function use(admin, path, name, thing, again) {
  const box = make("input", { type: "checkbox", checked: thing.active, "aria-label": `${admin.words.inUse}: ${thing.name}` });
  box.addEventListener("change", () =>
    admin.attempt(async () => {
      await admin.write(path, { [name]: { active: box.checked, etag: thing.etag }, update_mask: "active" }, "PATCH").finally(again);
      admin.say(admin.words.saved);
    }),
  );
  return box;
}

/** @param {Admin} admin @param {() => unknown} again */
function addType(admin, again) {
  const { words, clinic } = admin;
  return ask(
    admin.lang,
    { title: words.addType, confirm: words.save, refused: admin.refused },
    async ({ name = "", name_ja = "", minutes = "", kinds = "", staff_only }) => {
      const wrong = [];
      if (!name) wrong.push({ id: "name", text: words.nameMissing });
      if (!/^\d+$/.test(minutes) || Number(minutes) < 5 || Number(minutes) > 480) wrong.push({ id: "minutes", text: words.minutesWrong });
      if (wrong.length) return wrong;
      const resource_kinds = plain(kinds).toLowerCase().split(/[\s,、]+/).filter(Boolean);
      await admin.write("/api/appointment-types", { clinic_id: clinic.id, name, name_ja, minutes: Number(minutes), staff_only: Boolean(staff_only), resource_kinds });
      admin.say(words.saved);
      again();
    },
    field(words.name, { id: "name", maxlength: 100 }),
    field(words.nameJa, { id: "name_ja", maxlength: 100 }),
    field(words.minutesLong, { id: "minutes", type: "number", min: 5, max: 480, value: 30 }),
    field(words.needs, { id: "kinds" }, { hint: words.needsHint }),
    make("div", { class: "check" }, make("input", { type: "checkbox", id: "staff_only", name: "staff_only" }), make("label", { for: "staff_only" }, words.staffOnly)),
  );
}

/** @param {Admin} admin @param {() => unknown} again */
function addRoom(admin, again) {
  const { words, clinic } = admin;
  return ask(
    admin.lang,
    { title: words.addRoom, confirm: words.save, refused: admin.refused },
    async ({ name = "", kind: typed }) => {
      const kind = plain(typed).toLowerCase();
      const wrong = [];
      if (!name) wrong.push({ id: "name", text: words.nameMissing });
      if (!/^[a-z0-9][a-z0-9-]{0,49}$/.test(kind)) wrong.push({ id: "kind", text: words.kindWrong });
      if (wrong.length) return wrong;
      await admin.write("/api/resources", { clinic_id: clinic.id, name, kind });
      admin.say(words.saved);
      again();
    },
    field(words.name, { id: "name", maxlength: 100 }),
    field(words.kind, { id: "kind", maxlength: 50 }, { hint: words.kindHint }),
  );
}
