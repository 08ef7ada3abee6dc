/** What every page says, in English. */

export const EN = {
  signIn: "Sign in",
  email: "Email address",
  emailHint: "The address that your clinic knows you by",
  password: "Password",
  showPassword: "Show password",
  emailMissing: "Enter your email address, such as name@example.com",
  passwordMissing: "Enter your password",
  problem: "There is a problem",
  back: "Back",
  close: "Close",
  nobodyFound: "Nobody found.",
  /** @param {number} number */
  found: (number) => `${number} ${number === 1 ? "entry" : "entries"}. Choose with the arrow keys.`,
  offline: "No internet connection. This page goes on by itself when you are connected again.",
  unreachable: "The server did not answer. Check your internet connection, then try again: nothing is done twice.",
  /** @param {string} what */
  fault: (what) => `Something went wrong (${what}). Try again in a minute. If it goes on, call the clinic.`,
  /** @param {number} seconds */
  busy: (seconds) => `Too much is going on right now. Wait ${seconds === 1 ? "a second" : `${seconds} seconds`}, then try again.`,
  /** Why a free time is near, by AlternativeReason. @type {Record<string, string>} */
  near: {
    ALTERNATIVE_REASON_SAME_DOCTOR: "same doctor",
    ALTERNATIVE_REASON_SAME_SPECIALTY: "same specialty, same clinic:",
    ALTERNATIVE_REASON_SOONER_ELSEWHERE: "sooner at another clinic:",
  },
  refusals: {
    SIGN_IN_FAILED: "The email address or the password is not right. Check both and try again.",
    TOO_MANY_ATTEMPTS: "Too many attempts. Wait a minute, then try again.",
    SESSION_ENDED: "You were signed out. Sign in again.",
    TOKEN_MISSING: "Sign in to go on.",
    TOKEN_INVALID: "You were signed out. Sign in again.",
    TOKEN_EXPIRED: "You were signed out after a while. Sign in again.",
    NOT_ALLOWED: "Your account may not do this. If you think it should, call the clinic.",
    TOKEN_STORE_UNAVAILABLE: "Nobody can sign in at the moment. Try again in a minute.",
    DATABASE_UNAVAILABLE: "Nothing can be booked or changed at the moment. Nothing was done. Try again in a minute.",
    OVERLOADED: "Too much is going on right now. Nothing was done. Try again in a few seconds.",
    NO_SERVER: "The service is not there at the moment. Try again in a minute.",
    RATE_LIMITED: "That was too fast. Wait a few seconds, then try again.",
    TOO_MANY_STREAMS: "This page is open too many times. Close the other tabs.",
    TRANSACTION_CONFLICT: "Somebody did something at the same moment. Try again.",
    DEADLINE_PASSED: "It took too long. Try again: nothing is done twice.",
    DEADLINE_TOO_SHORT: "It took too long. Try again: nothing is done twice.",
    ETAG_MISMATCH: "This was changed somewhere else meanwhile. You see it now as it is: check it and try again.",
  },
};

/** @typedef {typeof EN} SharedWords */
