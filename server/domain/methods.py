"""Which actions each method of the contract needs; with the rules of identity.py, this decides who may call what.

A test calls every method as every role and compares; `make roles` prints docs/roles.md from here.
"""

from collections.abc import Iterable

from server.domain.identity import RULES, Action, Role

METHODS: dict[str, tuple[Action, ...]] = {
    "AppointmentService/CreateAppointment": (Action.CREATE_APPOINTMENT, Action.OVERRIDE_CAPACITY),
    "AppointmentService/HoldSlot": (Action.CREATE_APPOINTMENT, Action.OVERRIDE_CAPACITY),
    "AppointmentService/ConfirmHold": (Action.CHANGE_APPOINTMENT,),
    "AppointmentService/ReleaseHold": (Action.CHANGE_APPOINTMENT,),
    "AppointmentService/CreateAppointmentSeries": (Action.CREATE_APPOINTMENT, Action.OVERRIDE_CAPACITY),
    "AppointmentService/CancelAppointmentSeries": (Action.CHANGE_APPOINTMENT,),
    "AppointmentService/GetAppointment": (Action.SEE_APPOINTMENT,),
    "AppointmentService/ListAppointments": (Action.SEE_APPOINTMENT,),
    "AppointmentService/BatchGetAppointments": (Action.BATCH_GET_APPOINTMENTS,),
    "AppointmentService/ListAppointmentEvents": (Action.SEE_APPOINTMENT,),
    "AppointmentService/RescheduleAppointment": (Action.CHANGE_APPOINTMENT, Action.OVERRIDE_CAPACITY),
    "AppointmentService/SwapResource": (Action.SWAP_RESOURCE,),
    "AppointmentService/CancelAppointment": (Action.CHANGE_APPOINTMENT,),
    "AppointmentService/CheckInAppointment": (Action.CHANGE_STATUS,),
    "AppointmentService/StartAppointment": (Action.CHANGE_STATUS,),
    "AppointmentService/CompleteAppointment": (Action.CHANGE_STATUS,),
    "AppointmentService/MarkNoShow": (Action.CHANGE_STATUS,),
    "AppointmentService/RevertStatus": (Action.CHANGE_STATUS,),
    "AppointmentService/BatchReschedule": (Action.BATCH_CHANGE_APPOINTMENTS,),
    "AppointmentService/BatchCancel": (Action.BATCH_CHANGE_APPOINTMENTS,),
    "AppointmentService/WatchAppointments": (Action.WATCH_APPOINTMENTS,),
    "AppointmentService/GetAppointmentByLink": (),
    "AppointmentService/ConfirmAppointmentByLink": (),
    "AppointmentService/CancelAppointmentByLink": (),
    "AppointmentService/CheckInByLink": (),
    "AppointmentService/ListSlotsByLink": (),
    "AppointmentService/RescheduleByLink": (),
    "AppointmentService/AnswerMoveByLink": (),
    "ScheduleService/ListAvailableSlots": (Action.SEE_SLOTS,),
    "ScheduleService/SearchAvailableSlots": (Action.SEE_SLOTS,),
    "ScheduleService/ListAvailableDays": (Action.SEE_SLOTS,),
    "ScheduleService/WatchSlots": (Action.SEE_SLOTS,),
    "ScheduleService/GetSchedule": (Action.SEE_SCHEDULE,),
    "ScheduleService/SetWorkingHours": (Action.SET_WORKING_HOURS,),
    "ScheduleService/AddSession": (Action.SET_WORKING_HOURS,),
    "ScheduleService/RemoveSession": (Action.SET_WORKING_HOURS,),
    "ScheduleService/PreviewTimeOff": (Action.SET_WORKING_HOURS,),
    "ScheduleService/CreateTimeOff": (Action.SET_WORKING_HOURS,),
    "ScheduleService/GetTimeOff": (Action.SET_WORKING_HOURS,),
    "ScheduleService/ListTimeOff": (Action.SET_WORKING_HOURS,),
    "ScheduleService/DeleteTimeOff": (Action.SET_WORKING_HOURS,),
    "ScheduleService/ListAppointmentTypes": (Action.SEE_SLOTS,),
    "ScheduleService/CreateAppointmentType": (Action.EDIT_CATALOGUE,),
    "ScheduleService/UpdateAppointmentType": (Action.EDIT_CATALOGUE,),
    "ScheduleService/ListResources": (Action.SEE_RESOURCES,),
    "ScheduleService/CreateResource": (Action.EDIT_CATALOGUE,),
    "ScheduleService/UpdateResource": (Action.EDIT_CATALOGUE,),
    "QueueService/CheckIn": (Action.CHECK_IN,),
    "QueueService/RegisterWalkIn": (Action.REGISTER_WALK_IN,),
    "QueueService/CallNext": (Action.RUN_QUEUE,),
    "QueueService/Recall": (Action.RUN_QUEUE,),
    "QueueService/Skip": (Action.RUN_QUEUE,),
    "QueueService/MoveTicket": (Action.RUN_QUEUE,),
    "QueueService/CloseLane": (Action.RUN_QUEUE,),
    "QueueService/SetAnnouncement": (Action.RUN_QUEUE,),
    "QueueService/ListLanes": (Action.SEE_QUEUE,),
    "QueueService/GetLane": (Action.SEE_QUEUE,),
    "QueueService/WatchQueue": (Action.SEE_QUEUE,),
    "QueueService/GetQueueRules": (Action.SEE_QUEUE,),
    "QueueService/SetQueueRules": (Action.SET_QUEUE_RULES,),
    "ReportService/GetClinicDay": (Action.SEE_REPORTS,),
    "ReportService/GetUtilization": (Action.SEE_REPORTS,),
    "ReportService/GetWaits": (Action.SEE_REPORTS,),
    "ReportService/GetNoShows": (Action.SEE_REPORTS,),
    "ReportService/ExportReport": (Action.SEE_REPORTS,),
    "RecordService/CreateRecord": (Action.CREATE_RECORD,),
    "RecordService/GetRecord": (Action.SEE_RECORD,),
    "RecordService/ListRecords": (Action.SEE_RECORD,),
    "RecordService/AmendRecord": (Action.AMEND_RECORD,),
    "RecordService/ListRecordVersions": (Action.SEE_RECORD,),
    "RecordService/BreakGlass": (Action.BREAK_GLASS,),
    "RecordService/ListRecordAccess": (Action.SEE_RECORD_ACCESS,),
    "DirectoryService/ListClinics": (Action.SEE_CLINICS,),
    "DirectoryService/GetClinic": (Action.SEE_CLINICS,),
    "DirectoryService/CreateClinic": (Action.MANAGE_CLINICS,),
    "DirectoryService/UpdateClinic": (Action.MANAGE_CLINICS,),
    "DirectoryService/ListPolicies": (Action.SEE_CLINICS,),
    "DirectoryService/ListDoctors": (Action.SEE_DOCTORS,),
    "DirectoryService/GetDoctor": (Action.SEE_DOCTORS,),
    "DirectoryService/CreateDoctor": (Action.EDIT_DOCTOR, Action.EDIT_PRACTITIONER),
    "DirectoryService/UpdateDoctor": (Action.EDIT_DOCTOR, Action.EDIT_PRACTITIONER),
    "DirectoryService/RegisterPatient": (Action.REGISTER_PATIENT,),
    "DirectoryService/GetPatient": (Action.SEE_PATIENT,),
    "DirectoryService/UpdatePatient": (
        Action.EDIT_PATIENT,
        Action.EDIT_PATIENT_ELSEWHERE,
        Action.EDIT_OWN_CONTACT,
    ),
    "DirectoryService/ConfirmContact": (Action.EDIT_PATIENT, Action.EDIT_OWN_CONTACT),
    "DirectoryService/ConfirmContactByLink": (),
    "DirectoryService/SearchPatients": (Action.SEARCH_PATIENTS,),
    "DirectoryService/ReserveIdentifierSystem": (Action.RESERVE_IDENTIFIERS,),
    "DirectoryService/ReleaseIdentifierSystem": (Action.RESERVE_IDENTIFIERS,),
    "NotificationService/ListNotifications": (Action.SEE_NOTIFICATIONS,),
    "NotificationService/RetryNotification": (Action.RETRY_NOTIFICATION,),
    "AuthService/Login": (),
    "AuthService/RefreshToken": (),
    "AuthService/Logout": (),
    "AuthService/GetMe": (Action.SEE_OWN_ACCOUNT,),
    "AuthService/InviteAccount": (Action.MANAGE_ACCOUNTS,),
    "AuthService/SetPassword": (),
    "AuthService/ResetPassword": (Action.MANAGE_ACCOUNTS,),
    "AuthService/RequestPasswordReset": (),
    "AuthService/ChangePassword": (Action.CHANGE_PASSWORD,),
    "AuthService/DisableAccount": (Action.MANAGE_ACCOUNTS,),
    "AuthService/EnableAccount": (Action.MANAGE_ACCOUNTS,),
    "AuthService/GetSecondFactor": (Action.SET_UP_SECOND_FACTOR,),
    "AuthService/EnrolSecondFactor": (Action.SET_UP_SECOND_FACTOR,),
    "AuthService/ConfirmSecondFactor": (Action.SET_UP_SECOND_FACTOR,),
    "AuthService/RenewRecoveryCodes": (Action.SET_UP_SECOND_FACTOR,),
    "AuthService/RemoveSecondFactor": (Action.SET_UP_SECOND_FACTOR,),
    "AuthService/ResetSecondFactor": (Action.MANAGE_ACCOUNTS,),
    "AuthService/GetSigningKeys": (),
    "AuthService/PairDisplay": (),
    "AuthService/ConfirmDisplay": (Action.MANAGE_DISPLAYS,),
    "AuthService/ListDisplays": (Action.MANAGE_DISPLAYS,),
    "AuthService/RevokeDisplay": (Action.MANAGE_DISPLAYS,),
    "AuthService/CreateServiceAccount": (Action.MANAGE_ACCOUNTS,),
    "AuthService/ExchangeDeviceToken": (),
}
"""By service and method. The first action decides; only some requests need the others. No action: no token needed."""

