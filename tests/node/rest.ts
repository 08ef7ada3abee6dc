/**
 * A program over REST, typed by the OpenAPI file: signs in, follows a doctor's day, books, finds a slot taken, books the
 * nearest free one, refreshes its token. Prints what happened as JSON.
 *
 * ADDRESS, DOCTOR, DAY; EMAIL and OTHER_EMAIL of two patients, PASSWORD and OTHER_PASSWORD.
 */

import { randomUUID } from "node:crypto";
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./build/schema.js";

type Schemas = components["schemas"];

/** What a call answered; a failure ends the program with its reason. */
function good<Data>({ data, error }: { data?: Data; error?: Schemas["Error"] }): Data {
  if (data === undefined) throw new Error(error?.message ?? "no answer");
  return data;
}

function reasonOf(error: Schemas["Error"]): string {
  for (const detail of error.details)
    if (detail["@type"] === "type.googleapis.com/google.rpc.ErrorInfo") return detail.reason;
  return "";
}

function alternativesOf(error: Schemas["Error"]): Schemas["Slot"][] {
  for (const detail of error.details)
    if (detail["@type"] === "type.googleapis.com/yoyaku.v1.AlternativeSlots") return detail.slots;
  return [];
}

/** Somebody who has signed in. */
class Person {
  readonly api: Client<paths>;
  #tokens: Schemas["LoginResponse"] | Schemas["RefreshTokenResponse"];

  private constructor(api: Client<paths>, tokens: Schemas["LoginResponse"]) {
    this.api = api;
    this.#tokens = tokens;
    api.use({
      onRequest: ({ request }) => {
        request.headers.set("authorization", `Bearer ${this.#tokens.access_token}`);
        return request;
      },
    });
  }

  static async signIn(email: string, password: string): Promise<Person> {
    const api = createClient<paths>({ baseUrl: setting("ADDRESS") });
    return new Person(api, good(await api.POST("/api/auth/login", { body: { email, password } })));
  }

  async refresh(): Promise<boolean> {
    const before = this.#tokens;
    const body = { refresh_token: before.refresh_token, request_id: randomUUID() };
    this.#tokens = good(await this.api.POST("/api/auth/refresh", { body }));
    return this.#tokens.access_token !== before.access_token && this.#tokens.refresh_token !== before.refresh_token;
  }

  async patientId(): Promise<string> {
    return good(await this.api.GET("/api/auth/me")).account.patient_id;
  }

  async book(slot: Schemas["Slot"]) {
    const body = {
      patient_id: await this.patientId(),
      doctor_id: setting("DOCTOR"),
      start_time: slot.start_time,
      request_id: randomUUID(),
    };
    return this.api.POST("/api/appointments", { body });
  }
}

/** The messages of the stream of a doctor's day. */
async function* messages(person: Person, signal: AbortSignal): AsyncGenerator<Schemas["WatchSlotsResponse"]> {
  const query = { doctor_ids: [setting("DOCTOR")], date: setting("DAY") };
  const { data } = await person.api.GET("/api/schedules/slots:watch", { params: { query }, parseAs: "stream", signal });
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of data as unknown as AsyncIterable<Uint8Array>) {
    const events = (text + decoder.decode(chunk, { stream: true })).split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) if (event.startsWith("data:")) yield JSON.parse(event.slice(5));
  }
}

/** The first day of the stream at which something holds. */
async function day(stream: AsyncGenerator<Schemas["WatchSlotsResponse"]>, holds: (day: Schemas["ScheduleDay"]) => boolean) {
  for (let next = await stream.next(); !next.done; next = await stream.next())
    if (next.value.day && holds(next.value.day)) return next.value.day;
  throw new Error("the stream has ended");
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`set ${name}`);
  return value;
}

const first = await Person.signIn(setting("EMAIL"), setting("PASSWORD"));
const second = await Person.signIn(setting("OTHER_EMAIL"), setting("OTHER_PASSWORD"));

const end = new AbortController();
const stream = messages(first, end.signal);
const before = await day(stream, () => true);

const query = { doctor_id: setting("DOCTOR"), date: setting("DAY") };
const [free] = good(await first.api.GET("/api/schedules/available-slots", { params: { query } })).slots;
if (!free) throw new Error("the day is full");
const booked = good(await first.book(free));

const { error: refused, response } = await second.book(free);
if (!refused) throw new Error("two patients have one slot");
const [nearest] = alternativesOf(refused);
if (!nearest) throw new Error("no alternatives");
const refreshed = await second.refresh();
const instead = good(await second.book(nearest));

const after = await day(stream, ({ revision }) => revision >= instead.revision);
end.abort();
console.log(
  JSON.stringify({
    booked: booked.appointment.status,
    status: response.status,
    reason: reasonOf(refused),
    instead: instead.appointment.start_time === nearest.start_time,
    refreshed,
    revisions: after.revision - before.revision,
  }),
);
