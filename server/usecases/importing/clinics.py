"""Organizations become clinics; locations become other names for them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from db.postgres import imports
from db.postgres.directory import clinics
from db.postgres.directory.clinics import ClinicRow
from server.domain.booking.policies import USUAL_POLICY
from server.fhir.directory import Location, Organization
from server.fhir.fields import Identifier, Unusable, shown
from server.usecases.importing.batches import BatchContext, ImportCounts, Item, first_known
from server.usecases.importing.matching import IdentifierIndex, add_missing, by_name
from server.usecases.importing.upkeep import Current, Fields, UpdateRules, keep_up


async def organizations(context: BatchContext, batch: Sequence[Item[Organization]]) -> ImportCounts:
    """Add a clinic, with the usual booking policy, for each organization that the database does not have."""
    known = await IdentifierIndex.load(context, "clinic", [item.content for item in batch])
    outcome, there = ImportCounts(), list[Item[Organization]]()
    for item in batch:
        with outcome.reporting(item.line):
            if item.content.no_provider and not known.has_own_id(item.content):
                raise Unusable(
                    f"{item.content.no_provider}, and no role, location, service or visit refers to it: it is no clinic"
                )
            there.append(item)
    same_name = await by_name(context, "clinic", known)
    added, placed = await add_missing(context, known, there, _add_clinic, same_name, "name")
    outcome.add(added)
    await keep_up(context, _CONTACTS, placed, outcome)
    return outcome


def _fields_of(organization: Organization) -> Fields:
    return {"name": organization.name, "address": organization.address, "phone": organization.phone}


async def _current(context: BatchContext, clinic_ids: Sequence[str]) -> Mapping[str, Current]:
    return {
        row.id: Current({"name": row.name, "address": row.address, "phone": row.phone}, row.untouched)
        for row in await clinics.lock_contacts(context.pg, clinic_ids)
    }


async def _store(context: BatchContext, clinic_id: str, now: Fields) -> None:
    await clinics.set_contact(context.pg, clinic_id, {field: str(value) for field, value in now.items()}, context.now)


_CONTACTS = UpdateRules(_fields_of, _current, _store)


async def _add_clinic(context: BatchContext, clinic_id: str, organization: Organization) -> None:
    row = ClinicRow(
        id=clinic_id,
        name=organization.name,
        time_zone=organization.time_zone,
        address=organization.address,
        phone=organization.phone,
        **{**asdict(USUAL_POLICY), **organization.policy},
    )
    await clinics.add(context.pg, row, context.now)


async def locations(context: BatchContext, batch: Sequence[Item[Location]]) -> ImportCounts:
    """Give each clinic the identifiers of its locations, of which some may be part of others."""
    outcome = ImportCounts()
    owners = await context.resolve("clinic", [item.content.owner.identifier for item in batch])
    rows = await imports.named(context.pg, "clinic", [each for item in batch for each in item.content.identifiers])
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
    await imports.add_identifiers(context.pg, "clinic", fresh.items())
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
