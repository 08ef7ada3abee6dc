/** An appointment as a calendar file (iCalendar, RFC 5545). */

import { make } from "../../shared/elements.js";

/** @import { Appointment, Clinic, Page } from "../page.js" */

/** The most bytes of a line, which may not end within a character. */
const MOST_BYTES = 75;

/** A button that saves an appointment as a file. @param {Page} page @param {Appointment} appointment @param {Clinic} clinic */
export function calendarButton({ text, session }, appointment, clinic) {
  const save = () => {
    const title = text.calendarTitle(appointment.doctor.name);
    const content = calendarFile(appointment, clinic, title, session.clock.now());
    const address = URL.createObjectURL(new Blob([content], { type: "text/calendar" }));
    make("a", { href: address, download: "appointment.ics" }).click();
    URL.revokeObjectURL(address);
  };
  return make("button", { onclick: save }, text.addToCalendar);
}

/** @param {Appointment} appointment @param {Clinic} clinic @param {string} title @param {number} now */
export function calendarFile(appointment, clinic, title, now) {
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//yoyaku//EN",
    "BEGIN:VEVENT",
    // The same for every version: a calendar that has the appointment moves it.
    `UID:${appointment.id}@yoyaku`,
    `DTSTAMP:${instant(now)}`,
    `DTSTART:${instant(Date.parse(appointment.start_time))}`,
    `DTEND:${instant(Date.parse(appointment.end_time))}`,
    `SUMMARY:${escaped(title)}`,
    `LOCATION:${escaped([clinic.name, clinic.address].filter(Boolean).join(", "))}`,
    ...(clinic.phone ? [`DESCRIPTION:${escaped(`${clinic.name} ${clinic.phone}`)}`] : []),
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return lines.map((each) => `${folded(each)}\r\n`).join("");
}

/** An instant in UTC. @param {number} at */
function instant(at) {
  return new Date(at).toISOString().replace(/[-:]|\.\d+/g, "");
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[\\;,]/g, "\\$&").replace(/\r?\n/g, "\\n");
}

/** A long line, continued on lines that begin with a space. @param {string} line */
function folded(line) {
  let result = "";
  let bytes = 0;
  for (const character of line) {
    const size = new TextEncoder().encode(character).length;
    if (bytes + size > MOST_BYTES) {
      result += "\r\n ";
      bytes = 1;
    }
    result += character;
    bytes += size;
  }
  return result;
}
