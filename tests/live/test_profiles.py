"""Doctors and patients come from the cache, and never older than what was committed."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from db.postgres.cluster import transaction
from db.postgres.cluster.engines import Connection
from db.postgres.directory import patients
from db.postgres.directory.patients import FullPatientRow
from server.local.processes import ports
from server.local.processes.process import Process
from server.local.servers import valkey
from server.rpc.calls.read_marks import READ_MARK
from server.usecases.directory.profile_cache import ProfileCache
from tests.fixtures.clinic import Scene
from tests.fixtures.waiting import until
from tests.fixtures.worker import Worker
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1.doctor_pb2 import Doctor
from yoyaku.v1.patient_pb2 import Patient

PHONE = "+819011112222"
PASSWORD = "of-this-test"


@dataclass
class Valkey:
    """A server that can be killed, and started again with what it had."""

    home: Path
    port: int
    process: Process | None = None

    def start(self) -> None:
        self.process = valkey.launch(self.home / "data", self.home / "log", port=self.port, password=PASSWORD)
        valkey.await_ready(self.process, port=self.port, password=PASSWORD)

    def kill(self) -> None:
        assert self.process
        self.process.popen.kill()
        self.process.popen.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path, ports.free(1)[0])
    server.start()
    yield server
    server.kill()


@pytest.fixture
def valkey_urls(server: Valkey) -> dict[str, str]:
    names = ("cache_url", "token_store_url")
    return {name: valkey.url(server.port, PASSWORD, number) for number, name in enumerate(names)}


async def doctor(scene: Scene) -> Any:
    request = pb.GetDoctorRequest(doctor_id=scene.doctor_id)
    return (await scene.patient(scene.patient.directory.GetDoctor, request)).doctor


async def patient(scene: Scene) -> Any:
    request = pb.GetPatientRequest(patient_id=scene.patient_id)
    return (await scene.patient(scene.patient.directory.GetPatient, request)).patient


async def call_doctor(scene: Scene, specialty: str) -> Any:
    request = pb.UpdateDoctorRequest(
        doctor_id=scene.doctor_id, doctor=Doctor(specialty=specialty), update_mask=FieldMask(paths=["specialty"])
    )
    return await scene.staff(scene.staff.directory.UpdateDoctor, request)


async def change_patient(scene: Scene, **fields: Any) -> Any:
    request = pb.UpdatePatientRequest(
        patient_id=scene.patient_id, patient=Patient(**fields), update_mask=FieldMask(paths=list(fields))
    )
    # A first number that staff take down needs no confirmation.
    return await scene.staff(scene.staff.directory.UpdatePatient, request)


def counted(profiles: ProfileCache[Any]) -> tuple[int, int]:
    return profiles.counts.database, profiles.counts.valkey


async def test_a_profile_is_read_once_and_then_comes_from_the_cache(scene: Scene, worker: Worker) -> None:
    await scene.slots()  # from then on the epoch is known
    first = await doctor(scene)
    assert [await doctor(scene) for _ in range(3)] == [first] * 3
    assert counted(worker.parts.doctors) == (1, 3)
    known = await patient(scene)
    assert [await patient(scene) for _ in range(3)] == [known] * 3
    assert counted(worker.parts.patients) == (1, 3)


async def test_who_changes_a_profile_reads_the_change_from_the_cache(scene: Scene, worker: Worker) -> None:
    await scene.slots()
    for number in range(3):
        await doctor(scene)
        await call_doctor(scene, f"Specialty {number}")
        assert (await doctor(scene)).specialty == f"Specialty {number}"
        await change_patient(scene, name=f"Sato {number}")
        assert (await patient(scene)).name == f"Sato {number}"
    # Nothing but the first doctor had to come from the database: writers put what they wrote.
    assert counted(worker.parts.doctors) == (1, 5)
    assert counted(worker.parts.patients) == (0, 3)


async def test_a_new_name_is_read_at_the_other_clinic_too(scene: Scene) -> None:
    await scene.slots()
    person = str(await scene.book.practitioner_of(scene.doctor_id))
    elsewhere = await scene.book.doctor(await scene.book.clinic(), practitioner_id=person)
    request = pb.GetDoctorRequest(doctor_id=elsewhere)
    before = await scene.patient(scene.patient.directory.GetDoctor, request)
    rename = pb.UpdateDoctorRequest(
        doctor_id=scene.doctor_id, doctor=Doctor(name="Mori Hanako"), update_mask=FieldMask(paths=["name"])
    )
    admin = await scene.worker.client("admin")
    await admin(admin.directory.UpdateDoctor, rename)
    after = await scene.patient(scene.patient.directory.GetDoctor, request)
    assert (before.doctor.name, after.doctor.name) == ("Mori Hana", "Mori Hanako")


async def test_many_who_ask_at_once_are_one_load(scene: Scene, worker: Worker) -> None:
    await scene.slots()
    await asyncio.gather(*(doctor(scene) for _ in range(20)))
    assert worker.parts.doctors.counts.database + worker.parts.doctors.counts.valkey < 20
    assert worker.parts.doctors.counts.database == 1


async def test_what_was_read_before_a_change_does_not_come_back(scene: Scene, worker: Worker) -> None:
    await scene.slots()
    profiles, has_read, go_on = worker.parts.patients, asyncio.Event(), asyncio.Event()

    async def read() -> FullPatientRow | None:
        async def work(pg: Connection) -> FullPatientRow | None:
            return await (await patients.get(pg, scene.patient_id)).fetchone()

        row = await transaction.read(worker.parts.engine, work)
        has_read.set()
        await go_on.wait()
        return row

    before = asyncio.create_task(profiles.get(scene.patient_id, read))
    await has_read.wait()
    await change_patient(scene, phone=PHONE)
    # Who asks now must not share what was read before.
    after = asyncio.create_task(profiles.get(scene.patient_id, read))
    await asyncio.sleep(0)
    go_on.set()
    rows = await before, await after
    assert [row and row.phone for row in rows] == ["", PHONE]
    assert (await patient(scene)).phone == PHONE


async def test_a_caller_that_names_a_read_mark_is_answered_by_the_database(scene: Scene, worker: Worker) -> None:
    await scene.slots()
    await patient(scene)
    await patient(scene)
    # As if the worker that changed it had lost Valkey, and this one had not.
    await scene.book.run("UPDATE patients SET phone = %s, version = version + 1 WHERE id = %s", PHONE, scene.patient_id)
    assert (await patient(scene)).phone == ""
    request, marked = pb.GetPatientRequest(patient_id=scene.patient_id), (*scene.patient.metadata, (READ_MARK, "1"))
    told = await scene.patient.directory.GetPatient(request, metadata=marked, timeout=10)
    assert told.patient.phone == PHONE
    assert counted(worker.parts.patients) == (2, 2)


async def test_a_flushed_cache_fills_again(scene: Scene, worker: Worker) -> None:
    await scene.slots()
    await patient(scene)
    await worker.parts.cache.flushall()
    assert (await patient(scene)).phone == ""
    await patient(scene)
    assert counted(worker.parts.patients) == (2, 1)


async def test_a_change_made_while_valkey_was_away_is_seen_when_it_is_back_with_what_it_had(
    scene: Scene, worker: Worker, server: Valkey
) -> None:
    await scene.slots()
    assert (await patient(scene)).phone == ""
    server.kill()
    await change_patient(scene, phone=PHONE)
    assert (await patient(scene)).phone == PHONE
    server.start()
    before = worker.parts.patients.counts.valkey

    async def from_the_cache() -> bool:
        assert (await patient(scene)).phone == PHONE
        return worker.parts.patients.counts.valkey > before

    assert await until(from_the_cache)
