"""Working hours on the wire."""

from collections.abc import Iterable

from db.postgres.booking.hours import BookedRow
from server.domain.booking.alternatives import OtherDoctor
from server.domain.booking.hours import HoursVersion, Session
from server.domain.errors import Alternatives
from server.rpc.messages.convert import fill_slot, to_date, to_time, to_timestamp
from server.rpc.messages.time_off import choices_of
from server.usecases.schedules.extra_sessions import DoctorDate
from server.usecases.schedules.working_hours import HoursChanged, Schedule
from server.usecases.time_off.new_hours import NewHours
from yoyaku.v1 import clinic_pb2, doctor_pb2, patient_pb2, schedule_pb2, time_off_pb2
from yoyaku.v1 import schedule_service_pb2 as pb


def sessions_of(sessions: Iterable[schedule_pb2.Session]) -> list[Session]:
    """The sessions of a week."""
    return [
        Session(
            session.weekday, to_time(session.start), to_time(session.end), session.slot_minutes, session.capacity or 1
        )
        for session in sessions
    ]


def to_schedule(schedule: Schedule) -> schedule_pb2.Schedule:
    """The working hours of a doctor as a message."""
    return schedule_pb2.Schedule(
        doctor_id=schedule.doctor_id,
        time_zone=schedule.time_zone,
        working_hours=[
            schedule_pb2.WorkingHours(
                valid_from=version.valid_from.isoformat(), sessions=map(_session, version.sessions)
            )
            for version in schedule.hours
        ],
        etag=schedule.etag,
        extra_sessions=[
            schedule_pb2.ExtraSession(
                date=each.date.isoformat(),
                start=f"{each.start_local:%H:%M}",
                end=f"{each.end_local:%H:%M}",
                slot_minutes=each.slot_minutes,
                capacity=each.capacity,
            )
            for each in schedule.extra
        ],
    )


def _session(session: Session) -> schedule_pb2.Session:
    return schedule_pb2.Session(
        weekday=schedule_pb2.Weekday.Name(session.weekday),  # type: ignore[arg-type]
        start=f"{session.start:%H:%M}",
        end=f"{session.end:%H:%M}",
        slot_minutes=session.slot_minutes,
        capacity=session.capacity,
    )


_MOST_UNCOVERED = 100


def new_hours(request: pb.SetWorkingHoursRequest) -> NewHours:
    """The working hours that a request sets (INVALID_REQUEST)."""
    version = HoursVersion(to_date("valid_from", request.valid_from), sessions_of(request.sessions))
    return NewHours(request.doctor_id.lower(), version, request.etag, choices_of(request))


def hours_set(changed: HoursChanged) -> pb.SetWorkingHoursResponse:
    """The answer to SetWorkingHours."""
    return pb.SetWorkingHoursResponse(
        schedule=to_schedule(changed.schedule),
        days_changed=len(changed.changes.days),
        uncovered=[_with_patient(row) for row in changed.uncovered[:_MOST_UNCOVERED]],
        uncovered_count=len(changed.uncovered),
    )


def _with_patient(row: BookedRow) -> schedule_pb2.UncoveredAppointment:
    return schedule_pb2.UncoveredAppointment(
        appointment_id=row.id,
        start_time=to_timestamp(row.start_at),
        end_time=to_timestamp(row.end_at),
        patient=patient_pb2.PatientRef(id=row.patient_id, name=row.patient_name),
        outcome=time_off_pb2.TimeOffOutcome.Value(f"TIME_OFF_OUTCOME_{row.outcome.upper() or 'UNSPECIFIED'}"),
        offer_state=time_off_pb2.MoveOfferState.Value(f"MOVE_OFFER_STATE_{(row.offer or 'unspecified').upper()}"),
    )


def new_session(request: pb.AddSessionRequest | pb.RemoveSessionRequest) -> tuple[DoctorDate, Session]:
    """The extra session that a request adds or removes; of one to remove, only its start counts."""
    day = to_date("date", request.date)
    start, length, capacity = to_time(request.start), 0, 1
    end = start
    if isinstance(request, pb.AddSessionRequest):
        end, length, capacity = to_time(request.end), request.slot_minutes, request.capacity or 1
    return DoctorDate(request.doctor_id.lower(), day), Session(day.isoweekday(), start, end, length, capacity)


def session_added(changed: HoursChanged) -> pb.AddSessionResponse:
    """The answer to AddSession."""
    return pb.AddSessionResponse(schedule=to_schedule(changed.schedule))


def session_removed(changed: HoursChanged) -> pb.RemoveSessionResponse:
    """The answer to RemoveSession."""
    return pb.RemoveSessionResponse(
        schedule=to_schedule(changed.schedule),
        uncovered=_uncovered(changed),
        uncovered_count=len(changed.uncovered),
    )


def _uncovered(changed: HoursChanged) -> list[schedule_pb2.UncoveredAppointment]:
    return [
        schedule_pb2.UncoveredAppointment(
            appointment_id=row.id, start_time=to_timestamp(row.start_at), end_time=to_timestamp(row.end_at)
        )
        for row in changed.uncovered[:_MOST_UNCOVERED]
    ]


def to_alternatives(found: Alternatives) -> schedule_pb2.AlternativeSlots:
    """The free slots that an error offers."""
    message = schedule_pb2.AlternativeSlots(doctor_id=found.doctor_id, time_zone=found.time_zone)
    for slot in found.slots:
        fill_slot(message.slots.add(reason=schedule_pb2.ALTERNATIVE_REASON_SAME_DOCTOR), slot)
    for each in found.others:
        near = schedule_pb2.AlternativeReason.Value(f"ALTERNATIVE_REASON_{each.near.name}")
        fill_slot(
            message.slots.add(reason=near, doctor=doctor_ref(each.other), clinic=clinic_ref(each.other)), each.slot
        )
    return message


def doctor_ref(other: OtherDoctor) -> doctor_pb2.DoctorRef:
    """A doctor as alternatives name them."""
    return doctor_pb2.DoctorRef(id=other.id, name=other.name, specialty=other.specialty)


def clinic_ref(other: OtherDoctor) -> clinic_pb2.ClinicRef:
    """The clinic of a doctor as alternatives name it."""
    return clinic_pb2.ClinicRef(id=other.clinic_id, name=other.clinic_name, time_zone=other.time_zone)
