"""A patient's desk: what one account of the patient writes, and what another reads."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import grpc

from server.rpc.calls.read_marks import READ_MARK
from tests.faults.town import Town
from tests.fixtures.worker import Client, Refusal
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import schedule_service_pb2 as schedules_pb

TIMES = [f"{hour:02}:{minute:02}" for hour in range(8, 20) for minute in (0, 30)]


_days = count(3)


@dataclass
class Desk:
    """A patient with two accounts, at two workers: what one account writes, the other did not."""

    town: Town
    doctor_id: str
    patient_id: str
    writer: list[Client]
    other: list[Client]

    async def book(self, date: str, time_slot: str, request_id: str = "") -> tuple[str, int]:
        """Book at the first worker; id and read mark."""
        request = pb.CreateAppointmentRequest(
            patient_id=self.patient_id, doctor_id=self.doctor_id, date=date, time_slot=time_slot, request_id=request_id
        )
        call = self.writer[0].appointments.CreateAppointment(request, metadata=self.writer[0].metadata, timeout=5)
        answer = await call
        return answer.appointment.id, int((await told(call))[READ_MARK])

    async def seen(self, client: Client, *more: tuple[str, str]) -> tuple[set[str], dict[str, str]]:
        """What a list holds, and the metadata of the answer."""
        metadata = (*client.metadata, *more)
        request = pb.ListAppointmentsRequest(patient_id=self.patient_id, size=100, sort="appointment_date,desc")
        call = client.appointments.ListAppointments(request, metadata=metadata, timeout=5)
        try:
            return {each.id for each in (await call).appointments}, await told(call)
        except grpc.aio.AioRpcError as error:
            raise Refusal.of(error) from None

    async def slots(self, client: Client, date: str) -> dict[str, str]:
        """The metadata of an answer with the free slots of a day."""
        request = schedules_pb.ListAvailableSlotsRequest(doctor_id=self.doctor_id, date=date)
        call = client.schedules.ListAvailableSlots(request, metadata=client.metadata, timeout=5)
        try:
            await call
        except grpc.aio.AioRpcError as error:
            raise Refusal.of(error) from None
        return await told(call)

    def reads_of_the_standby(self) -> int:
        """How many lists the standby has answered."""
        standby = self.town.servers[1]
        query = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query LIKE '%FROM appointments a%'"
        return int(standby.query(query, "yoyaku"))

    async def is_answered_by_the_standby(self) -> bool:
        """Whether the standby answers all of ten lists for one who wrote nothing; not while a worker has no server."""
        try:
            return await self._share_of_the_standby() == 10
        except Refusal as refused:
            if refused.code is not grpc.StatusCode.UNAVAILABLE:
                raise
            return False

    async def is_answered_by_the_primary(self) -> bool:
        """Whether the standby answers none of them."""
        return await self._share_of_the_standby() == 0

    async def _share_of_the_standby(self) -> int:
        before = self.reads_of_the_standby()
        for number in range(10):
            await self.seen(self.other[number % 2])
        return self.reads_of_the_standby() - before


async def told(call: Any) -> dict[str, str]:
    """The metadata of an answer."""
    return {name: str(value) for name, value in list(await call.trailing_metadata())}


def next_day() -> str:
    return (datetime.now(UTC) + timedelta(days=next(_days))).date().isoformat()
