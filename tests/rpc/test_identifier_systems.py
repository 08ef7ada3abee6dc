"""Identifiers that only imports write: the importer's own, and those of systems that an admin reserves."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.fhir import SOURCE, export, load, patient
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client
from tests.rpc.patients import CARD, FILE, get, register, update
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1.patient_pb2 import Identifier, Patient


async def reserve(admin: Client, system: str) -> None:
    await admin(admin.directory.ReserveIdentifierSystem, pb.ReserveIdentifierSystemRequest(system=system))


async def release(admin: Client, system: str) -> None:
    await admin(admin.directory.ReleaseIdentifierSystem, pb.ReleaseIdentifierSystemRequest(system=system))


@pytest.fixture
async def admin(scene: Scene) -> Client:
    return await scene.worker.client("admin")


@pytest.mark.parametrize("role", ["staff", "admin", "system"])
async def test_nobody_gives_or_takes_what_an_import_wrote(scene: Scene, tmp_path: Path, role: str) -> None:
    await load(scene.book, export(tmp_path, a=[patient()]))
    [[imported_id]] = await scene.book.rows("SELECT patient_id FROM patient_identifiers")
    caller = await scene.worker.client(role, clinic_ids=[scene.clinic_id])
    forged = Identifier(system=f"{SOURCE}/Patient", value="p2")
    for attempt in (
        register(scene, caller, identifiers=[forged]),
        update(scene, Patient(identifiers=[forged]), caller=caller),
        update(scene, Patient(identifiers=[]), "identifiers", caller=caller, patient_id=str(imported_id)),
        update(scene, Patient(identifiers=[CARD]), caller=caller, patient_id=str(imported_id)),
    ):
        refused = await refusal(attempt)
        assert (refused.reason, refused.metadata) == ("IDENTIFIER_RESERVED", {"system": f"{SOURCE}/Patient"})
    own = (await get(caller, str(imported_id))).identifiers
    await update(scene, Patient(identifiers=[*own, CARD]), caller=caller, patient_id=str(imported_id))
    assert list((await get(caller, str(imported_id))).identifiers) == [*own, CARD]


@pytest.mark.parametrize("system", ["urn:yoyaku:fhir/Patient", "URN:Yoyaku:fhir/Patient", "urn:yoy\u200baku:x"])
async def test_our_own_systems_are_reserved_before_any_import(scene: Scene, system: str) -> None:
    refused = await refusal(register(scene, identifiers=[Identifier(system=system, value="1")]))
    assert refused.reason == "IDENTIFIER_RESERVED"


@pytest.mark.parametrize(
    "written", ["urn:Oid:1.2.392 ", "urn:oid:1.2\u200b.392", "ｕｒｎ:oid:1.2.392", "\u00adURN:oid:1.2.392"]
)
async def test_a_reserved_system_is_reserved_however_it_is_written(scene: Scene, admin: Client, written: str) -> None:
    await reserve(admin, CARD.system.upper())
    forged = [Identifier(system=written, value="A-17")]
    for attempt in (register(scene, identifiers=forged), update(scene, Patient(identifiers=forged))):
        assert (await refusal(attempt)).reason == "IDENTIFIER_RESERVED"
    await release(admin, written)
    assert list((await register(scene, identifiers=forged)).identifiers) == [CARD]


async def test_an_admin_reserves_a_system_and_releases_it(scene: Scene, admin: Client) -> None:
    held = await register(scene, identifiers=[CARD])
    for _ in range(2):
        await reserve(admin, CARD.system)
    other = Identifier(system=CARD.system, value="another")
    assert (await refusal(register(scene, identifiers=[other]))).reason == "IDENTIFIER_RESERVED"
    assert (await update(scene, Patient(identifiers=[CARD, FILE]), patient_id=held.id)).identifiers == [FILE, CARD]
    for _ in range(2):
        await release(admin, CARD.system)
    await register(scene, identifiers=[other])


async def test_what_an_importer_reserved_nobody_releases(scene: Scene, admin: Client, tmp_path: Path) -> None:
    await reserve(admin, f"{SOURCE}/Patient")
    await load(scene.book, export(tmp_path, a=[patient()]))
    for system in (f"{SOURCE}/Patient", "urn:yoyaku:fhir/Patient"):
        assert (await refusal(release(admin, system))).reason == "IDENTIFIER_RESERVED"
    # Done again by an admin, it stays the importer's.
    await reserve(admin, f"{SOURCE}/Patient")
    assert (await refusal(release(admin, f"{SOURCE}/Patient"))).reason == "IDENTIFIER_RESERVED"


async def test_who_writes_while_a_system_is_being_reserved_is_refused(scene: Scene, database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url) as reserving:
        await reserving.execute("SELECT pg_advisory_xact_lock(7250412)")
        await reserving.execute("INSERT INTO reserved_systems VALUES ('urn:hospital', 'import-fhir', now())")
        writing = asyncio.create_task(register(scene, identifiers=[FILE]))
        await until(waiting(scene))
        await reserving.commit()
        assert (await refusal(writing)).reason == "IDENTIFIER_RESERVED"


def waiting(scene: Scene) -> Callable[[], Awaitable[bool]]:
    async def is_waiting() -> bool:
        return bool(await scene.book.rows("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))

    return is_waiting
