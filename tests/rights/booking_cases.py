"""The cases of appointments and schedules."""

from collections.abc import Sequence
from datetime import timedelta

from server.domain.identity import Role
from server.domain.rights import Action
from tests.rights.case import Case
from yoyaku.v1 import appointment_service_pb2 as appointments
from yoyaku.v1 import schedule_service_pb2 as schedules
from yoyaku.v1.appointment_type_pb2 import AppointmentType
from yoyaku.v1.resource_pb2 import Resource

BOOKING_CASES: dict[str, Sequence[Case]] = {
    "AppointmentService/CreateAppointment": [
        Case(
            lambda w, s: appointments.CreateAppointmentRequest(
                patient_id=s.patient_id, doctor_id=s.doctor_id, **w.slot()
            )
        ),
        Case(
            lambda w, s: appointments.CreateAppointmentRequest(
                patient_id=s.patient_id, doctor_id=s.doctor_id, override_reason="urgent", **w.slot()
            ),
            actions=[Action.CREATE_APPOINTMENT, Action.OVERRIDE_CAPACITY],
        ),
    ],
    "AppointmentService/GetAppointment": [
        Case(lambda _, s: appointments.GetAppointmentRequest(appointment_id=s.appointment_id))
    ],
    "AppointmentService/ListAppointmentEvents": [
        Case(lambda _, s: appointments.ListAppointmentEventsRequest(appointment_id=s.appointment_id))
    ],
    "AppointmentService/ListAppointments": [
        Case(lambda _, s: appointments.ListAppointmentsRequest(patient_id=s.patient_id), filtered=True),
        Case(
            lambda w, s: appointments.ListAppointmentsRequest(
                clinic_id=s.clinic_id, date=f"{w.today + timedelta(days=1)}"
            ),
            filtered=True,
            public=True,
        ),
    ],
    "AppointmentService/BatchGetAppointments": [
        Case(lambda _, s: appointments.BatchGetAppointmentsRequest(appointment_ids=[s.appointment_id])),
        Case(
            lambda w, s: appointments.BatchGetAppointmentsRequest(
                appointment_ids=[w.own.appointment_id, s.appointment_id]
            )
        ),
    ],
    "AppointmentService/RescheduleAppointment": [
        Case(
            lambda w, s: appointments.RescheduleAppointmentRequest(appointment_id=w.appointment(s), **w.slot()),
            sees=Action.SEE_APPOINTMENT,
        ),
        Case(
            lambda w, s: appointments.RescheduleAppointmentRequest(
                appointment_id=w.appointment(s), override_reason="urgent", **w.slot()
            ),
            actions=[Action.CHANGE_APPOINTMENT, Action.OVERRIDE_CAPACITY],
            sees=Action.SEE_APPOINTMENT,
        ),
    ],
    "AppointmentService/CancelAppointment": [
        Case(
            lambda w, s: appointments.CancelAppointmentRequest(appointment_id=w.appointment(s)),
            sees=Action.SEE_APPOINTMENT,
        )
    ],
    "AppointmentService/CheckInAppointment": [
        Case(
            lambda w, s: appointments.CheckInAppointmentRequest(appointment_id=w.appointment(s)),
            sees=Action.SEE_APPOINTMENT,
            passed=["TOO_EARLY"],
        )
    ],
    "AppointmentService/StartAppointment": [
        Case(
            lambda w, s: appointments.StartAppointmentRequest(appointment_id=w.appointment(s)),
            sees=Action.SEE_APPOINTMENT,
            passed=["STATUS_FORBIDS"],
        )
    ],
    "AppointmentService/CompleteAppointment": [
        Case(
            lambda w, s: appointments.CompleteAppointmentRequest(appointment_id=w.appointment(s)),
            sees=Action.SEE_APPOINTMENT,
            passed=["STATUS_FORBIDS"],
        )
    ],
    "AppointmentService/MarkNoShow": [
        Case(
            lambda w, s: appointments.MarkNoShowRequest(appointment_id=w.appointment(s)),
            sees=Action.SEE_APPOINTMENT,
            passed=["TOO_EARLY"],
        )
    ],
    "AppointmentService/RevertStatus": [
        Case(
            lambda w, s: appointments.RevertStatusRequest(appointment_id=w.appointment(s), reason="by mistake"),
            sees=Action.SEE_APPOINTMENT,
            passed=["STATUS_FORBIDS"],
        )
    ],
    "AppointmentService/BatchReschedule": [
        Case(
            lambda w, s: appointments.BatchRescheduleRequest(
                requests=[appointments.RescheduleAppointmentRequest(appointment_id=w.appointment(s), **w.slot())]
            ),
            sees=Action.SEE_APPOINTMENT,
            filtered=True,
        )
    ],
    "AppointmentService/BatchCancel": [
        Case(
            lambda w, s: appointments.BatchCancelRequest(
                requests=[appointments.CancelAppointmentRequest(appointment_id=w.appointment(s))]
            ),
            sees=Action.SEE_APPOINTMENT,
            filtered=True,
        )
    ],
    "AppointmentService/WatchAppointments": [
        Case(lambda _, s: appointments.WatchAppointmentsRequest(clinic_id=s.clinic_id), public=True)
    ],
    "ScheduleService/ListAvailableSlots": [
        Case(lambda w, s: schedules.ListAvailableSlotsRequest(doctor_id=s.doctor_id, date=f"{w.today}"), public=True)
    ],
    "ScheduleService/SearchAvailableSlots": [
        Case(
            lambda w, s: schedules.SearchAvailableSlotsRequest(
                clinic_id=s.clinic_id, from_date=f"{w.today}", to_date=f"{w.today}"
            ),
            public=True,
        ),
        Case(
            lambda w, _: schedules.SearchAvailableSlotsRequest(
                specialty="General practice", from_date=f"{w.today}", to_date=f"{w.today}"
            ),
            objectless=True,
        ),
    ],
    "ScheduleService/ListAvailableDays": [
        Case(
            lambda w, s: schedules.ListAvailableDaysRequest(
                clinic_id=s.clinic_id, from_date=f"{w.today}", to_date=f"{w.today}"
            ),
            public=True,
            not_for=Role.VISITOR,
        ),
        Case(
            lambda w, s: schedules.ListAvailableDaysRequest(
                doctor_id=s.doctor_id, from_date=f"{w.today}", to_date=f"{w.today}"
            ),
            public=True,
        ),
    ],
    "ScheduleService/WatchSlots": [
        Case(lambda _, s: schedules.WatchSlotsRequest(clinic_id=s.clinic_id), public=True, not_for=Role.VISITOR),
        Case(lambda _, s: schedules.WatchSlotsRequest(doctor_ids=[s.doctor_id]), public=True),
    ],
    "ScheduleService/ListAppointmentTypes": [
        Case(lambda _, s: schedules.ListAppointmentTypesRequest(clinic_id=s.clinic_id), public=True)
    ],
    "ScheduleService/CreateAppointmentType": [
        Case(
            lambda w, s: schedules.CreateAppointmentTypeRequest(
                clinic_id=s.clinic_id, name=f"Type {w.number}", minutes=30
            ),
            public=True,
        )
    ],
    "ScheduleService/ListResources": [
        Case(lambda _, s: schedules.ListResourcesRequest(clinic_id=s.clinic_id), public=True)
    ],
    "ScheduleService/CreateResource": [
        Case(
            lambda w, s: schedules.CreateResourceRequest(clinic_id=s.clinic_id, kind="room", name=f"Room {w.number}"),
            public=True,
        )
    ],
    "ScheduleService/UpdateResource": [
        Case(
            lambda w, s: schedules.UpdateResourceRequest(
                resource_id=s.resource_id, resource=Resource(name=f"Room {w.number}")
            ),
            public=True,
        )
    ],
    "ScheduleService/UpdateAppointmentType": [
        Case(
            lambda w, s: schedules.UpdateAppointmentTypeRequest(
                appointment_type_id=s.type_id, appointment_type=AppointmentType(name=f"Type {w.number}")
            ),
            public=True,
        )
    ],
}
