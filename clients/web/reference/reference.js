/** The API reference: every call of the OpenAPI file, by service, and a search over them. */

import { make, part } from "../shared/elements.js";
import { drawn, error } from "./call.js";
import { Contract } from "./contract.js";
import { prose } from "./prose.js";

/** @typedef {{words: string, fold: HTMLElement, section: HTMLElement, link: HTMLElement | null}} Entry */

/** Draw all services. @param {Contract} contract @returns {Entry[]} */
function draw(contract) {
  return contract.services.flatMap(({ name, description }) => {
    const calls = contract.calls.filter((call) => call.operation.tags[0] === name);
    const section = make("section", { id: name }, make("h2", {}, name), prose(description));
    const links = make("ul", {});
    const entries = calls.map((call) => {
      const id = call.operation.operationId;
      const entry = { words: call.words, fold: drawn(contract, call), section, link: make("li", {}, make("a", { href: `#${id}` }, id)) };
      section.append(entry.fold);
      links.append(entry.link);
      return entry;
    });
    part("calls").append(section);
    part("services").append(make("details", matchMedia("(width > 52rem)").matches ? { open: "" } : {}, make("summary", {}, name), links));
    return entries;
  });
}

/** Draw the errors that any call may end in. @param {Contract} contract @returns {Entry[]} */
function drawErrors(contract) {
  const section = make("section", { id: "errors" }, make("h2", {}, "Errors of every call"));
  section.append(
    prose("Every failure is an object with `code` (of gRPC), `message` (what to do, for people) and `details`, one of which has the `reason`."),
  );
  part("calls").append(section);
  part("services").append(make("p", {}, make("a", { href: "#errors" }, "Errors of every call")));
  return [...(contract.calls[0]?.reasons ?? [])]
    .filter(([reason]) => contract.common.has(reason))
    .map(([reason, status]) => {
      const fold = error(contract, reason, status);
      section.append(fold);
      return { words: `${reason} ${contract.errors[reason]?.summary}`.toLowerCase(), fold, section, link: null };
    });
}

/** Show what has every word of the search. @param {Entry[]} entries @param {string} search */
function find(entries, search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = new Set(entries.filter((entry) => words.every((word) => entry.words.includes(word))));
  for (const entry of entries) entry.fold.hidden = !found.has(entry);
  for (const entry of entries) if (entry.link) entry.link.hidden = !found.has(entry);
  const sections = new Set([...found].map((entry) => entry.section));
  for (const { section } of entries) section.hidden = !sections.has(section);
  document.body.classList.toggle("searching", words.length > 0);
  const shown = found.size ? `${found.size} of ${entries.length}` : "Nothing found. Try a shorter word.";
  part("found").textContent = words.length ? shown : "";
}

/** Open what the address names. */
function open() {
  const named = document.getElementById(location.hash.slice(1));
  if (named instanceof HTMLDetailsElement) named.open = true;
  named?.scrollIntoView();
}

async function start() {
  const response = await fetch("/openapi.json");
  if (!response.ok) throw new Error(`status ${response.status}`);
  const contract = new Contract(await response.json());
  part("loading").remove();
  part("about").prepend(`Version ${contract.version}. `);
  const entries = [...draw(contract), ...drawErrors(contract)];
  const search = /** @type {HTMLInputElement} */ (part("search"));
  search.addEventListener("input", () => find(entries, search.value));
  find(entries, search.value);
  addEventListener("hashchange", open);
  open();
}

start().catch((problem) => {
  part("calls").replaceChildren(make("p", {}, `The reference cannot be loaded (${problem.message}): reload this page.`));
});
