/** A QR code of an address as SVG: bytes, level L, versions 1 to 6 (ISO/IEC 18004). */

/** By version: how many code words of a block hold data, how many correct errors, and how many blocks there are. */
const SIZES = /** @type {const} */ ([[19, 7, 1], [34, 10, 1], [55, 15, 1], [80, 20, 1], [108, 26, 1], [68, 18, 2]]);
const QUIET = 4;

/** Draw the code of a text (RangeError if it is longer than 134 bytes). @param {Element} svg with a path in it @param {string} text */
export function drawCode(svg, text) {
  const rows = qrModules(text);
  const size = rows.length + 2 * QUIET;
  const squares = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")));
  svg.setAttribute("viewBox", `${-QUIET} ${-QUIET} ${size} ${size}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.querySelector("path")?.setAttribute("d", squares.join(""));
}

/** Rows of modules, true where dark, in the mask that scanners read best. @param {string} text @returns {boolean[][]} */
export function qrModules(text) {
  const bytes = new TextEncoder().encode(text);
  const version = SIZES.findIndex(([data, , blocks]) => bytes.length <= data * blocks - 2) + 1;
  if (!version) throw new RangeError(`a QR code of ${bytes.length} bytes is too large`);
  const masked = Array.from({ length: 8 }, (_, mask) => drawn(version, codeWords(bytes, version), mask));
  return masked.reduce((best, each) => (penalty(each) < penalty(best) ? each : best));
}

/** @param {Uint8Array} bytes @param {number} version */
function codeWords(bytes, version) {
  const [most, correcting, count] = SIZES[version - 1] ?? SIZES[0];
  // Mode (4 bits), length (8 bits), the bytes, an end (4 bits); then two fillers in turn.
  const nibbles = [4, bytes.length >> 4, bytes.length & 15, ...[...bytes].flatMap((byte) => [byte >> 4, byte & 15]), 0];
  const data = Array.from({ length: nibbles.length / 2 }, (_, at) => ((nibbles[2 * at] ?? 0) << 4) | (nibbles[2 * at + 1] ?? 0));
  for (let filler = 0xec; data.length < most * count; filler ^= 0xec ^ 0x11) data.push(filler);
  const blocks = Array.from({ length: count }, (_, at) => data.slice(at * most, (at + 1) * most));
  return [...inTurn(blocks), ...inTurn(blocks.map((block) => remainder(block, correcting)))];
}

/** The first of each, then the second of each, and so on. @param {number[][]} lists */
function inTurn(lists) {
  return (lists[0] ?? []).flatMap((_, at) => lists.map((list) => list[at] ?? 0));
}

/** The code words that correct errors (Reed-Solomon). @param {number[]} data @param {number} count */
function remainder(data, count) {
  let divisor = [1];
  for (let at = 0, root = 1; at < count; at++, root = times(root, 2)) {
    divisor = [...divisor, 0].map((each, place) => each ^ times(divisor[place - 1] ?? 0, root));
  }
  const rest = [...data, ...Array(count).fill(0)];
  for (let at = 0; at < data.length; at++) {
    const factor = rest[at];
    divisor.forEach((each, place) => (rest[at + place] ^= times(each, factor)));
  }
  return rest.slice(data.length);
}

/** The product of two elements of GF(256). @param {number} one @param {number} other */
function times(one, other) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    product ^= ((other >> bit) & 1) * one;
  }
  return product;
}

/** @param {number} version @param {number[]} words @param {number} mask */
function drawn(version, words, mask) {
  const size = 17 + 4 * version;
  /** @type {(boolean | null)[][]} */
  const rows = Array.from({ length: size }, () => Array(size).fill(null));
  const set = (/** @type {number} */ x, /** @type {number} */ y, /** @type {boolean} */ dark) => {
    const row = rows[y];
    if (row && x >= 0 && x < size) row[x] = dark;
  };
  for (let at = 8; at < size - 8; at++) [[at, 6], [6, at]].forEach(([x = 0, y = 0]) => set(x, y, at % 2 === 0));
  for (const [x, y] of /** @type {const} */ ([[3, 3], [size - 4, 3], [3, size - 4]])) square(x, y, 4, (ring) => ring !== 2 && ring !== 4, set);
  if (version > 1) square(size - 7, size - 7, 2, (ring) => ring !== 1, set);
  format(size, mask, set);
  place(rows, words, mask);
  return rows.map((row) => row.map(Boolean));
}

/** @param {number} x @param {number} y @param {number} radius @param {(ring: number) => boolean} isDark @param {(x: number, y: number, dark: boolean) => void} set */
function square(x, y, radius, isDark, set) {
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) set(x + dx, y + dy, isDark(Math.max(Math.abs(dx), Math.abs(dy))));
  }
}

/** The level and the mask, twice. @param {number} size @param {number} mask @param {(x: number, y: number, dark: boolean) => void} set */
function format(size, mask, set) {
  const data = (1 << 3) | mask;
  let rest = data;
  for (let at = 0; at < 10; at++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((data << 10) | rest) ^ 0x5412;
  for (let at = 0; at < 15; at++) {
    const dark = ((bits >> at) & 1) === 1;
    if (at < 8) set(8, at < 6 ? at : at + 1, dark);
    else set(at < 9 ? 7 : 14 - at, 8, dark);
    if (at < 8) set(size - 1 - at, 8, dark);
    else set(8, size - 15 + at, dark);
  }
  set(8, size - 8, true);
}

const MASKS = /** @type {((x: number, y: number) => boolean)[]} */ ([
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]);

/** Bits go up and down in pairs of columns, from the right. @param {(boolean | null)[][]} rows @param {number[]} words @param {number} mask */
function place(rows, words, mask) {
  const size = rows.length;
  const bits = words.flatMap((word) => [7, 6, 5, 4, 3, 2, 1, 0].map((at) => (word >> at) & 1));
  // The column of the timing pattern, 6, belongs to no pair.
  const pairs = Array.from({ length: (size - 1) / 2 }, (_, at) => size - 1 - 2 * at).map((x) => (x > 6 ? x : x - 1));
  let next = 0;
  for (const [number, right] of pairs.entries()) {
    for (let step = 0; step < size; step++) {
      const y = number % 2 ? step : size - 1 - step;
      const row = rows[y] ?? [];
      for (const x of [right, right - 1]) if (row[x] === null) row[x] = Boolean(bits[next++]) !== Boolean(MASKS[mask]?.(x, y));
    }
  }
}

/** How badly scanners read it: long runs, blocks, and more of one colour. @param {boolean[][]} rows */
function penalty(rows) {
  const columns = rows.map((_, x) => rows.map((row) => row[x]));
  let score = 0;
  for (const line of [...rows, ...columns]) {
    const text = line.map(Number).join("");
    for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) score += run.length - 2;
    score += 40 * [...text.matchAll(/(?=10111010000|00001011101)/g)].length;
  }
  rows.forEach((row, y) => row.forEach((dark, x) => {
    if (x && y && dark === row[x - 1] && dark === rows[y - 1]?.[x] && dark === rows[y - 1]?.[x - 1]) score += 3;
  }));
  const dark = rows.flat().filter(Boolean).length / rows.length ** 2;
  return score + 10 * Math.floor(Math.abs(dark - 0.5) * 20);
}
