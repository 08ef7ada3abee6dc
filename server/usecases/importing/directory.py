"""Organizations become clinics, practitioners and their roles become doctors."""

from collections.abc import Callable, Sequence
from typing import Protocol

from db.postgres import imports
from db.postgres.booking import hours
from db.postgres.directory import clinics, doctors
from db.postgres.directory.clinics import ClinicRow
from db.postgres.imports import Noun, Pair
from server.domain.names import are_same
from server.fhir.directory import Location, Organization, Practitioner, PractitionerRole
from server.fhir.fields import Identifier, Unusable, shown
from server.usecases.importing.batches import ImportCounts, Item, Known, Step, add_missing, first_known
from server.usecases.importing.role_hours import OFFICE_HOURS, Versions, hours_of


async def organizations(step: Step, batch: Sequence[Item[Organization]]) -> ImportCounts:
    """Add a clinic, with the usual booking policy, for each organization that the database does not have."""
    known = await Known.load(step, "clinic", [item.content for item in batch])
    outcome, there = ImportCounts(), list[Item[Organization]]()
    for item in batch:
        with outcome.reporting(item.line):
            if item.content.no_provider and not known.has(item.content):
                raise Unusable(
                    f"{item.content.no_provider}, and no role, location, service or visit refers to it: it is no clinic"
                )
            there.append(item)
    same_name = await _by_name(step, "clinic", known)
    outcome.add(await add_missing(step, known, there, _add_clinic, same_name, "name"))
    return outcome


class _HasName(Protocol):
    @property
    def name(self) -> str: ...


async def _by_name(step: Step, noun: Noun, known: Known) -> Callable[[_HasName, str], bool]:
    """Returns a check whether a thing has the same name as the row with an id."""
    names = await imports.names(step.pg, noun, known.ids)
    return lambda thing, row_id: row_id in names and are_same(thing.name, names[row_id])


async def _add_clinic(step: Step, clinic_id: str, organization: Organization) -> None:
    row = ClinicRow(
        id=clinic_id,
        name=organization.name,
        time_zone=organization.time_zone,
        horizon_days=90,
        min_notice_minutes=30,
        cancel_by_minutes=60,
        max_per_patient_day=3,
        buffer_minutes=0,
        address=organization.address,
        phone=organization.phone,
    )
    await clinics.add(step.pg, row, step.now)


async def locations(step: Step, batch: Sequence[Item[Location]]) -> ImportCounts:
    """Give each clinic the identifiers of its locations, of which some may be part of others."""
    outcome = ImportCounts()
    owners = await step.resolve("clinic", [item.content.owner.identifier for item in batch])
    rows = await imports.named(step.pg, "clinic", [each for item in batch for each in item.content.identifiers])
    known = {Identifier(row.system, row.value): row.id for row in rows}
    fresh: dict[Identifier, str] = {}
    for item in _outer_first(batch):
        with outcome.reporting(item.line):
            clinic_id = first_known([item.content.owner], owners | fresh)
            missing = _missing(item.content, clinic_id, known)
            known |= missing
            fresh |= missing
            outcome.new += bool(missing)
            outcome.unchanged += not missing
    await imports.name(step.pg, "clinic", fresh.items())
    return outcome


def _outer_first(batch: Sequence[Item[Location]]) -> list[Item[Location]]:
    """The locations of a batch, each after the one that it is part of; circles come last, as they are."""
    waiting = {item.content.identifiers[0]: item for item in batch}
    ordered: list[Item[Location]] = []
    while ready := [item for item in waiting.values() if item.content.owner.identifier not in waiting]:
        ordered += ready
        for item in ready:
            del waiting[item.content.identifiers[0]]
    return [*ordered, *waiting.values()]


def _missing(location: Location, clinic_id: str, known: dict[Identifier, str]) -> dict[Identifier, str]:
    """The identifiers of a location that its clinic does not have yet (Unusable if another clinic has one)."""
    for identifier in location.identifiers:
        if known.get(identifier, clinic_id) != clinic_id:
            raise Unusable(f"its identifier of {shown(identifier)} is another clinic's already")
    return dict.fromkeys((each for each in location.identifiers if each not in known), clinic_id)


async def practitioners(step: Step, batch: Sequence[Item[Practitioner]]) -> ImportCounts:
    """Add each practitioner that the database does not have."""
    known = await Known.load(step, "practitioner", [item.content for item in batch])
    outcome = await add_missing(
        step, known, batch, _add_practitioner, await _by_name(step, "practitioner", known), "name"
    )
    # For one who is inactive, whatever else the export says, no doctor takes bookings.
    step.memory.retired.update(known.id_of(item.content) for item in batch if not item.content.active)
    return outcome


async def _add_practitioner(step: Step, practitioner_id: str, practitioner: Practitioner) -> None:
    await doctors.add_practitioner(step.pg, practitioner_id, practitioner.name, step.now)


async def roles(step: Step, batch: Sequence[Item[PractitionerRole]]) -> ImportCounts:
    """Add a doctor for each practitioner who is not yet one at a clinic; of several roles there, the first counts.

    The id of a role becomes one more identifier of its practitioner and of its clinic, so that visits of this and later
    exports may refer to it.
    """
    outcome = ImportCounts()
    named = [item.content.identifiers[0] for item in batch]
    people = await step.resolve("practitioner", [*named, *(item.content.practitioner.identifier for item in batch)])
    places = await step.resolve(
        "clinic", [*named, *(place.identifier for item in batch for place in item.content.places)]
    )
    wanted: list[tuple[Pair, PractitionerRole]] = []
    for item in batch:
        with outcome.reporting(item.line):
            role = item.content
            person = first_known([role.practitioner], people)
            await _name_after(step, "practitioner", role, person, people)
            if not role.places:
                outcome.note(item.line, ["it names no organization and no location, so it makes no doctor"])
                outcome.unchanged += 1
                continue
            clinic = first_known(role.places, places)
            await _name_after(step, "clinic", role, clinic, places)
            wanted.append(((person, clinic), role))
    known = await doctors_of(step, [pair for pair, _ in wanted])
    for pair, role in wanted:
        if pair in known:
            outcome.unchanged += 1
            continue
        known[pair] = await _add_by_role(step, pair, role)
        outcome.new += 1
    return outcome


async def _name_after(
    step: Step, noun: Noun, role: PractitionerRole, row_id: str, known: dict[Identifier, str]
) -> None:
    own = role.identifiers[0]
    if own not in known:
        await imports.name(step.pg, noun, [(own, row_id)])
        known[own] = row_id


async def _add_by_role(step: Step, pair: Pair, role: PractitionerRole) -> str:
    doctor_id = await add_doctor(step, pair, role.specialty, hours_of(role))
    if not role.active:
        await imports.retire(step.pg, doctor_id)
    return doctor_id


async def doctors_of(step: Step, pairs: Sequence[Pair]) -> dict[Pair, str]:
    """The existing doctors, by (practitioner_id, clinic_id)."""
    return {(row.practitioner_id, row.clinic_id): row.id for row in await imports.doctors(step.pg, pairs)}


async def add_doctor(step: Step, pair: Pair, specialty: str, versions: Versions = OFFICE_HOURS) -> str:
    """Add a doctor with working hours; returns the id. One who is retired takes no bookings."""
    doctor_id = step.new_id()
    await doctors.add(step.pg, doctor_id, practitioner_id=pair[0], clinic_id=pair[1], specialty=specialty, now=step.now)
    for since, week in versions.items():
        await hours.put(step.pg, doctor_id, since, week)
    if pair[0] in step.memory.retired:
        await imports.retire(step.pg, doctor_id)
    return doctor_id
