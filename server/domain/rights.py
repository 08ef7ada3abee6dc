"""The one table that says who may do what on whose objects."""

from collections.abc import Iterable
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from server.domain.errors import DomainError, Reason
from server.domain.identity import ALL_CLINICS, Caller, Role


class Action(StrEnum):
    """What a caller may want to do."""

    CREATE_APPOINTMENT = "create_appointment"
    OVERRIDE_CAPACITY = "override_capacity"
    SEE_APPOINTMENT = "see_appointment"
    BATCH_GET_APPOINTMENTS = "batch_get_appointments"
    CHANGE_APPOINTMENT = "change_appointment"
    SWAP_RESOURCE = "swap_resource"
    CHANGE_STATUS = "change_status"
    CHECK_IN = "check_in"
    REGISTER_WALK_IN = "register_walk_in"
    RUN_QUEUE = "run_queue"
    SEE_QUEUE = "see_queue"
    SET_QUEUE_RULES = "set_queue_rules"
    SEE_REPORTS = "see_reports"
    BATCH_CHANGE_APPOINTMENTS = "batch_change_appointments"
    WATCH_APPOINTMENTS = "watch_appointments"
    SEE_SCHEDULE = "see_schedule"
    SEE_SLOTS = "see_slots"
    SEE_RESOURCES = "see_resources"
    SET_WORKING_HOURS = "set_working_hours"
    CHANGE_MOVE_OFFER = "change_move_offer"
    """Of an offer to move an appointment: send it again, withdraw it, accept one of its times for the patient."""
    EDIT_CATALOGUE = "edit_catalogue"
    """What a clinic offers: its types of appointment, and the resources that these need."""
    SEE_CLINICS = "see_clinics"
    MANAGE_CLINICS = "manage_clinics"
    SEE_DOCTORS = "see_doctors"
    EDIT_DOCTOR = "edit_doctor"
    EDIT_PRACTITIONER = "edit_practitioner"
    REGISTER_PATIENT = "register_patient"
    SEARCH_PATIENTS = "search_patients"
    SEE_PATIENT = "see_patient"
    EDIT_PATIENT = "edit_patient"
    EDIT_PATIENT_ELSEWHERE = "edit_patient_elsewhere"
    """It takes a reason, which is recorded, and the patient is notified."""
    EDIT_OWN_CONTACT = "edit_own_contact"
    ADD_REPRESENTATIVE = "add_representative"
    SEE_REPRESENTATIVES = "see_representatives"
    END_REPRESENTATIVE = "end_representative"
    RESERVE_IDENTIFIERS = "reserve_identifiers"
    MANAGE_DISPLAYS = "manage_displays"
    MANAGE_ACCOUNTS = "manage_accounts"
    CREATE_RECORD = "create_record"
    SEE_RECORD = "see_record"
    AMEND_RECORD = "amend_record"
    BREAK_GLASS = "break_glass"
    SEE_RECORD_ACCESS = "see_record_access"
    SEE_NOTIFICATIONS = "see_notifications"
    RETRY_NOTIFICATION = "retry_notification"
    CHANGE_PASSWORD = "change_password"
    SEE_OWN_ACCOUNT = "see_own_account"
    SET_UP_SECOND_FACTOR = "set_up_second_factor"
    END_OWN_SESSIONS = "end_own_sessions"

    __hash__ = str.__hash__


class Scope(Enum):
    """On whose objects an action is permitted."""

    ANY = auto()
    CLINIC = auto()
    """Objects of the clinics that the token names; for visitors: of those that are open to everybody."""
    OWN_DOCTOR = auto()
    """Objects of the calling doctor; for patients: those with an appointment with that doctor."""
    SELF = auto()
    """Objects of the calling patient."""
    OWN_PATIENT = auto()
    """Objects of the calling patient, and of those for whom the account acts."""
    OWN_RECORDS = auto()
    """Records of the calling patient, and of those for whom the account acts and whose records it may see."""
    TREATED = auto()
    """Records of patients whom the calling doctor treats, wrote about, or broke the glass for."""


_P, _D, _S, _A, _V, _Y, _K, _W = Role
_ANY = Scope.ANY
_PEOPLE = dict.fromkeys((_P, _D, _S, _A, _Y), _ANY)

