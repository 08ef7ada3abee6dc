/**
 * A ticket to print. Everything on it is in the address, behind the #, which browsers do not send to the server: `label`,
 * and if known `doctor`, `clinic`, `time` and `zone`, `shortest` and `longest` (minutes), `qr` (an address); `print` prints at once, and then closes a
 * window that another page has opened for it.
 */

import { drawCode } from "../shared/qr.js";
import { queueWords } from "../queue/words.js";
import { language } from "../shared/language.js";
import { part } from "../shared/elements.js";
import { WallClock } from "../shared/wall_clock.js";

function draw() {
  const given = new URLSearchParams(location.hash.slice(1));
  const lang = language();
  const words = queueWords(lang);
  const wall = new WallClock(lang, given.get("zone") ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const at = Date.parse(given.get("time") ?? "") || Date.now();
  const longest = given.get("longest");
  document.documentElement.lang = lang;
  for (const id of ["clinic", "label", "doctor"]) part(id).textContent = given.get(id);
  part("heading").textContent = words.yourTicket;
  part("wait").textContent = words.expected(words.wait(Number(given.get("shortest")), Number(longest)));
  part("wait").hidden = !longest;
  part("text").textContent = words.watchScreen;
  part("time").textContent = wall.longTime(at);
  part("print").textContent = words.print;
  const address = given.get("qr");
  const svg = part("qr").querySelector("svg");
  if (svg && address) drawCode(svg, new URL(address, location.origin).href);
  part("qr").hidden = !address;
  document.title = `${words.yourTicket} ${given.get("label") ?? ""}`;
  if (!given.has("print")) return;
  print();
  if (opener) close();
}

part("print").addEventListener("click", () => print());
addEventListener("hashchange", draw);
draw();
