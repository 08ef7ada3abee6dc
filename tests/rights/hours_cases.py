"""The cases of working hours, extra sessions and time off."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.message import Message

from server.domain.rights import Action
from server.rpc.messages.convert import to_timestamp
from tests.rights.case import Case
from tests.rights.world import Side, World
from yoyaku.v1 import schedule_service_pb2 as schedules
from yoyaku.v1.schedule_pb2 import Session, Weekday


def _working_hours(world: World, side: Side) -> Message:
    session = Session(weekday=Weekday.WEEKDAY_MONDAY, start="00:00", end="23:30", slot_minutes=30)
    valid_from = f"{world.today + timedelta(days=600)}"
    return schedules.SetWorkingHoursRequest(doctor_id=side.doctor_id, valid_from=valid_from, sessions=[session])


def _extra_session(world: World, side: Side) -> Message:
    date = f"{world.today + timedelta(days=500 + world.number)}"
    return schedules.AddSessionRequest(doctor_id=side.doctor_id, date=date, start="23:30", end="00:00", slot_minutes=30)


def _two_hours(world: World, days: int) -> dict[str, Any]:
    start = datetime.combine(world.today + timedelta(days=days), datetime.min.time(), UTC)
    return {"start_time": to_timestamp(start), "end_time": to_timestamp(start + timedelta(hours=2))}


HOURS_CASES: dict[str, Sequence[Case]] = {
    "ScheduleService/GetSchedule": [
        Case(lambda _, s: schedules.GetScheduleRequest(doctor_id=s.doctor_id), public=True)
    ],
    "ScheduleService/SetWorkingHours": [Case(_working_hours, public=True)],
    "ScheduleService/AddSession": [Case(_extra_session, public=True, passed=["SESSIONS_OVERLAP"])],
    "ScheduleService/RemoveSession": [
        Case(
            lambda w, s: schedules.RemoveSessionRequest(
                doctor_id=s.doctor_id, date=f"{w.today + timedelta(days=500)}", start="23:30"
            ),
            public=True,
            passed=["INVALID_REQUEST"],
        )
    ],
    "ScheduleService/PreviewTimeOff": [
        Case(lambda w, s: schedules.PreviewTimeOffRequest(doctor_id=s.doctor_id, **_two_hours(w, days=1)), public=True)
    ],
    "ScheduleService/CreateTimeOff": [
        Case(
            lambda w, s: schedules.CreateTimeOffRequest(
                doctor_id=s.doctor_id, reason="a course", **_two_hours(w, days=800 + w.number)
            ),
            public=True,
        )
    ],
    "ScheduleService/GetTimeOff": [Case(lambda _, s: schedules.GetTimeOffRequest(time_off_id=s.time_off_id))],
    "ScheduleService/ListTimeOff": [
        Case(lambda _, s: schedules.ListTimeOffRequest(doctor_id=s.doctor_id), public=True)
    ],
    "ScheduleService/ListMoveOffers": [
        Case(lambda _, s: schedules.ListMoveOffersRequest(clinic_id=s.clinic_id), public=True)
    ],
    "ScheduleService/ResendMoveOffer": [
        Case(
            lambda w, s: schedules.ResendMoveOfferRequest(appointment_id=w.appointment(s)),
            sees=Action.SEE_APPOINTMENT,
            passed=["OFFER_ENDED"],
        )
    ],
    "ScheduleService/WithdrawMoveOffer": [
        Case(
            lambda w, s: schedules.WithdrawMoveOfferRequest(appointment_id=w.appointment(s)),
            sees=Action.SEE_APPOINTMENT,
            passed=["OFFER_ENDED"],
        )
    ],
    "ScheduleService/AcceptMoveOffer": [
        Case(
            lambda w, s: schedules.AcceptMoveOfferRequest(
                appointment_id=w.appointment(s), doctor_id=s.doctor_id, start_time=_two_hours(w, days=3)["start_time"]
            ),
            sees=Action.SEE_APPOINTMENT,
            passed=["OFFER_ENDED"],
        )
    ],
    "ScheduleService/DeleteTimeOff": [Case(lambda _, s: schedules.DeleteTimeOffRequest(time_off_id=s.time_off_id))],
}
