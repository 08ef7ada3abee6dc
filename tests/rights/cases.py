"""For every method of the contract: what it is asked, on whose side, and how it treats what is not the caller's."""

from collections.abc import Sequence

from server.domain.rights import Action
from tests.rights.booking_cases import BOOKING_CASES
from tests.rights.case import Case
from tests.rights.hold_cases import HOLD_CASES
from tests.rights.hours_cases import HOURS_CASES
from tests.rights.queue_cases import QUEUE_CASES
from tests.rights.report_cases import REPORT_CASES
from tests.rights.representative_cases import REPRESENTATIVE_CASES
from yoyaku.v1 import auth_service_pb2 as auth
from yoyaku.v1 import directory_service_pb2 as directory
from yoyaku.v1 import notification_service_pb2 as notifications
from yoyaku.v1 import record_service_pb2 as records
from yoyaku.v1.account_role_pb2 import AccountRole
from yoyaku.v1.clinic_pb2 import Clinic
from yoyaku.v1.doctor_pb2 import Doctor
from yoyaku.v1.patient_pb2 import Patient

CASES: dict[str, Sequence[Case]] = {
    **BOOKING_CASES,
    **HOURS_CASES,
    **HOLD_CASES,
    **QUEUE_CASES,
    **REPORT_CASES,
    **REPRESENTATIVE_CASES,
    "RecordService/CreateRecord": [
        Case(lambda _, s: records.CreateRecordRequest(patient_id=s.patient_id, text="text"))
    ],
    "RecordService/GetRecord": [Case(lambda _, s: records.GetRecordRequest(record_id=s.record_id))],
    "RecordService/ListRecords": [Case(lambda _, s: records.ListRecordsRequest(patient_id=s.patient_id))],
    "RecordService/AmendRecord": [
        Case(lambda _, s: records.AmendRecordRequest(record_id=s.record_id, text="newer text"))
    ],
    "RecordService/ListRecordVersions": [Case(lambda _, s: records.ListRecordVersionsRequest(record_id=s.record_id))],
    "RecordService/ListRecordAccess": [Case(lambda _, s: records.ListRecordAccessRequest(patient_id=s.patient_id))],
    "DirectoryService/ListClinics": [Case(lambda _w, _s: directory.ListClinicsRequest(), objectless=True)],
    "DirectoryService/GetClinic": [Case(lambda _, s: directory.GetClinicRequest(clinic_id=s.clinic_id), public=True)],
    "DirectoryService/CreateClinic": [
        Case(
            lambda w, _: directory.CreateClinicRequest(name=f"Clinic {w.number}", time_zone="Etc/UTC"), objectless=True
        )
    ],
    "DirectoryService/UpdateClinic": [
        Case(
            lambda w, s: directory.UpdateClinicRequest(
                clinic_id=s.clinic_id, clinic=Clinic(address=f"Road {w.number}")
            ),
            public=True,
        )
    ],
    "DirectoryService/ListPolicies": [
        Case(lambda _, s: directory.ListPoliciesRequest(clinic_id=s.clinic_id), public=True)
    ],
    "DirectoryService/ListDoctors": [
        Case(lambda _, s: directory.ListDoctorsRequest(clinic_id=s.clinic_id), public=True)
    ],
    "DirectoryService/GetDoctor": [Case(lambda _, s: directory.GetDoctorRequest(doctor_id=s.doctor_id), public=True)],
    "DirectoryService/CreateDoctor": [
        Case(
            lambda w, s: directory.CreateDoctorRequest(
                clinic_id=s.clinic_id, name=f"Doctor {w.number}", specialty="Cardiology"
            ),
            public=True,
        ),
        # Somebody of a side, as a doctor of the callers' own clinic.
        Case(
            lambda w, s: directory.CreateDoctorRequest(
                clinic_id=w.own.clinic_id, practitioner_id=w.practitioner(s), specialty="Cardiology"
            ),
            actions=[Action.EDIT_DOCTOR, Action.EDIT_PRACTITIONER],
            public=True,
            passed=["DOCTOR_EXISTS"],
        ),
    ],
    "DirectoryService/UpdateDoctor": [
        Case(
            lambda w, s: directory.UpdateDoctorRequest(doctor_id=s.doctor_id, doctor=Doctor(name=f"Name {w.number}")),
            public=True,
        )
    ],
    "DirectoryService/RegisterPatient": [
        Case(lambda w, _: directory.RegisterPatientRequest(name=f"Patient {w.number}"), objectless=True)
    ],
    "DirectoryService/GetPatient": [Case(lambda _, s: directory.GetPatientRequest(patient_id=s.patient_id))],
    "DirectoryService/UpdatePatient": [
        Case(
            lambda w, s: directory.UpdatePatientRequest(
                patient_id=s.patient_id, patient=Patient(name=f"Patient {w.number}"), reason="a new surname"
            ),
            actions=[Action.EDIT_PATIENT_ELSEWHERE],
            sees=Action.SEE_PATIENT,
        ),
        Case(
            lambda w, s: directory.UpdatePatientRequest(
                patient_id=s.patient_id, patient=Patient(name=f"Patient {w.number}")
            ),
            sees=Action.SEE_PATIENT,
        ),
        Case(
            lambda w, s: directory.UpdatePatientRequest(
                patient_id=s.patient_id, patient=Patient(phone=f"+8131234{w.number:04}")
            ),
            actions=[Action.EDIT_PATIENT, Action.EDIT_OWN_CONTACT],
            any_action=True,
            sees=Action.SEE_PATIENT,
        ),
    ],
    "DirectoryService/ConfirmContact": [
        Case(
            lambda _, s: directory.ConfirmContactRequest(patient_id=s.patient_id, code="000000"),
            actions=[Action.EDIT_PATIENT, Action.EDIT_OWN_CONTACT],
            any_action=True,
            sees=Action.SEE_PATIENT,
            passed=["CONTACT_CODE_WRONG"],
        )
    ],
    "DirectoryService/SearchPatients": [
        Case(lambda _w, _s: directory.SearchPatientsRequest(name="Patient"), objectless=True)
    ],
    "DirectoryService/ReserveIdentifierSystem": [
        Case(lambda w, _: directory.ReserveIdentifierSystemRequest(system=f"urn:x:{w.number}"), objectless=True)
    ],
    "DirectoryService/ReleaseIdentifierSystem": [
        Case(lambda w, _: directory.ReleaseIdentifierSystemRequest(system=f"urn:x:{w.number}"), objectless=True)
    ],
    # The last of those about records: it opens the other side's to the doctor.
    "RecordService/BreakGlass": [
        Case(lambda _, s: records.BreakGlassRequest(patient_id=s.patient_id, reason="unconscious"))
    ],
    "NotificationService/ListNotifications": [
        Case(lambda _, s: notifications.ListNotificationsRequest(appointment_id=s.appointment_id))
    ],
    "NotificationService/RetryNotification": [
        Case(
            lambda _, s: notifications.RetryNotificationRequest(notification_id=s.account_id),
            objectless=True,
            passed=["NOTIFICATION_NOT_FOUND"],
        )
    ],
    "AuthService/GetMe": [Case(lambda _w, _s: auth.GetMeRequest(), objectless=True)],
    "AuthService/ListAccounts": [Case(lambda _, s: auth.ListAccountsRequest(clinic_id=s.clinic_id), public=True)],
    "AuthService/InviteAccount": [
        Case(
            lambda w, s: auth.InviteAccountRequest(
                email=f"invited-{w.number}@example.org",
                role=AccountRole.ACCOUNT_ROLE_STAFF,
                clinic_ids=[s.clinic_id],
            ),
            public=True,
        )
    ],
    "AuthService/ResetPassword": [Case(lambda _, s: auth.ResetPasswordRequest(account_id=s.account_id))],
    "AuthService/ChangePassword": [
        Case(
            lambda _w, _s: auth.ChangePasswordRequest(current_password="none", new_password="none of those before"),
            objectless=True,
            passed=["PASSWORD_WRONG", "TOO_MANY_ATTEMPTS"],
        )
    ],
    "AuthService/DisableAccount": [Case(lambda _, s: auth.DisableAccountRequest(account_id=s.account_id))],
    "AuthService/EnableAccount": [Case(lambda _, s: auth.EnableAccountRequest(account_id=s.account_id))],
    "AuthService/ListSessions": [Case(lambda _w, _s: auth.ListSessionsRequest(), objectless=True)],
    "AuthService/EndSession": [
        Case(
            lambda _, s: auth.EndSessionRequest(session_id=s.account_id),
            objectless=True,
            passed=["SESSION_NOT_FOUND"],
        )
    ],
    "AuthService/GetSecondFactor": [Case(lambda _w, _s: auth.GetSecondFactorRequest(), objectless=True)],
    "AuthService/EnrolSecondFactor": [
        Case(
            lambda _w, _s: auth.EnrolSecondFactorRequest(password="none"),
            objectless=True,
            passed=["PASSWORD_WRONG", "TOO_MANY_ATTEMPTS"],
        )
    ],
    "AuthService/ConfirmSecondFactor": [
        Case(
            lambda _w, _s: auth.ConfirmSecondFactorRequest(code="000000"),
            objectless=True,
            passed=["SECOND_FACTOR_NOT_ENROLLED", "SECOND_FACTOR_WRONG", "TOO_MANY_ATTEMPTS"],
        )
    ],
    "AuthService/RenewRecoveryCodes": [
        Case(
            lambda _w, _s: auth.RenewRecoveryCodesRequest(code="no code"),
            objectless=True,
            passed=["SECOND_FACTOR_WRONG", "TOO_MANY_ATTEMPTS"],
        )
    ],
    "AuthService/RemoveSecondFactor": [
        Case(
            lambda _w, _s: auth.RemoveSecondFactorRequest(password="none", code="no code"),
            objectless=True,
            passed=["PASSWORD_WRONG", "TOO_MANY_ATTEMPTS"],
        )
    ],
    "AuthService/ResetSecondFactor": [Case(lambda _, s: auth.ResetSecondFactorRequest(account_id=s.account_id))],
    "AuthService/ConfirmDisplay": [
        Case(
            lambda _, s: auth.ConfirmDisplayRequest(pairing_code="ABCD2345", clinic_id=s.clinic_id, name="Display"),
            public=True,
            passed=["PAIRING_CODE_UNKNOWN"],
        )
    ],
    "AuthService/ListDisplays": [Case(lambda _, s: auth.ListDisplaysRequest(clinic_id=s.clinic_id), public=True)],
    "AuthService/RevokeDisplay": [Case(lambda _, s: auth.RevokeDisplayRequest(display_id=s.display_id))],
    "AuthService/CreateServiceAccount": [
        Case(
            lambda w, _: auth.CreateServiceAccountRequest(name=f"System {w.number}", all_clinics=True),
            objectless=True,
        ),
        Case(
            lambda w, s: auth.CreateServiceAccountRequest(name=f"System {w.number}", clinic_ids=[s.clinic_id]),
            public=True,
        ),
    ],
}
"""Those that need no token are not here; AuthService is in other tests as far as a secret decides."""