RULES: dict[Action, dict[Role, Scope]] = {
    Action.CREATE_APPOINTMENT: {_P: Scope.OWN_PATIENT, _S: Scope.CLINIC, _Y: Scope.CLINIC},
    Action.OVERRIDE_CAPACITY: {_S: Scope.CLINIC},
    Action.SEE_APPOINTMENT: {_P: Scope.OWN_PATIENT, _D: Scope.OWN_DOCTOR, _S: Scope.CLINIC, _A: _ANY, _Y: Scope.CLINIC},
    Action.BATCH_GET_APPOINTMENTS: {_D: Scope.OWN_DOCTOR, _S: Scope.CLINIC, _Y: Scope.CLINIC},
    Action.CHANGE_APPOINTMENT: {_P: Scope.OWN_PATIENT, _D: Scope.OWN_DOCTOR, _S: Scope.CLINIC, _Y: Scope.CLINIC},
    Action.SWAP_RESOURCE: {_S: Scope.CLINIC},
    Action.CHANGE_STATUS: {_D: Scope.OWN_DOCTOR, _S: Scope.CLINIC},
    Action.CHECK_IN: {_P: Scope.OWN_PATIENT, _D: Scope.OWN_DOCTOR, _S: Scope.CLINIC, _K: Scope.CLINIC},
    Action.REGISTER_WALK_IN: {_D: Scope.OWN_DOCTOR, _S: Scope.CLINIC, _K: Scope.CLINIC},
    Action.RUN_QUEUE: {_D: Scope.OWN_DOCTOR, _S: Scope.CLINIC},
    Action.SEE_QUEUE: dict.fromkeys((_D, _S, _V, _Y, _K), Scope.CLINIC) | {_A: Scope.ANY},
    Action.SET_QUEUE_RULES: {_S: Scope.CLINIC, _A: Scope.ANY},
    Action.SEE_REPORTS: {_D: Scope.CLINIC, _S: Scope.CLINIC, _A: Scope.ANY},
    Action.BATCH_CHANGE_APPOINTMENTS: {_S: Scope.CLINIC, _Y: Scope.CLINIC},
    Action.WATCH_APPOINTMENTS: {_S: Scope.CLINIC, _Y: Scope.CLINIC},
    Action.SEE_SCHEDULE: _PEOPLE,
    Action.SEE_SLOTS: _PEOPLE | {_V: Scope.CLINIC, _W: Scope.CLINIC},
    Action.SEE_RESOURCES: _PEOPLE | {_V: Scope.CLINIC},
    Action.SET_WORKING_HOURS: {_S: Scope.CLINIC, _A: Scope.ANY},
    Action.CHANGE_MOVE_OFFER: {_S: Scope.CLINIC},
    Action.EDIT_CATALOGUE: {_S: Scope.CLINIC, _A: Scope.ANY},
    Action.SEE_CLINICS: _PEOPLE | {_W: Scope.CLINIC},
    Action.MANAGE_CLINICS: {_A: Scope.ANY},
    Action.SEE_DOCTORS: _PEOPLE | dict.fromkeys((_V, _K, _W), Scope.CLINIC),
    Action.EDIT_DOCTOR: {_S: Scope.CLINIC, _A: Scope.ANY},
    # Required for every clinic where the practitioner works.
    Action.EDIT_PRACTITIONER: {_S: Scope.CLINIC, _A: Scope.ANY},
    Action.REGISTER_PATIENT: {_S: Scope.ANY, _A: Scope.ANY, _Y: Scope.ANY},
    Action.SEARCH_PATIENTS: {_S: Scope.ANY, _A: Scope.ANY, _Y: Scope.ANY},
    Action.SEE_PATIENT: {_P: Scope.OWN_PATIENT, _D: Scope.OWN_DOCTOR, _S: Scope.ANY, _A: Scope.ANY, _Y: Scope.ANY},
    # Patients who have appointments at such a clinic, or none anywhere.
    Action.EDIT_PATIENT: {_S: Scope.CLINIC, _A: Scope.ANY, _Y: Scope.CLINIC},
    Action.EDIT_PATIENT_ELSEWHERE: {_S: Scope.ANY, _A: Scope.ANY, _Y: Scope.ANY},
    Action.EDIT_OWN_CONTACT: {_P: Scope.OWN_PATIENT},
    # Of patients whom the caller may edit without a reason.
    Action.ADD_REPRESENTATIVE: {_S: Scope.CLINIC, _A: Scope.ANY},
    Action.SEE_REPRESENTATIVES: {_P: Scope.SELF, _S: Scope.ANY, _A: Scope.ANY},
    # Both the patient and who acts own it.
    Action.END_REPRESENTATIVE: {_P: Scope.SELF, _S: Scope.CLINIC, _A: Scope.ANY},
    Action.RESERVE_IDENTIFIERS: {_A: Scope.ANY},
    Action.MANAGE_DISPLAYS: {_S: Scope.CLINIC, _A: Scope.ANY},
    Action.MANAGE_ACCOUNTS: {_A: Scope.ANY},
    Action.CREATE_RECORD: {_D: Scope.TREATED},
    Action.SEE_RECORD: {_P: Scope.OWN_RECORDS, _D: Scope.TREATED},
    Action.AMEND_RECORD: {_D: Scope.OWN_DOCTOR},
    Action.BREAK_GLASS: {_D: Scope.ANY},
    Action.SEE_RECORD_ACCESS: {_P: Scope.OWN_RECORDS, _A: Scope.ANY},
    Action.SEE_NOTIFICATIONS: {_A: Scope.ANY},
    Action.RETRY_NOTIFICATION: {_A: Scope.ANY},
    Action.CHANGE_PASSWORD: dict.fromkeys((_P, _D, _S, _A), Scope.ANY),
    Action.SEE_OWN_ACCOUNT: dict.fromkeys(set(Role) - {_W}, Scope.ANY),
    Action.END_OWN_SESSIONS: dict.fromkeys((_P, _D, _S, _A), Scope.ANY),
    Action.SET_UP_SECOND_FACTOR: dict.fromkeys((_D, _S, _A), Scope.ANY),
}


