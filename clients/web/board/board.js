/** The waiting-room board: follows a clinic's day, and says so when it cannot. */

import { call, Clock, Failure, stream } from "../shared/api.js";
import { language } from "../shared/language.js";
import { WallClock } from "../shared/wall_clock.js";
import { Days, rank } from "./day.js";
import { Device } from "./device.js";
import { View } from "./view.js";
import { refused, words } from "./words.js";

/** @import { Token } from "./device.js" */

/** The server sends a heartbeat every 15 s. */
const SILENCE_MS = 22_000;
/** How long a stream that the server ended may take to be back before the board calls itself out of date. */
const GRACE_MS = 3_000;
const PAGE_MS = 12_000;
const LONGEST_PAUSE_MS = 15_000;
/** When a screen fetches the page anew, which may have changed: at night, not all at once. */
const RELOAD_AT = `03:${String(Math.floor(Math.random() * 60)).padStart(2, "0")}`;
const RELOAD_AFTER_MS = 3_600_000;

const asked = new URLSearchParams(location.search);
const lang = language();
const text = words(lang);
const clock = new Clock();
const days = new Days();
const view = new View(text);
const device = new Device(new URLSearchParams(location.hash.slice(1)).get("token"), pair);

/** @type {Map<string, {name: string, specialty: string}>} */
let doctors = new Map();
let clinic = "";
/** @type {WallClock | null} */
let wall = null;
/** When the last message came, and from when on the board is out of date. */
let heardAt = 0;
let staleAt = Infinity;
/** What the server says against the last call; empty if it was not reached. */
let refusal = "";

function heard() {
  heardAt = clock.now();
  staleAt = Infinity;
  refusal = "";
}

/** Show a code instead of what the screen showed before, or no more codes. @param {string} code */
function pair(code) {
  heardAt = 0;
  wall = null;
  view.pairing(code);
}

/** @param {number} graceMs */
function lost(graceMs) {
  if (heardAt) staleAt = Math.min(staleAt, clock.now() + graceMs);
}

/** Names of the clinic and its doctors. @param {Token} token @param {string} clinicId */
async function learn(token, clinicId) {
  const found = new Map();
  for (let page = "", more = true; more; more = Boolean(page)) {
    const query = new URLSearchParams({ clinic_id: clinicId, size: "100", page_token: page });
    const answer = await call(`/api/doctors?${query}`, { token: token.text, clock });
    for (const doctor of answer.doctors) {
      found.set(doctor.id, doctor);
      clinic = doctor.clinic.name;
      wall = new WallClock(lang, doctor.clinic.time_zone);
    }
    page = answer.next_page_token;
  }
  doctors = found;
}

/** Follow the clinic until the stream ends, it falls silent, or the token should be renewed. */
async function follow() {
  const token = await device.token();
  const clinicId = asked.get("clinic") ?? token.clinicIds[0] ?? "";
  const stop = new AbortController();
  /** @type {Set<string>} */
  const told = new Set();
  let planned = false;
  let silence = 0;
  const renewal = token.renewAt < Infinity ? setTimeout(() => ((planned = true), stop.abort()), token.renewAt - Date.now()) : 0;
  const listen = () => {
    clearTimeout(silence);
    silence = setTimeout(() => stop.abort(), SILENCE_MS);
  };
  try {
    if (!clinicId) await clinicMissing(token);
    await learn(token, clinicId);
    listen();
    await stream(`/api/schedules/slots:watch?${new URLSearchParams({ clinic_id: clinicId })}`, token.text, stop.signal, (message) => {
      listen();
      if (message.day) {
        days.put(message.day);
        told.add(message.day.doctor_id);
      }
      if (message.heartbeat) {
        clock.set(message.heartbeat.time);
        days.keep(told);
      }
      if (message.closing) planned = true;
      heard();
    });
  } catch (error) {
    if (error instanceof Failure && error.status === 401) device.refused(error);
    if (!planned) throw error;
  } finally {
    clearTimeout(silence);
    clearTimeout(renewal);
  }
  if (!planned) throw new Failure(0, "");
}

/** Ends in a Failure: that of the token if it is not good, else CLINIC_MISSING. @param {Token} token */
async function clinicMissing(token) {
  await call("/api/clinics?size=1", { token: token.text });
  throw new Failure(400, "CLINIC_MISSING");
}

async function run() {
  for (let failures = 0; ; ) {
    const before = heardAt;
    try {
      await follow();
      failures = 0;
      lost(GRACE_MS);
    } catch (error) {
      console.warn("lost:", error);
      if (heardAt > before) failures = 0;
      lost(0);
      excuse(error);
      failures += 1;
    }
    await pause(failures);
  }
}

/** Say why there is nothing to see. @param {unknown} error */
function excuse(error) {
  refusal = error instanceof Failure ? refused(text, error) : "";
  if (!heardAt) view.message(refusal || text.unreachable);
}

/** Wait, longer with every failure, or until the network is back. @param {number} failures */
function pause(failures) {
  const most = Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** failures);
  return new Promise((resolve) => {
    setTimeout(resolve, (failures ? 0.5 : 0) * most + Math.random() * 0.5 * most);
    addEventListener("online", resolve, { once: true });
  });
}

function draw() {
  if (!wall) return;
  const now = clock.now();
  const stale = now >= staleAt;
  const at = stale ? heardAt : now;
  const collator = new Intl.Collator(lang);
  const today = wall.date(at);
  const rows = days
    .doctors()
    .sort()
    .map((id) => ({ ...named(id), present: days.present(id, at, today) }))
    .sort((a, b) => rank(a.present) - rank(b.present) || collator.compare(a.name, b.name));
  view.head(clinic, wall, now);
  if (!heardAt) return;
  view.live(stale ? asOf(wall, heardAt, now) : "", refusal);
  view.message(rows.length ? "" : text.nobody);
  view.table(rows, wall, Math.floor(now / PAGE_MS));
  if (!stale && wall.time(now) === RELOAD_AT && performance.now() > RELOAD_AFTER_MS) location.reload();
}

/** The time, with its day if that is over. @param {WallClock} wall @param {number} at @param {number} now */
function asOf(wall, at, now) {
  return wall.date(at) === wall.date(now) ? wall.time(at) : `${wall.date(at)} ${wall.time(at)}`;
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
run();
