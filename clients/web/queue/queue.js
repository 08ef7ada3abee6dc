/** The queue screen: who is called where, and who is next. Says so when it cannot know. */

import { Device } from "../board/device.js";
import { Follower } from "../board/follower.js";
import { move, reloadAtNight } from "../board/screen.js";
import { refused, words } from "../board/words.js";
import { call, Clock, Failure } from "../shared/api.js";
import { part } from "../shared/elements.js";
import { language } from "../shared/language.js";
import { WallClock } from "../shared/wall_clock.js";
import { Calls } from "./calls.js";
import { Lanes } from "./lanes.js";
import { drawCode } from "../shared/qr.js";
import { View } from "./view.js";
import { Voice } from "./voice.js";
import { queueWords } from "./words.js";

/** @import { Token } from "../board/device.js" */

const PAGE_MS = 12_000;
const TRY_AGAIN_MS = 5_000;

const asked = new URLSearchParams(location.search);
const letters = (asked.get("lanes") ?? "").toUpperCase().split(",").filter(Boolean);
const sounds = (asked.get("sound") ?? "").split(",").filter(Boolean);
const lang = language();
const text = words(lang);
const clock = new Clock();
const view = new View(text, queueWords(lang));
const lanes = new Lanes(Date.now());
const voice = new Voice(sounds, (spoken, { label, room }) => queueWords(spoken).spoken(label, room));
const calls = new Calls((called) => voice.tell(called));
const device = new Device(new URLSearchParams(location.hash.slice(1)).get("token"), pair);

/** @type {Follower[]} one for each clinic */
let followers = [];
/** @type {Map<string, string>} */
const clinics = new Map();
/** @type {WallClock | null} */
let wall = null;
/** The frame in which the next picture is drawn, if one is asked for. */
let drawing = 0;

/** Show a code instead of what the screen showed before; once it is confirmed again, start over. @param {string} code */
function pair(code) {
  if (!code && followers.length) location.reload();
  for (const follower of followers) follower.forget();
  wall = null;
  view.pairing(code);
}

/** @param {string} clinicId */
function followerOf(clinicId) {
  const follower = new Follower(device, clock, {
    clinicId: () => clinicId,
    learn,
    path: () => `/api/queue:watch?${new URLSearchParams({ clinic_id: clinicId })}`,
    take: ({ lane }) => {
      if (!lane) return;
      calls.add(lanes.put(lane, clock.now()).filter(isShown), clock.now());
      drawing ||= requestAnimationFrame(draw);
    },
    lost: () => {
      if (!follower.heardAt) view.message((follower.failure && refused(text, follower.failure)) || text.unreachable);
    },
  });
  return follower;
}

/** The clinic's name and zone. @param {Token} token @param {string} clinicId */
async function learn(token, clinicId) {
  const query = new URLSearchParams({ clinic_id: clinicId, size: "1" });
  const answer = await call(`/api/doctors?${query}`, { token: token.text, clock });
  for (const { clinic } of answer.doctors) {
    clinics.set(clinicId, clinic.name);
    wall = new WallClock(lang, clinic.time_zone);
  }
}

/** @param {{label: string}} called */
function isShown({ label }) {
  return !letters.length || letters.includes(label.replace(/\d+$/, ""));
}

/** Follow each clinic; which ones is known with the first token. */
async function run() {
  for (;;) {
    try {
      const token = await device.token();
      const ids = asked.getAll("clinic").length ? asked.getAll("clinic") : token.clinicIds;
      followers = (ids.length ? ids : [""]).map(followerOf);
      for (const follower of followers) follower.run();
      return;
    } catch (error) {
      view.message((error instanceof Failure && refused(text, error)) || text.unreachable);
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
  }
}

function draw() {
  drawing = 0;
  if (!wall) return;
  const now = clock.now();
  view.head([...clinics.values()].join(" · "), wall, now);
  const heard = Math.min(...followers.map((follower) => follower.heardAt));
  if (!heard) return;
  const lost = followers.find((follower) => now >= follower.staleAt);
  const shown = lanes.shown(letters);
  const called = lost ? null : calls.turn(now);
  view.live(lost ? wall.since(lost.heardAt, now) : "", lost?.failure ? refused(text, lost.failure) : "");
  view.message(shown.length ? "" : queueWords(lang).nobody);
  view.announce(lanes.announcements(shown));
  view.recent(view.pages(shown.length) > 1 ? calls.recent : []);
  view.sound(sounds.length > 0, voice.isBlocked);
  view.call(called, (clinics.size > 1 && called && clinics.get(called.clinicId)) || "");
  view.lanes(shown, clinics.size > 1 ? clinics : new Map(), pageOf(called?.laneId, shown, now), (id) => calls.isMarked(id, now));
  move(now);
  if (lost) return;
  lanes.keep(wall.date(now - 24 * 3_600_000));
  reloadAtNight(wall.time(now));
}

/**
 * The page whose turn it is, or that of the lane which is called.
 * @param {string | undefined} laneId
 * @param {{lane_id: string}[]} shown
 * @param {number} now
 */
function pageOf(laneId, shown, now) {
  const pages = view.pages(shown.length);
  const at = shown.findIndex((lane) => lane.lane_id === laneId);
  return at < 0 ? Math.floor(now / PAGE_MS) % pages : Math.floor(at / Math.ceil(shown.length / pages));
}

/** A code with the address that the screen was given for phones. @param {string} address */
function showCode(address) {
  const svg = document.querySelector("#qr svg");
  if (!svg || !address) return;
  drawCode(svg, new URL(address, location.origin).href);
  part("qr").hidden = false;
}

document.documentElement.lang = lang;
document.documentElement.dataset.theme = asked.get("theme") ?? "";
view.message(text.connecting);
showCode(asked.get("qr") ?? "");
setInterval(draw, 250);
run();