WITHOUT_SECOND_FACTOR = (
    "AuthService/GetMe",
    "AuthService/ChangePassword",
    "AuthService/GetSecondFactor",
    "AuthService/EnrolSecondFactor",
    "AuthService/ConfirmSecondFactor",
)
"""What an account may call that needs a second factor and has none, besides methods that need no token."""

FOR_VISITORS = frozenset(name for name, actions in METHODS.items() if actions and Role.VISITOR in RULES[actions[0]])
"""Methods that also answer callers without a token, about clinics that are open to everybody."""

LIMITED: dict[str, tuple[str, ...]] = {
    "booking": (
        "AppointmentService/CreateAppointment",
        "AppointmentService/HoldSlot",
        "AppointmentService/CreateAppointmentSeries",
        "AppointmentService/RescheduleAppointment",
        "AppointmentService/BatchReschedule",
    ),
    "login": (
        "AuthService/Login",
        "AuthService/SetPassword",
        "AuthService/ResetPassword",
        "AuthService/RequestPasswordReset",
        "AuthService/PairDisplay",
        "DirectoryService/ConfirmContactByLink",
        "AppointmentService/GetAppointmentByLink",
        "AppointmentService/ConfirmAppointmentByLink",
        "AppointmentService/CancelAppointmentByLink",
        "AppointmentService/CheckInByLink",
        "AppointmentService/ListSlotsByLink",
        "AppointmentService/RescheduleByLink",
        "AppointmentService/AnswerMoveByLink",
    ),
}
"""Methods that share a lower call limit than all others; the limits are in server/edge/limits.py."""

COSTLY = (
    "AppointmentService/BatchGetAppointments",
    "AppointmentService/BatchReschedule",
    "AppointmentService/BatchCancel",
    "ScheduleService/SearchAvailableSlots",
    "ScheduleService/ListAvailableDays",
    "ScheduleService/WatchSlots",
    "DirectoryService/SearchPatients",
    "ReportService/GetClinicDay",
    "ReportService/GetUtilization",
    "ReportService/GetWaits",
    "ReportService/GetNoShows",
    "ReportService/ExportReport",
)
"""Methods that do the work of many calls: each counts as ten towards its caller's limit for all calls."""


def limits_of(roles: Iterable[Role]) -> str:
    """Which call limits an account has at the edge: those of a `system`, of `staff`, or of a `person`."""
    held = set(roles)
    if Role.SYSTEM in held:
        return "system"
    return "staff" if held & {Role.STAFF, Role.ADMIN, Role.DOCTOR} else "person"
