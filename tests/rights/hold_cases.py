"""For holds and series: what each method is asked, on whose side, and how it treats what is not the caller's."""

from collections.abc import Sequence

from server.domain.rights import Action
from tests.rights.case import Case
from yoyaku.v1 import appointment_service_pb2 as appointments

HOLD_CASES: dict[str, Sequence[Case]] = {
    "AppointmentService/HoldSlot": [
        Case(
            lambda w, s: appointments.HoldSlotRequest(patient_id=s.patient_id, doctor_id=s.doctor_id, **w.slot()),
            passed=["TOO_MANY_HOLDS"],
        ),
        Case(
            lambda w, s: appointments.HoldSlotRequest(
                patient_id=s.patient_id, doctor_id=s.doctor_id, override_reason="urgent", **w.slot()
            ),
            actions=[Action.CREATE_APPOINTMENT, Action.OVERRIDE_CAPACITY],
            passed=["TOO_MANY_HOLDS"],
        ),
    ],
    "AppointmentService/ConfirmHold": [
        Case(
            lambda w, s: appointments.ConfirmHoldRequest(appointment_id=w.appointment(s)),
            sees=Action.SEE_APPOINTMENT,
            passed=["STATUS_FORBIDS"],
        )
    ],
    "AppointmentService/ReleaseHold": [
        Case(
            lambda w, s: appointments.ReleaseHoldRequest(appointment_id=w.appointment(s)),
            sees=Action.SEE_APPOINTMENT,
            passed=["STATUS_FORBIDS"],
        )
    ],
    "AppointmentService/SwapResource": [
        Case(
            lambda w, s: appointments.SwapResourceRequest(appointment_id=w.appointment(s), resource_id=s.resource_id),
            sees=Action.SEE_APPOINTMENT,
            passed=["RESOURCE_NOT_FOUND"],
        )
    ],
    "AppointmentService/CreateAppointmentSeries": [
        Case(
            lambda w, s: appointments.CreateAppointmentSeriesRequest(
                patient_id=s.patient_id,
                doctor_id=s.doctor_id,
                recurrence=appointments.Recurrence(frequency=appointments.FREQUENCY_WEEKLY, count=2),
                **w.slot(),
            )
        ),
        Case(
            lambda w, s: appointments.CreateAppointmentSeriesRequest(
                patient_id=s.patient_id,
                doctor_id=s.doctor_id,
                recurrence=appointments.Recurrence(frequency=appointments.FREQUENCY_WEEKLY, count=2),
                override_reason="urgent",
                **w.slot(),
            ),
            actions=[Action.CREATE_APPOINTMENT, Action.OVERRIDE_CAPACITY],
        ),
    ],
    "AppointmentService/RescheduleAppointmentSeries": [
        Case(
            lambda w, s: appointments.RescheduleAppointmentSeriesRequest(appointment_id=w.appointment(s), **w.slot()),
            sees=Action.SEE_APPOINTMENT,
        ),
        Case(
            lambda w, s: appointments.RescheduleAppointmentSeriesRequest(
                appointment_id=w.appointment(s), override_reason="urgent", **w.slot()
            ),
            actions=[Action.CHANGE_APPOINTMENT, Action.OVERRIDE_CAPACITY],
            sees=Action.SEE_APPOINTMENT,
        ),
    ],
    "AppointmentService/CancelAppointmentSeries": [
        Case(
            lambda w, s: appointments.CancelAppointmentSeriesRequest(appointment_id=w.appointment(s)),
            sees=Action.SEE_APPOINTMENT,
        )
    ],
}
