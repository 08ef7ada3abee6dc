/** Notices that nobody uses a desk any more. */

const IDLE_MS = 5 * 60_000;
const LOOK_MS = 5_000;
/** Where it is kept when a desk was last used in this browser, for a page that was closed before it was idle. */
const USED = "yoyaku.desk.used";

/** Whether nobody has used a desk in this browser for five minutes. */
export function wasLeft() {
  const usedAt = Number(localStorage.getItem(USED));
  return usedAt > 0 && Date.now() - usedAt >= IDLE_MS;
}

/** Call `then` once there was no key and no touch for five minutes, asleep or awake. @param {AbortSignal} end @param {() => void} then */
export function whenIdle(end, then) {
  let usedAt = Date.now();
  let kept = 0;
  const keep = () => kept !== usedAt && localStorage.setItem(USED, String((kept = usedAt)));
  keep();
  const used = () => (usedAt = Date.now());
  for (const event of ["keydown", "pointerdown", "pointermove", "wheel"]) addEventListener(event, used, { signal: end, passive: true, capture: true });
  const timer = setInterval(() => {
    keep();
    if (Date.now() - usedAt < IDLE_MS) return;
    clearInterval(timer);
    then();
  }, LOOK_MS);
  end.addEventListener("abort", () => clearInterval(timer));
}
