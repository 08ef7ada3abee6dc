"""A clinic on a server, and its model: what the rules of random histories work on."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import grpc
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
)

from server.parts import Parts
from tests.fixtures.book import Book
from tests.fixtures.worker import Client, Refusal
from tests.rpc.booking_model import (
    DAYS,
    HORIZON_DAYS,
    KINDS,
    MAX_PER_DAY,
    NOTICE,
    PATIENTS,
    Hours,
    Kind,
    Model,
    ModelAppointment,
    Place,
    clock_time,
)
from yoyaku.v1 import schedule_service_pb2 as schedules
from yoyaku.v1.schedule_pb2 import Session

T = TypeVar("T")
ZONE = ZoneInfo("Asia/Tokyo")


PLACES = st.tuples(st.integers(0, 1), st.integers(0, len(DAYS) - 1), st.integers(0, 2))


class ModelledClinic(RuleBasedStateMachine):
    """A clinic of which the server and the model know the same."""

    runner: asyncio.Runner
    parts: Parts
    book: Book
    channel: grpc.aio.Channel

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    @initialize()
    def open_a_clinic(self) -> None:
        self.model = Model()
        self.times_off: dict[tuple[int, int], str] = {}
        """The id of the time off of a doctor on a day."""
        self.run(self._open())

    async def _open(self) -> None:
        self.clinic = clinic = await self.book.clinic(
            max_per_patient_day=MAX_PER_DAY, horizon_days=HORIZON_DAYS, min_notice_minutes=NOTICE
        )
        self.doctors = [await self.book.doctor(clinic) for _ in self.model.hours]
        await self.book.resource(clinic, "room")
        self.kinds = {
            kind: await self.book.appointment_type(
                clinic, kind.length, buffer_minutes=kind.buffer, resource_kinds=["room"] if kind.needs_room else []
            )
            for kind in KINDS
        }
        self.patients = [await self.book.patient() for _ in range(PATIENTS)]
        self.staff = await self._client("staff", clinic_ids=[clinic])
        self.callers = [await self._client("patient", patient_id=each) for each in self.patients]
        for doctor, hours in enumerate(self.model.hours):
            await self.set_hours_of(doctor, hours)

    async def _client(self, role: str, **fields: Any) -> Client:
        token = await self.parts.tokens.issue(await self.book.account(role, **fields))
        assert token
        return Client(self.channel, token)

    async def set_hours_of(self, doctor: int, hours: Hours) -> None:
        fields: dict[str, Any] = {"start": clock_time(hours.start), "end": clock_time(hours.end)}
        week = [
            Session(weekday=day, slot_minutes=hours.minutes, capacity=hours.capacity, **fields)  # type: ignore[arg-type]
            for day in range(1, 8)
        ]
        request = schedules.SetWorkingHoursRequest(doctor_id=self.doctors[doctor], valid_from=DAYS[0], sessions=week)
        await self.staff(self.staff.schedules.SetWorkingHours, request)

    def wanted(self, patient: int, place: Place, kind: Kind | None = None) -> ModelAppointment:
        doctor, day, number = place
        hours = self.model.hours[doctor]
        # One number more than any grid has: a slot that is not offered.
        slot = (*hours.grid, "11:00")[min(number, len(hours.grid))]
        return ModelAppointment(patient, doctor, day, slot, kind.length if kind else hours.minutes, kind=kind)

    def fields(self, wanted: ModelAppointment) -> dict[str, Any]:
        fields = {"doctor_id": self.doctors[wanted.doctor], "date": DAYS[wanted.day], "time_slot": wanted.slot}
        return fields | ({"appointment_type_id": self.kinds[wanted.kind]} if wanted.kind else {})

    def pick(self, data: st.DataObject) -> str:
        # By number: ids differ from run to run.
        return list(self.model.booked)[data.draw(st.integers(0, len(self.model.booked) - 1))]

    def expect(self, refusal: str, method: Any, request: Any, caller: Client | None = None) -> Any:
        answer: Any = None
        reason = ""
        try:
            answer = self.run((caller or self.staff)(method, request))
        except Refusal as refused:
            reason = refused.reason
        assert reason == refusal
        return answer


def instant(day: str, minutes: int) -> datetime:
    """A minute of a day at the clinic."""
    return datetime.fromisoformat(f"{day}T{clock_time(minutes)}").replace(tzinfo=ZONE)
