/**
 * The same as rest.ts over gRPC with grpc-js; what the services are like is learned by server reflection, VERSION v1 or
 * v1alpha. Only the first sign-in is over REST: reflection needs a token.
 */

import { randomUUID } from "node:crypto";
import { credentials, loadPackageDefinition, Metadata } from "@grpc/grpc-js";
import { GrpcReflection } from "grpc-js-reflection-client";

const { ADDRESS, DOCTOR, DAY, EMAIL, PASSWORD, OTHER_EMAIL, OTHER_PASSWORD, VERSION } = process.env;
const OPTIONS = { keepCase: true, enums: String, longs: String, defaults: true, oneofs: true };
const host = new URL(ADDRESS).host;

async function signIn(email, password) {
  const response = await fetch(`${ADDRESS}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

/** What a call needs to be allowed. */
function signed(tokens) {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${tokens.access_token}`);
  return metadata;
}

/** A unary call as a promise. */
function call(client, method, request, tokens) {
  return new Promise((resolve, reject) => {
    const done = (error, answer) => (error ? reject(error) : resolve(answer));
    client[method](request, signed(tokens), { deadline: Date.now() + 20_000 }, done);
  });
}

const first = await signIn(EMAIL, PASSWORD);
const second = await signIn(OTHER_EMAIL, OTHER_PASSWORD);

const reflection = new GrpcReflection(host, credentials.createInsecure(), {}, VERSION);
/** All that the server says of a symbol and of what it needs, by full name. */
async function described(symbol) {
  return (await reflection.getDescriptorBySymbol(symbol, signed(first))).getPackageDefinition(OPTIONS);
}

/** A client of a service. */
function client(definition, service) {
  return new (loadPackageDefinition(definition).yoyaku.v1[service])(host, credentials.createInsecure());
}

const listed = await reflection.listServices("*", signed(first));
if (!listed.includes("yoyaku.v1.AppointmentService")) throw new Error(`only ${listed}`);
const bookings = await described("yoyaku.v1.AppointmentService");
const errors = await described("google.rpc.Status");
const appointments = client(bookings, "AppointmentService");
const schedules = client(await described("yoyaku.v1.ScheduleService"), "ScheduleService");
const accounts = client(await described("yoyaku.v1.AuthService"), "AuthService");

/** The alternatives that an error of a booking names. */
function alternatives(error) {
  const [status] = error.metadata.get("grpc-status-details-bin");
  const { details } = errors["google.rpc.Status"].deserialize(status);
  const found = details.find(({ type_url }) => type_url.endsWith("/yoyaku.v1.AlternativeSlots"));
  return bookings["yoyaku.v1.AlternativeSlots"].deserialize(found.value).slots;
}

async function book(tokens, start_time) {
  const { account } = await call(accounts, "GetMe", {}, tokens);
  const request = { patient_id: account.patient_id, doctor_id: DOCTOR, start_time, request_id: randomUUID() };
  return call(appointments, "CreateAppointment", request, tokens);
}

const stream = schedules.WatchSlots({ doctor_ids: [DOCTOR], date: DAY }, signed(first));
const messages = stream[Symbol.asyncIterator]();

/** The first day of the stream at which something holds. */
async function day(holds) {
  for (let next = await messages.next(); !next.done; next = await messages.next())
    if (next.value.day && holds(next.value.day)) return next.value.day;
  throw new Error("the stream has ended");
}

const before = await day(() => true);
const { slots } = await call(schedules, "ListAvailableSlots", { doctor_id: DOCTOR, date: DAY }, first);
const booked = await book(first, slots[0].start_time);
const refused = await book(second, slots[0].start_time).then(
  () => {
    throw new Error("two patients have one slot");
  },
  (error) => error,
);
const [nearest] = alternatives(refused);
const refresh = { refresh_token: second.refresh_token, request_id: randomUUID() };
const renewed = await call(accounts, "RefreshToken", refresh, second);
const instead = await book(renewed, nearest.start_time);
const after = await day(({ revision }) => revision >= instead.revision);
stream.on("error", () => {}).cancel();
console.log(
  JSON.stringify({
    booked: booked.appointment.status,
    code: refused.code,
    instead: instead.appointment.time_slot === nearest.time_slot,
    refreshed: renewed.access_token !== second.access_token && renewed.refresh_token !== second.refresh_token,
    revisions: after.revision - before.revision,
  }),
);