class Owner(NamedTuple):
    """To whom an object belongs; None where that does not apply."""

    clinic_id: str | None = None
    doctor_id: str | None = None
    patient_id: str | None = None
    treated_by: str | None = None
    """A doctor who may access the patient's records."""


NOBODY = Owner()


def may(caller: Caller, action: Action, owner: Owner = NOBODY) -> bool:
    """Whether any role of the caller permits the action on an object of this owner."""
    rules = RULES[action]
    for role in caller.roles:
        scope = rules.get(role)
        if scope is _ANY or (scope is not None and _covers(scope, caller, owner)):
            return True
    return False


def acts_for_others(caller: Caller, action: Action, owner: Owner) -> bool:
    """Whether the action is permitted by a role other than that of a patient: rules for patients do not bind it then.

    They bind who represents the patient that owns the object.
    """
    rules = RULES[action]
    for role in caller.roles:
        scope = rules.get(role)
        if scope is not None and role is not Role.PATIENT and _covers(scope, caller, owner):
            return True
    return False


def require(caller: Caller, action: Action, owner: Owner = NOBODY) -> None:
    """Refuse what the table does not permit (NOT_ALLOWED)."""
    if not may(caller, action, owner):
        raise not_allowed(action)


def roles_for(actions: Iterable[Action]) -> frozenset[Role]:
    """The roles that may do at least one of the actions on some object."""
    return frozenset(role for action in actions for role in RULES[action])


def not_allowed(action: Action) -> DomainError:
    """NOT_ALLOWED, which is the same whether or not the object exists."""
    message = f"your account may not do this here ({action}): sign in with one that may"
    return DomainError(Reason.NOT_ALLOWED, message, metadata={"action": action.value})


def _covers(scope: Scope, caller: Caller, owner: Owner) -> bool:
    match scope:
        case Scope.ANY:
            return True
        case Scope.CLINIC:
            return owner.clinic_id is not None and not caller.clinic_ids.isdisjoint({owner.clinic_id, ALL_CLINICS})
        case Scope.OWN_DOCTOR:
            return owner.doctor_id is not None and owner.doctor_id == caller.doctor_id
        case Scope.OWN_PATIENT | Scope.OWN_RECORDS | Scope.SELF:
            own = owner.patient_id
            return own is not None and (own == caller.patient_id or _represents(scope, caller, own))
        case Scope.TREATED:
            return owner.treated_by is not None and owner.treated_by == caller.doctor_id


def _represents(scope: Scope, caller: Caller, patient_id: str) -> bool:
    represented = caller.represents.get(patient_id)
    if represented is None or scope is Scope.SELF:
        return False
    return scope is Scope.OWN_PATIENT or represented.sees_records
