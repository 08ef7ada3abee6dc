/** Elements that stay the same while what they show changes, so that focus and scroll positions stay too. */

/**
 * The child of `parent` that stands for `key`; made if there is none yet.
 * @param {HTMLElement} parent
 * @param {string} key
 * @param {() => HTMLElement} create
 */
export function keep(parent, key, create) {
  for (const child of parent.children) if (child instanceof HTMLElement && child.dataset.key === key) return child;
  const made = create();
  made.dataset.key = key;
  parent.append(made);
  return made;
}
