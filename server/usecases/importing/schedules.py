"""Slots and Schedules become working hours, if asked."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from db.postgres import imports
from db.postgres.booking import hours
from db.postgres.directory import doctors
from server.fhir.appointment import ExportedSchedule, ExportedSlot
from server.fhir.fields import Identifier, Unusable
from server.usecases.importing.batches import BatchContext, ImportCounts, Item, RunMemory, first_known
from server.usecases.importing.doctors import doctors_of, raise_days
from server.usecases.importing.role_hours import Versions, plain
from server.usecases.importing.slot_hours import hours_of_slots, on_the_wall
from server.usecases.importing.upkeep import Current, LastImport

_TOGETHER = 20


async def slots(context: BatchContext, batch: Sequence[Item[ExportedSlot]]) -> ImportCounts:
    """Collect slots that are free, or taken by an Appointment of the export, until their Schedules are read."""
    outcome = ImportCounts()
    for item in batch:
        with outcome.reporting(item.line):
            slot = item.content
            if slot.is_taken and slot.identifiers[0] not in context.memory.booked_slots:
                raise Unusable("it is busy, and no Appointment of the export names it: no hours are made of it")
            found = context.memory.slots.setdefault(slot.schedule.identifier, {})
            found[slot.identifiers[0].value] = (slot.start_at, slot.end_at)
            outcome.unchanged += 1
    return outcome


async def schedules(context: BatchContext, batch: Sequence[Item[ExportedSchedule]]) -> ImportCounts:
    """Find out whose slots there are."""
    outcome = ImportCounts()
    people = await context.resolve(
        "practitioner", {who.identifier for each in batch for who in each.content.practitioners}
    )
    places = await context.resolve("clinic", {place.identifier for each in batch for place in each.content.places})
    only = await imports.only_clinics(context.pg, people.values())
    for item in batch:
        with outcome.reporting(item.line):
            person = first_known(item.content.practitioners, people)
            at = [places[each.identifier] for each in item.content.places if each.identifier in places]
            clinic = at[0] if at else only.get(person)
            doctor_id = (await doctors_of(context, [(person, clinic)])).get((person, clinic)) if clinic else None
            if doctor_id is None:
                raise Unusable("its actors are no doctor at exactly one clinic of the book")
            if item not in (known := context.memory.schedules.setdefault(doctor_id, [])):
                known.append(item)
            outcome.unchanged += 1
    return outcome


def by_doctor(memory: RunMemory) -> Iterator[Sequence[Item[ExportedSchedule]]]:
    """One schedule of each doctor, some doctors at a time."""
    firsts = [memory.schedules[doctor_id][0] for doctor_id in sorted(memory.schedules)]
    for start in range(0, len(firsts), _TOGETHER):
        yield firsts[start : start + _TOGETHER]


async def set_hours(context: BatchContext, firsts: Sequence[Item[ExportedSchedule]]) -> ImportCounts:
    """Set the working hours of the doctors of some schedules from the day that was given on."""
    outcome = ImportCounts()
    whose = {items[0].content.identifiers[0]: doctor_id for doctor_id, items in context.memory.schedules.items()}
    doctor_ids = [whose[first.content.identifiers[0]] for first in firsts]
    await raise_days(context, doctor_ids)
    rows = {row.id: row for row in await doctors.lock_doctors(context.pg, doctor_ids)}
    zones = await imports.zones_of_doctors(context.pg, doctor_ids)
    last_import = await LastImport.load(context, [first.content for first in firsts])
    for first, doctor_id in zip(firsts, doctor_ids, strict=True):
        with outcome.reporting(first.line):
            await _set_hours(
                context, first, doctor_id, rows[doctor_id].hours, ZoneInfo(zones[doctor_id]), last_import, outcome
            )
    await last_import.save()
    return outcome


async def _set_hours(
    context: BatchContext,
    first: Item[ExportedSchedule],
    doctor_id: str,
    stored: str,
    zone: ZoneInfo,
    last_import: LastImport,
    outcome: ImportCounts,
) -> None:
    since = context.options.hours_since
    given = on_the_wall(_slots_of(context.memory, doctor_id), zone, since)
    if not given:
        raise Unusable(f"it has no slots from {since} on: the hours stay as they are")
    versions, left = hours_of_slots(given, since)
    if left:
        what = "are shorter than 5 minutes, longer than 8 hours, or overlap others"
        outcome.note(first.line, [f"{left} of its slots {what}: no hours are made of them"])
    ours: Versions = {day: week for day, week in hours.by_day(stored).items() if day >= since}
    fields = {"hours": plain(versions)}
    taken, kept = last_import.compare(first.content, fields, Current({"hours": plain(ours)}, untouched=True))
    if kept:
        raise Unusable("its hours have changed, but were changed in the book too since: set them there")
    last_import.note(first.content, fields)
    if not taken:
        return
    await hours.raise_version(context.pg, doctor_id)
    for day in ours:
        await hours.remove(context.pg, doctor_id, day)
    for day, week in versions.items():
        await hours.put(context.pg, doctor_id, day, week)
    outcome.changed += 1
    ends = max(versions) - timedelta(days=1)
    outcome.note(first.line, [f"its slots give hours from {since} to {ends}: set those from then on"])


def _slots_of(memory: RunMemory, doctor_id: str) -> Iterator[tuple[datetime, datetime]]:
    for item in memory.schedules[doctor_id]:
        yield from memory.slots.get(_own(item), {}).values()


def _own(item: Item[ExportedSchedule]) -> Identifier:
    return item.content.identifiers[0]
