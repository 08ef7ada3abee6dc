/** Moves appointments by dragging them to a free time, as `M` and Enter do by keys. */

import { COMMANDS } from "../commands.js";

/** @import { Desk } from "../desk.js" */

/** @param {Desk} desk @param {HTMLElement} root the columns */
export function dragging(desk, root) {
  const move = COMMANDS.find((each) => each.id === "move");
  const drop = COMMANDS.find((each) => each.id === "drop");
  /** @type {Element | null} */
  let over = null;
  /** @param {Element | null} to */
  const mark = (to) => {
    if (to === over) return;
    over?.classList.remove("dropping");
    over = to;
    over?.classList.add("dropping");
  };
  root.addEventListener("dragstart", (event) => {
    const block = desk.grid.blockOf(event.target);
    if (!block?.appointment || !move?.when(desk, block)) return event.preventDefault();
    event.dataTransfer?.setData("text/plain", block.appointment.id);
    const { appointment } = block;
    // Not before the browser has taken its picture of what is dragged.
    setTimeout(() => desk.carry({ appointment }));
  });
  root.addEventListener("dragover", (event) => {
    const block = desk.grid.blockOf(event.target);
    const fits = block && drop?.when(desk, block);
    mark(fits ? /** @type {Element} */ (event.target).closest(".block") : null);
    if (fits) event.preventDefault();
  });
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    const block = desk.grid.blockOf(event.target);
    mark(null);
    if (block && drop?.when(desk, block)) drop.run(desk, block);
  });
  root.addEventListener("dragend", (event) => {
    mark(null);
    if (event.dataTransfer?.dropEffect === "none") desk.carry(null, desk.words.said.stopped);
  });
}
