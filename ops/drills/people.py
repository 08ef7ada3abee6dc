"""Who works while something is lost: patients who book and cancel, and a doctor who writes medical records."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta

import grpc

from ops.drills.frame import Findings
from server.local import LocalError
from tests.faults.load import Load, load
from tests.faults.patients import AGAIN
from tests.faults.town import ROOT, Town
from tests.fixtures.worker import Client, Refusal
from tests.fixtures.workers import Fleet
from yoyaku.v1 import appointment_service_pb2, record_service_pb2

PAUSE_SECONDS = 0.1
CALL_SECONDS = 5.0


@dataclass(slots=True)
class Doctor:
    """Writes one record after the other, and notes those that were acknowledged, with the time (monotonic)."""

    patient_id: str
    clients: list[Client]
    written: dict[str, float] = field(default_factory=dict)

    async def work(self, stop: asyncio.Event) -> None:
        """Write until asked to stop; what is not answered is not noted."""
        while not stop.is_set():
            client = self.clients[len(self.written) % len(self.clients)]
            text = f"note {len(self.written)}"
            request = record_service_pb2.CreateRecordRequest(patient_id=self.patient_id, text=text)
            try:
                answer = await client(client.records.CreateRecord, request, CALL_SECONDS)
                self.written[answer.record.id] = time.monotonic()
            except Refusal as refusal:
                if refusal.code not in AGAIN | {grpc.StatusCode.UNAUTHENTICATED}:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)

    async def read(self, record_id: str) -> str:
        """The text of a record."""
        request = record_service_pb2.GetRecordRequest(record_id=record_id)
        answer = await self.clients[0](self.clients[0].records.GetRecord, request, CALL_SECONDS)
        return str(answer.record.text)


@dataclass(slots=True)
class Clinic:
    """A clinic under load, and what is known of it afterwards."""

    place: Town
    running: Load
    doctor: Doctor

    async def serves_again(self) -> None:
        """Return when bookings and records are acknowledged again."""
        await self.running.serves_again()
        known = len(self.doctor.written)
        async with asyncio.timeout(60):
            while len(self.doctor.written) == known:  # noqa: ASYNC110  # another process serves again
                await asyncio.sleep(0.05)

    async def findings(self, lost_at: float, back_at: float, *, losses: bool = False, remark: str = "") -> Findings:
        """What is left of what was acknowledged; times are monotonic, of the loss and of the first write after it.

        With `losses` the database is of an earlier time than the last acknowledged write.
        """
        missing = [*self.running.notes.history.missing(await self.running.book()).values()]
        found = await self.running.fleet.book.rows("SELECT id::text FROM records")
        missing += [at for record_id, at in self.doctor.written.items() if (record_id,) not in found]
        whole, trail = await command(self.place, "verify-audit")
        flaws = [] if whole else [f"verify-audit: {trail}"]
        if self.doctor.written:
            await self._read_one([str(record_id) for (record_id,) in found], flaws)
        return Findings(
            rpo_seconds=max([0.0, *(lost_at - at for at in missing)]),  # what is acknowledged after a loss counts 0
            rto_seconds=back_at - lost_at,
            acknowledged=len(self.running.notes.written_at) + len(self.doctor.written),
            missing=len(missing),
            flaws=[*flaws, *await self.running.contradictions(losses=losses)],
            remark=remark,
        )

    async def _read_one(self, found: list[str], flaws: list[str]) -> None:
        readable = [record_id for record_id in self.doctor.written if record_id in found]
        if not (readable and await self.doctor.read(readable[0])):
            flaws.append("no medical record can be read")


async def command(place: Town, *arguments: str, **environment: str) -> tuple[bool, str]:
    """Run a command as an operator does: whether it succeeded, and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server",
        *arguments,
        cwd=ROOT,
        env=os.environ | place.environment | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode == 0, said.decode().strip()


async def rotate_keys(place: Town) -> None:
    """Begin to sign tokens with a new key, and wrap the keys of medical records with the second master key."""
    first, second = place.environment["YOYAKU_RECORD_MASTER_KEYS"].split(",")
    for name, change in (
        ("rotate-keys", {}),
        ("rotate-record-keys", {"YOYAKU_RECORD_MASTER_KEYS": f"{second},{first}"}),
    ):
        done, said = await command(place, name, **change)
        if not done:
            raise LocalError(said)


@asynccontextmanager
async def working(place: Town, fleet: Fleet, *, patients: int = 8) -> AsyncIterator[Clinic]:
    """A clinic under load until the end of the block."""
    async with load(fleet, patients=patients) as running:
        doctor = Doctor(await _treated(running), await fleet.clients("doctor", doctor_id=running.doctor_ids[0]))
        stop = asyncio.Event()
        work = asyncio.create_task(doctor.work(stop))
        try:
            yield Clinic(place, running, doctor)
        finally:
            stop.set()
            await work


async def _treated(running: Load) -> str:
    """A patient whom the first doctor treats, on a day that the load leaves alone."""
    patient_id = await running.fleet.book.patient()
    [client, _] = await running.fleet.clients("patient", patient_id=patient_id)
    day = date.fromisoformat(running.date) + timedelta(days=1)
    request = appointment_service_pb2.CreateAppointmentRequest(
        patient_id=patient_id, doctor_id=running.doctor_ids[0], date=day.isoformat(), time_slot="09:00"
    )
    await client(client.appointments.CreateAppointment, request, CALL_SECONDS)
    return patient_id
