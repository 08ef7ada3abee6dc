"""Time off, and the moves that it offers, on the wire."""

from db.postgres.booking.alternatives import OfferedSlotRow
from db.postgres.booking.appointments import AppointmentRow
from db.postgres.booking.time_off import MetRow, TimeOffRow
from server.domain.booking.slots import Period
from server.domain.booking.time_off import TimeOffAction
from server.rpc.messages.bookings import day_revisions
from server.rpc.messages.convert import from_timestamp, to_appointment, to_status, to_timestamp
from server.usecases.appointments.changeable import Changed
from server.usecases.move_offers.by_staff import AcceptedTime
from server.usecases.move_offers.read import UnansweredOffer
from server.usecases.time_off.choices import Choices
from server.usecases.time_off.write import NewTimeOff, TimeOffDone
from yoyaku.v1 import doctor_pb2, patient_pb2, time_off_pb2
from yoyaku.v1 import schedule_service_pb2 as pb


def period_of(request: pb.PreviewTimeOffRequest | pb.CreateTimeOffRequest) -> Period:
    """The period that a request is about (INVALID_REQUEST)."""
    return Period(from_timestamp("start_time", request.start_time), from_timestamp("end_time", request.end_time))


def new_time_off(request: pb.CreateTimeOffRequest) -> NewTimeOff:
    """The time off that a request makes (INVALID_REQUEST)."""
    return NewTimeOff(
        request.doctor_id.lower(),
        period_of(request),
        request.reason,
        choices_of(request),
    )


def choices_of(request: pb.CreateTimeOffRequest | pb.SetWorkingHoursRequest) -> Choices:
    """What a request does with the appointments that it leaves outside."""
    exceptions = {each.appointment_id.lower(): _action(each.action) for each in request.exceptions}
    return Choices(_action(request.action), exceptions)


def to_time_off(row: TimeOffRow) -> time_off_pb2.TimeOff:
    """A time off as a message."""
    return time_off_pb2.TimeOff(
        id=row.id,
        doctor_id=row.doctor_id,
        time_zone=row.time_zone,
        start_time=to_timestamp(row.start_at),
        end_time=to_timestamp(row.end_at),
        reason=row.reason,
        create_time=to_timestamp(row.created_at),
        delete_time=to_timestamp(row.deleted_at) if row.deleted_at else None,
        kept_count=row.kept,
        cancelled_count=row.cancelled,
        moved_count=row.moved,
        offered_count=row.offered,
        unanswered_count=row.unanswered,
    )


def to_met(row: MetRow) -> time_off_pb2.TimeOffAppointment:
    """An appointment that a time off met as a message."""
    return time_off_pb2.TimeOffAppointment(
        appointment_id=row.id,
        patient=patient_pb2.PatientRef(id=row.patient_id, name=row.patient_name),
        start_time=to_timestamp(row.start_at),
        end_time=to_timestamp(row.end_at),
        status=to_status(row.status),
        outcome=time_off_pb2.TimeOffOutcome.Value(f"TIME_OFF_OUTCOME_{row.outcome.upper() or 'UNSPECIFIED'}"),
        offer_state=time_off_pb2.MoveOfferState.Value(f"MOVE_OFFER_STATE_{(row.offer or 'unspecified').upper()}"),
        offer_expire_time=to_timestamp(row.offer_expires_at) if row.offer_expires_at else None,
        offer_sent=row.offer_sent,
    )


def to_move_offer(offer: UnansweredOffer) -> pb.UnansweredMoveOffer:
    """An offer that is not answered yet as a message."""
    row = offer.row
    return pb.UnansweredMoveOffer(
        id=row.id,
        appointment_id=row.appointment_id,
        patient=patient_pb2.PatientRef(id=row.patient_id, name=row.patient_name),
        doctor=doctor_pb2.DoctorRef(id=row.doctor_id, name=row.doctor_name, specialty=row.specialty),
        time_zone=row.time_zone,
        start_time=to_timestamp(row.start_at),
        state=time_off_pb2.MoveOfferState.Value(f"MOVE_OFFER_STATE_{row.status.upper()}"),
        expire_time=to_timestamp(row.expires_at) if row.expires_at else None,
        sent=row.is_sent,
        slots=map(_to_slot, offer.slots),
    )


def _to_slot(row: OfferedSlotRow) -> pb.MoveOfferSlot:
    doctor = doctor_pb2.DoctorRef(id=row.doctor_id, name=row.doctor_name, specialty=row.specialty)
    return pb.MoveOfferSlot(doctor=doctor, start_time=to_timestamp(row.start_at), end_time=to_timestamp(row.end_at))


def time_off_created(done: TimeOffDone) -> pb.CreateTimeOffResponse:
    """The answer to CreateTimeOff."""
    return pb.CreateTimeOffResponse(time_off=to_time_off(done.row), appointments=map(to_met, done.met))


def time_off_deleted(done: TimeOffDone) -> pb.DeleteTimeOffResponse:
    """The answer to DeleteTimeOff."""
    return pb.DeleteTimeOffResponse(time_off=to_time_off(done.row))


def accepted_time(request: pb.AcceptMoveOfferRequest) -> AcceptedTime:
    """The time that a request accepts (INVALID_REQUEST)."""
    start_at = from_timestamp("start_time", request.start_time)
    return AcceptedTime(request.appointment_id.lower(), request.doctor_id.lower(), start_at)


def offer_resent(row: AppointmentRow) -> pb.ResendMoveOfferResponse:
    """The answer to ResendMoveOffer."""
    return pb.ResendMoveOfferResponse(appointment=to_appointment(row))


def offer_withdrawn(row: AppointmentRow) -> pb.WithdrawMoveOfferResponse:
    """The answer to WithdrawMoveOffer."""
    return pb.WithdrawMoveOfferResponse(appointment=to_appointment(row))


def offer_accepted(changed: Changed) -> pb.AcceptMoveOfferResponse:
    """The answer to AcceptMoveOffer."""
    return pb.AcceptMoveOfferResponse(
        appointment=to_appointment(changed.appointment), day_revisions=day_revisions(changed.revisions)
    )


def _action(action: time_off_pb2.TimeOffAction.ValueType) -> TimeOffAction:
    name = time_off_pb2.TimeOffAction.Name(action).removeprefix("TIME_OFF_ACTION_")
    return TimeOffAction.KEEP if name == "UNSPECIFIED" else TimeOffAction[name]
