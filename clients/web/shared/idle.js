/** Notices that nobody uses a page of staff any more. */

const IDLE_MS = 5 * 60_000;
const LOOK_MS = 5_000;
/** Where it is kept when a page was last used in this browser, for one that was closed before it was idle. @param {string} page */
const used = (page) => `yoyaku.${page}.used`;

/** Whether nobody has used the page ("desk", "admin") in this browser for five minutes. @param {string} page */
export function wasLeft(page) {
  const usedAt = Number(localStorage.getItem(used(page)));
  return usedAt > 0 && Date.now() - usedAt >= IDLE_MS;
}

/** Call `then` once there was no key and no touch for five minutes, asleep or awake. @param {string} page @param {AbortSignal} end @param {() => void} then */
export function whenIdle(page, end, then) {
  let usedAt = Date.now();
  let kept = 0;
  const keep = () => kept !== usedAt && localStorage.setItem(used(page), String((kept = usedAt)));
  keep();
  const touch = () => (usedAt = Date.now());
  for (const event of ["keydown", "pointerdown", "pointermove", "wheel"]) addEventListener(event, touch, { signal: end, passive: true, capture: true });
  const timer = setInterval(() => {
    keep();
    if (Date.now() - usedAt < IDLE_MS) return;
    clearInterval(timer);
    then();
  }, LOOK_MS);
  end.addEventListener("abort", () => clearInterval(timer));
}
