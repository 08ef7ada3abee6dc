/** What a view gets, and types that views share. */

/** @import { Language } from "../shared/language.js" */
/** @import { Session } from "../shared/session.js" */
/** @import { SharedWords } from "../shared/words/en.js" */
/** @import { Directory } from "./find/directory.js" */
/** @import { People } from "./people/people.js" */
/** @import { Words } from "./words/en.js" */

/**
 * @typedef {{id: string, name: string, time_zone: string}} ClinicRef
 * @typedef {ClinicRef & {address: string, phone: string, policy: {horizon_days: number, cancel_by_minutes: number}}} Clinic
 * @typedef {{id: string, name: string, specialty: string, clinic: ClinicRef}} Doctor
 * @typedef {{id: string, name: string, name_ja: string, minutes: number, staff_only: boolean, audience: string, active: boolean}} AppointmentType
 * @typedef {{time_slot: string, start_time: string, end_time: string}} Slot
 * @typedef {{
 *   id: string, patient: {id: string, name: string}, doctor: {id: string, name: string, specialty: string}, clinic: ClinicRef,
 *   date: string, start_time: string, end_time: string, status: string, reason: string, etag: string,
 *   appointment_type?: {id: string, name: string}, hold_expire_time?: string, series_id?: string,
 * }} Appointment
 */

/**
 * @typedef {{
 *   lang: Language, text: Words, shared: SharedWords, session: Session, directory: Directory, people: People,
 *   call: (path: string, options?: {method?: string, body?: object}) => Promise<any>,
 *   signedIn: <Answer>(work: () => Promise<Answer>) => Promise<Answer>,
 *   say: (error: unknown) => string,
 *   go: (name: string, query?: Record<string, string>) => void,
 *   done: (name: string, query?: Record<string, string>) => void,
 *   callable: (...clinics: Clinic[]) => void,
 * }} Page
 * `call` is `session.call`, and lets the person sign in again in between; `say` is what to tell of a failure; `done` goes to
 * what was done, in place of the view that did it; `callable` shows the telephones of clinics.
 */

/**
 * Draws a view: its content, whose heading is an `h1` with `tabindex="-1"`. The signal says that the person has left it;
 * `again` draws it anew.
 * @typedef {(page: Page, query: URLSearchParams, signal: AbortSignal, again: () => void) => Promise<Node[]>} View
 */

export {};
