/** Who this screen is: a paired display that exchanges its credential for short tokens, or the bearer of one token. */

import { call, Failure } from "../shared/api.js";

const KEY = "yoyaku.board.credential";
const ASK_EVERY_MS = 3_000;
const TRY_AGAIN_MS = 30_000;
/** Which part of a token's life is used before there is a new one. */
const USED = 0.8;

/** @typedef {{text: string, clinicIds: string[], renewAt: number, endsAt: number}} Token */

export class Device {
  #given;
  #show;
  /** @type {Failure | null} why the given token is of no more use */
  #refusal = null;
  /** @type {Token | null} */
  #token = null;
  /** @type {Promise<Token> | null} */
  #renewing = null;

  /**
   * @param {string | null} given an access token to use instead of pairing
   * @param {(code: string) => void} show shows a pairing code; an empty one when it is not needed any more
   */
  constructor(given, show) {
    this.#given = given;
    this.#show = show;
  }

  /** A token with some life left; pairs the screen first if need be, once for all who ask (Failure). @returns {Promise<Token>} */
  async token() {
    if (this.#refusal) throw this.#refusal;
    if (this.#given) return read(this.#given);
    if (this.#token && Date.now() < this.#token.renewAt) return this.#token;
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = null));
    return (this.#token = await this.#renewing);
  }

  /** Use the token no more: it was refused. @param {Failure} refusal */
  refused(refusal) {
    this.#token = null;
    if (this.#given) this.#refusal = refusal;
  }

  async #renew() {
    for (;;) {
      const credential = stored();
      if (!credential) return this.#pair();
      try {
        return await exchange(credential);
      } catch (error) {
        if (!(error instanceof Failure && error.reason === "CREDENTIAL_INVALID")) {
          if (!this.#token || Date.now() >= this.#token.endsAt) throw error;
          return { ...this.#token, renewAt: Date.now() + TRY_AGAIN_MS };
        }
        localStorage.removeItem(KEY);
      }
    }
  }

  /** Show codes until staff confirm one. */
  async #pair() {
    for (;;) {
      const pairing = await call("/api/auth/displays:pair", { body: {} });
      this.#show(pairing.pairing_code);
      const token = await confirmed(pairing.device_token);
      if (token) {
        localStorage.setItem(KEY, pairing.device_token);
        this.#show("");
        return token;
      }
    }
  }
}

/** The first token of a display; null if nobody confirmed it in time. @param {string} credential */
async function confirmed(credential) {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    try {
      return await exchange(credential);
    } catch (error) {
      if (!(error instanceof Failure) || error.reason === "CREDENTIAL_INVALID") return null;
      if (error.reason !== "DISPLAY_NOT_CONFIRMED") throw error;
    }
  }
}

/** @param {string} credential @returns {Promise<Token>} */
async function exchange(credential) {
  const { access_token, expires_in } = await call("/api/auth/token", { body: { device_token: credential } });
  const life = expires_in * 1000;
  return { ...read(access_token), renewAt: Date.now() + USED * life, endsAt: Date.now() + life };
}

/** The credential of this screen, if it has one (Failure STORAGE_BLOCKED if the browser keeps nothing). */
function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    throw new Failure(400, "STORAGE_BLOCKED");
  }
}

/**
 * What a token says of itself; its signature is the server's business (Failure TOKEN_INVALID if it is no token).
 * @param {string} text
 * @returns {Token}
 */
function read(text) {
  const payload = text.split(".")[1] ?? "";
  try {
    const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    return { text, clinicIds: claims.clinic_ids ?? [], renewAt: Infinity, endsAt: Infinity };
  } catch {
    throw new Failure(401, "TOKEN_INVALID");
  }
}
