/** The waiting-room board: follows a clinic's day, and says so when it cannot. */

import { all, call, Clock } from "../shared/api.js";
import { language } from "../shared/language.js";
import { WallClock } from "../shared/wall_clock.js";
import { Days, rank } from "./day.js";
import { Device } from "./device.js";
import { Follower } from "./follower.js";
import { move, reloadAtNight } from "./screen.js";
import { View } from "./view.js";
import { refused, words } from "./words.js";

/** @import { Token } from "./device.js" */

const PAGE_MS = 12_000;

const asked = new URLSearchParams(location.search);
const lang = language();
const text = words(lang);
const clock = new Clock();
const days = new Days();
const view = new View(text);
const device = new Device(new URLSearchParams(location.hash.slice(1)).get("token"), pair);

/** @type {Map<string, {name: string, specialty: string}>} */
let doctors = new Map();
/** @type {Set<string>} the doctors whose days the present stream has sent */
let sent = new Set();
let clinic = "";
/** @type {WallClock | null} */
let wall = null;

const follower = new Follower(device, clock, {
  clinicId: (token) => asked.get("clinic") ?? token.clinicIds[0] ?? "",
  learn,
  path: (clinicId) => `/api/schedules/slots:watch?${new URLSearchParams({ clinic_id: clinicId })}`,
  take,
  lost: () => {
    if (!follower.heardAt) view.message(refusal() || text.unreachable);
  },
});

/** What the server says against the last call; empty if it was not reached. */
function refusal() {
  return follower.failure ? refused(text, follower.failure) : "";
}

/** Show a code instead of what the screen showed before, or no more codes. @param {string} code */
function pair(code) {
  follower.forget();
  wall = null;
  view.pairing(code);
}

/** Names of the clinic and its doctors. @param {Token} token @param {string} clinicId */
async function learn(token, clinicId) {
  const found = new Map();
  const get = (/** @type {string} */ path) => call(path, { token: token.text, clock });
  for (const doctor of await all(get, "/api/doctors", { clinic_id: clinicId }, "doctors")) {
    found.set(doctor.id, doctor);
    clinic = doctor.clinic.name;
    wall = new WallClock(lang, doctor.clinic.time_zone);
  }
  doctors = found;
  sent = new Set();
}

/** @param {any} message */
function take(message) {
  if (message.day) {
    days.put(message.day);
    sent.add(message.day.doctor_id);
  }
  if (message.heartbeat) days.keep(sent);
}

function draw() {
  if (!wall) return;
  const now = clock.now();
  const stale = now >= follower.staleAt;
  const at = stale ? follower.heardAt : now;
  const collator = new Intl.Collator(lang);
  const today = wall.date(at);
  const rows = days
    .doctors()
    .sort()
    .map((id) => ({ ...named(id), present: days.present(id, at, today) }))
    .sort((a, b) => rank(a.present) - rank(b.present) || collator.compare(a.name, b.name));
  view.head(clinic, wall, now);
  if (!follower.heardAt) return;
  view.live(stale ? wall.since(follower.heardAt, now) : "", refusal());
  view.message(rows.length ? "" : text.nobody);
  view.table(rows, wall, Math.floor(now / PAGE_MS));
  move(now);
  if (!stale) reloadAtNight(wall.time(now));
}

/** @param {string} id */
function named(id) {
  const { name, specialty } = doctors.get(id) ?? { name: "…", specialty: "" };
  return { name, specialty };
}

document.documentElement.lang = lang;
document.documentElement.dataset.theme = asked.get("theme") ?? "";
view.message(text.connecting);
setInterval(draw, 250);
follower.run();
