/** A chime and a spoken call, with what the browser brings along. Silent unless the address asks for it. */

/** @import { Call } from "./lanes.js" */

const LONGEST_SPEECH_MS = 8_000;
/** The two tones of the chime: when each begins, in seconds, and its frequency. */
const TONES = /** @type {const} */ ([[0, 659.3], [0.35, 523.3]]);
const CHIME_SECONDS = 1.4;
const LOCALES = { en: "en-GB", ja: "ja-JP" };

export class Voice {
  #chimes;
  #languages;
  #say;
  /** @type {AudioContext | null} */
  #audio = null;

  /**
   * @param {string[]} sounds `chime`, `en`, `ja`: what is heard, the languages in this order
   * @param {(lang: "en" | "ja", call: Call) => string} say the words of a call
   */
  constructor(sounds, say) {
    this.#chimes = sounds.length > 0;
    this.#languages = /** @type {("en" | "ja")[]} */ (sounds.filter((each) => each in LOCALES));
    this.#say = say;
    if (this.#chimes) this.#audio = new AudioContext();
    addEventListener("pointerdown", () => this.#audio?.resume());
    addEventListener("keydown", () => this.#audio?.resume());
  }

  /** Whether nothing is heard though it should be: browsers wait for a touch or a key. */
  get isBlocked() {
    return this.#audio?.state === "suspended";
  }

  /** Tell a call; ends when it has been heard. @param {Call} call */
  async tell(call) {
    if (!this.#chimes) return;
    await this.#chime();
    for (const lang of this.#languages) await speak(this.#say(lang, call), LOCALES[lang]);
  }

  async #chime() {
    const audio = this.#audio;
    if (audio?.state !== "running") return;
    for (const [after, frequency] of TONES) {
      const tone = new OscillatorNode(audio, { frequency });
      const volume = new GainNode(audio, { gain: 0 });
      const begin = audio.currentTime + after;
      volume.gain.setValueAtTime(0.4, begin);
      volume.gain.exponentialRampToValueAtTime(0.001, begin + 1);
      tone.connect(volume).connect(audio.destination);
      tone.start(begin);
      tone.stop(begin + 1);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 * CHIME_SECONDS));
  }
}

/** @param {string} text @param {string} locale @returns {Promise<void>} */
function speak(text, locale) {
  return new Promise((resolve) => {
    const speech = new SpeechSynthesisUtterance(text);
    speech.lang = locale;
    speech.rate = 0.9;
    speech.onend = speech.onerror = () => resolve();
    setTimeout(resolve, LONGEST_SPEECH_MS);
    speechSynthesis.speak(speech);
  });
}
