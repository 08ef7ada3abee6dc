/** Opens the day of a clinic, and ends all that belongs to it when the desk is locked or left. */

import { make, part } from "../shared/elements.js";
import { whenIdle } from "../shared/idle.js";
import { WallClock } from "../shared/wall_clock.js";
import { Desk } from "./desk.js";
import { listen } from "./keys.js";
import { WORDS } from "./words.js";

/** @import { Language } from "../shared/language.js" */
/** @import { Session } from "../shared/session.js" */
/** @import { Doctor } from "./day/day.js" */
/** @import { Clinic } from "./desk.js" */

const TICK_MS = 10_000;

/**
 * @param {{session: Session, lang: Language, clinic: Clinic, doctors: Doctor[], ownDoctorId: string, lock: (why: string) => void}} place
 * @param {{clinics: Clinic[], change: (id: string) => void}} others the clinics among which one can choose
 * @param {HTMLElement} root
 * @param {AbortSignal} end
 */
export async function openDay({ lang, clinic, lock, ...place }, { clinics, change }, root, end) {
  const options = clinics.map(({ id, name }) => make("option", { value: id, selected: id === clinic.id }, name));
  const chooser = clinics.length > 1 ? make("select", { id: "clinic", "aria-label": WORDS.clinic, onchange: () => change(chooser?.value ?? "") }, ...options) : null;
  const desk = new Desk({ ...place, lang, clinic, wall: new WallClock(lang, clinic.time_zone), chooser, end, lock: (why = WORDS.lockText) => end.aborted || lock(why) }, root);
  end.addEventListener("abort", () => desk.live?.stop());
  const ticking = setInterval(() => desk.draw(), TICK_MS);
  end.addEventListener("abort", () => clearInterval(ticking));
  listen(desk, end);
  whenIdle("desk", end, () => lock(WORDS.lockedIdle));
  await desk.goTo(desk.today);
  // What desks do is loaded before anybody needs it, but not before the day is there.
  desk.act(async (acts) => {
    if (end.aborted) return;
    acts.printAsTables(desk, end);
    acts.dragging(desk, part("day"));
  }, false);
  // So is the form that signs in: a desk may be locked when there is no network.
  import("../shared/sign_in.js").catch(() => {});
}
