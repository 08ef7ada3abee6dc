"""Practitioners and their roles become doctors."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from db.errors import Conflict
from db.postgres import imported_resources, imports
from db.postgres.booking import hours
from db.postgres.directory import doctors
from db.postgres.directory import practitioners as people
from db.postgres.imports import Pair
from server.fhir.directory import Practitioner
from server.fhir.fields import Identifier
from server.fhir.roles import PractitionerRole
from server.usecases.importing.batches import BatchContext, ImportCounts, ImportedItem, Item, first_known
from server.usecases.importing.matching import IdentifierIndex, add_missing, by_name
from server.usecases.importing.role_hours import OFFICE_HOURS, Versions, hours_of, plain
from server.usecases.importing.upkeep import Current, Fields, UpdateRules, keep_up


async def practitioners(context: BatchContext, batch: Sequence[Item[Practitioner]]) -> ImportCounts:
    """Add each practitioner that the database does not have."""
    known = await IdentifierIndex.load(context, "practitioner", [item.content for item in batch])
    same_name = await by_name(context, "practitioner", known)
    outcome, placed = await add_missing(context, known, batch, _add_practitioner, same_name, "name")
    # For one who is inactive, whatever else the export says, no doctor takes bookings.
    context.memory.retired.update(known.linked_id(item.content) for item in batch if not item.content.active)
    await keep_up(context, _PEOPLE, placed, outcome)
    return outcome


async def _add_practitioner(context: BatchContext, practitioner_id: str, practitioner: Practitioner) -> None:
    await people.add(context.pg, practitioner_id, practitioner.name, context.now)


def _told_of_person(practitioner: Practitioner) -> Fields:
    # Who is active again takes bookings where somebody says so: the roles that have ended since are not known here.
    return {"name": practitioner.name} | ({} if practitioner.active else {"inactive": True})


async def _people(context: BatchContext, practitioner_ids: Sequence[str]) -> Mapping[str, Current]:
    closing = [each for each in practitioner_ids if each in context.memory.retired]
    doctor_ids = await people.doctors(context.pg, closing)
    await raise_days(context, doctor_ids)
    rows = await people.lock_all(context.pg, practitioner_ids)
    if await people.doctors(context.pg, closing) != doctor_ids:
        raise Conflict("a doctor was added between two statements")
    return {row.id: Current({"name": row.name, "inactive": row.is_retired}, row.untouched) for row in rows}


async def _store_person(context: BatchContext, practitioner_id: str, now: Fields) -> None:
    if "name" in now:
        await people.rename(context.pg, practitioner_id, str(now["name"]), context.now)
    if now.get("inactive"):
        for doctor_id in await people.active_doctors(context.pg, practitioner_id):
            await _store_doctor(context, doctor_id, {"active": False})


_PEOPLE = UpdateRules(_told_of_person, _people, _store_person)


async def roles(context: BatchContext, batch: Sequence[Item[PractitionerRole]]) -> ImportCounts:
    """Add a doctor for each practitioner who is not yet one at a clinic; of several roles there, the first counts.

    The id of a role becomes one more identifier of its practitioner and of its clinic, so that visits of this and later
    exports may refer to it.
    """
    names = _Names([], [])
    outcome, wanted = await _resolved(context, batch, names)
    known = await doctors_of(context, [pair for _, pair in wanted])
    owners = await imported_resources.load(context.pg, [item.content.identifiers[0] for item, _ in wanted])
    made = {Identifier(row.system, row.value) for row in owners}
    placed: list[ImportedItem[PractitionerRole]] = []
    for item, pair in wanted:
        has_made_one = item.content.identifiers[0] in made
        if pair not in known:
            known[pair] = await _add_by_role(context, pair, item.content)
            outcome.new += 1
            placed.append(ImportedItem(item, known[pair], is_known=False))
            if has_made_one:
                outcome.note(item.line, ["it is at another clinic now: the doctor at the former one stays as it is"])
        elif has_made_one:
            placed.append(ImportedItem(item, known[pair], is_known=True))
        else:
            outcome.unchanged += 1
    await keep_up(context, _DOCTORS, placed, outcome)
    # Last, since a name of a practitioner locks the practitioner.
    await imports.add_identifiers(context.pg, "clinic", names.clinics)
    await imports.add_identifiers(context.pg, "practitioner", names.practitioners)
    return outcome


class _Names(NamedTuple):
    """What the ids of roles are to be further names of."""

    clinics: list[tuple[Identifier, str]]
    practitioners: list[tuple[Identifier, str]]


async def _resolved(
    context: BatchContext, batch: Sequence[Item[PractitionerRole]], names: _Names
) -> tuple[ImportCounts, list[tuple[Item[PractitionerRole], Pair]]]:
    """The roles with their practitioners and clinics, as far as they have both."""
    outcome, wanted = ImportCounts(), list[tuple[Item[PractitionerRole], Pair]]()
    named = [item.content.identifiers[0] for item in batch]
    people = await context.resolve("practitioner", [*named, *(item.content.practitioner.identifier for item in batch)])
    places = await context.resolve(
        "clinic", [*named, *(place.identifier for item in batch for place in item.content.places)]
    )
    for item in batch:
        with outcome.reporting(item.line):
            role = item.content
            person = first_known([role.practitioner], people)
            _name_after(names.practitioners, role, person, people)
            if not role.places:
                outcome.note(item.line, ["it names no organization and no location, so it makes no doctor"])
                outcome.unchanged += 1
                continue
            clinic = first_known(role.places, places)
            _name_after(names.clinics, role, clinic, places)
            wanted.append((item, (person, clinic)))
    return outcome, wanted


def _name_after(
    names: list[tuple[Identifier, str]], role: PractitionerRole, row_id: str, known: dict[Identifier, str]
) -> None:
    own = role.identifiers[0]
    if own not in known:
        names.append((own, row_id))
        known[own] = row_id


async def _add_by_role(context: BatchContext, pair: Pair, role: PractitionerRole) -> str:
    doctor_id = await add_doctor(context, pair, role.specialty, hours_of(role))
    if not role.active:
        await imports.retire(context.pg, doctor_id)
    return doctor_id


def _told_of_role(role: PractitionerRole) -> Fields:
    return {"specialty": role.specialty, "active": role.active, "hours": plain(hours_of(role))}


async def _doctors(context: BatchContext, doctor_ids: Sequence[str]) -> Mapping[str, Current]:
    await raise_days(context, doctor_ids)
    return {
        row.id: Current(
            {"specialty": row.specialty, "active": row.active, "hours": plain(hours.by_day(row.hours))}, row.untouched
        )
        for row in await doctors.lock_doctors(context.pg, doctor_ids)
    }


async def raise_days(context: BatchContext, doctor_ids: Sequence[str]) -> None:
    """Lock all days that may be offered, from yesterday on, and raise their revisions.

    Days come before the practitioners and doctors that hang on them, as everywhere (`day_locks.py`).
    """
    if not doctor_ids:
        return
    today = context.now.date()
    last = await imports.last_day(context.pg, doctor_ids, today)
    touched = hours.dates(today - timedelta(days=2), last)
    await hours.raise_revisions(context.pg, doctor_ids, touched, context.now)


async def _store_doctor(context: BatchContext, doctor_id: str, now: Fields) -> None:
    row = await (await doctors.get(context.pg, doctor_id)).fetchone()
    if row is None:
        raise AssertionError("a doctor that is locked is there")
    plain_fields = {field: value for field, value in now.items() if field != "hours"}
    if plain_fields:
        await doctors.update(context.pg, row._replace(**plain_fields), context.now)  # type: ignore[arg-type]  # its own fields
    if "hours" in now:
        await hours.raise_version(context.pg, doctor_id)
        await hours.clear(context.pg, doctor_id)
        for since, week in now["hours"]:  # type: ignore[attr-defined]  # as `plain` makes them
            await hours.put(context.pg, doctor_id, since, week)


_DOCTORS = UpdateRules(_told_of_role, _doctors, _store_doctor)


async def doctors_of(context: BatchContext, pairs: Sequence[Pair]) -> dict[Pair, str]:
    """The existing doctors, by (practitioner_id, clinic_id)."""
    return {(row.practitioner_id, row.clinic_id): row.id for row in await imports.doctors(context.pg, pairs)}


async def add_doctor(context: BatchContext, pair: Pair, specialty: str, versions: Versions = OFFICE_HOURS) -> str:
    """Add a doctor with working hours; returns the id. One who is retired takes no bookings.

    The foreign key locks the practitioner, so the days of the practitioner's other doctors are locked first.
    """
    doctor_id = context.new_id()
    await raise_days(context, await people.doctors(context.pg, [pair[0]]))
    await doctors.add(
        context.pg, doctor_id, practitioner_id=pair[0], clinic_id=pair[1], specialty=specialty, now=context.now
    )
    for since, week in versions.items():
        await hours.put(context.pg, doctor_id, since, week)
    if pair[0] in context.memory.retired:
        await imports.retire(context.pg, doctor_id)
    return doctor_id
