/** Notices that nobody uses a desk any more. */

const IDLE_MS = 5 * 60_000;
const LOOK_MS = 5_000;

/** Call `then` once there was no key and no touch for five minutes, asleep or awake. @param {AbortSignal} end @param {() => void} then */
export function whenIdle(end, then) {
  let usedAt = Date.now();
  const used = () => (usedAt = Date.now());
  for (const event of ["keydown", "pointerdown", "pointermove", "wheel"]) addEventListener(event, used, { signal: end, passive: true, capture: true });
  const timer = setInterval(() => {
    if (Date.now() - usedAt < IDLE_MS) return;
    clearInterval(timer);
    then();
  }, LOOK_MS);
  end.addEventListener("abort", () => clearInterval(timer));
}
