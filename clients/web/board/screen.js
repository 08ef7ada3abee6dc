/** What keeps a screen that hangs on a wall for years well. */

/** When a screen fetches the page anew, which may have changed: at night, not all at once. */
const RELOAD_AT = `03:${String(Math.floor(Math.random() * 60)).padStart(2, "0")}`;
const RELOAD_AFTER_MS = 3_600_000;
/** Where the picture stands, minute by minute, in thousandths of the screen: nothing burns into an old screen. */
const PLACES = /** @type {const} */ ([[0, 0], [4, 0], [4, 4], [0, 4], [-4, 4], [-4, 0], [-4, -4], [0, -4], [4, -4]]);
const MOVE_MS = 60_000;

/** Move the picture a little every minute. @param {number} now */
export function move(now) {
  const [x, y] = PLACES[Math.floor(now / MOVE_MS) % PLACES.length] ?? PLACES[0];
  document.body.style.translate = `${x / 10}vw ${y / 10}vh`;
}

/** Load the page anew at night. @param {string} time `HH:MM` at the clinic */
export function reloadAtNight(time) {
  if (time === RELOAD_AT && performance.now() > RELOAD_AFTER_MS) location.reload();
}
