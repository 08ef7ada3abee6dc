"""Rules that need no clock change: hours, policies, states, identity, reasons."""

import ast
import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from server.domain.booking.appointment import ACTIVE, STEPS, AppointmentStatus, check_step
from server.domain.booking.availability import Closed
from server.domain.booking.hours import Session, first_overlap
from server.domain.booking.policies import Policy, Waived, check_bookable, check_changeable
from server.domain.booking.slots import Period, Slot
from server.domain.errors import DomainError, ErrorKind, Reason
from server.domain.identity import ALL_CLINICS, Caller, Relation, Represented, Role, roles_of
from server.domain.ids import uuid7_maker
from server.domain.rights import RULES, Action, Owner, Scope, acts_for_others, may
from server.rpc.messages.errors import CODES
from server.rpc.messages.validate import WORDS, validate
from server.usecases.reach import reach
from yoyaku.v1 import error_reason_pb2, schedule_pb2, session_messages_pb2

NOW = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")


def session(weekday: int, start: str, end: str) -> Session:
    return Session(weekday, time.fromisoformat(start), time.fromisoformat(end), 30, 1)


@pytest.mark.parametrize(
    ("sessions", "overlaps"),
    [
        ([session(1, "09:00", "12:00"), session(1, "12:00", "15:00")], False),
        ([session(1, "09:00", "12:00"), session(1, "11:30", "15:00")], True),
        ([session(1, "22:00", "02:00"), session(2, "01:00", "03:00")], True),
        ([session(7, "22:00", "02:00"), session(1, "01:00", "03:00")], True),
        ([session(7, "22:00", "00:00"), session(1, "00:00", "03:00")], False),
        ([], False),
    ],
)
def test_sessions_overlap_over_midnight_and_over_the_week_s_end(sessions: list[Session], overlaps: bool) -> None:
    assert (first_overlap(sessions) is not None) == overlaps


POLICY = Policy(horizon_days=30, min_notice_minutes=60, cancel_by_minutes=120, max_per_patient_day=1, buffer_minutes=0)


def slot_in(ahead: timedelta) -> Slot:
    start_at, end_at = NOW + ahead, NOW + ahead + timedelta(minutes=30)
    day = start_at.astimezone(TOKYO)
    return Slot(day.date(), f"{day:%H:%M}", start_at, end_at, Period(start_at, end_at), 1)


def bookable(ahead: timedelta, *, for_others: bool = False) -> Waived | Reason:
    try:
        return check_bookable(POLICY, TOKYO, slot_in(ahead), NOW, for_others=for_others)
    except DomainError as refused:
        return refused.reason


def test_notice_and_horizon_are_inclusive() -> None:
    assert bookable(timedelta(hours=1)) is Waived.NOTHING
    assert bookable(timedelta(minutes=59)) is Reason.TOO_SHORT_NOTICE
    assert bookable(timedelta(days=30)) is Waived.NOTHING
    assert bookable(timedelta(days=31)) is Reason.BEYOND_HORIZON


def test_notice_and_horizon_do_not_bind_who_books_for_others() -> None:
    assert bookable(timedelta(hours=1), for_others=True) is Waived.NOTHING
    assert bookable(timedelta(minutes=59), for_others=True) is Waived.NOTICE
    assert bookable(timedelta(minutes=-29), for_others=True) is Waived.NOTICE
    assert bookable(timedelta(minutes=-30), for_others=True) is Reason.TOO_SHORT_NOTICE
    assert bookable(timedelta(days=31), for_others=True) is Waived.HORIZON


def changeable(ahead: timedelta, *, for_others: bool) -> bool:
    try:
        check_changeable(POLICY, slot_in(ahead).visit, NOW, for_others=for_others)
    except DomainError:
        return False
    return True


def test_patients_cancel_until_the_limit_and_staff_until_the_end() -> None:
    assert changeable(timedelta(minutes=120), for_others=False)
    assert not changeable(timedelta(minutes=119), for_others=False)
    assert changeable(timedelta(minutes=-29), for_others=True)
    assert not changeable(timedelta(minutes=-30), for_others=True)


def test_only_the_steps_of_the_table_are_taken() -> None:
    for current in AppointmentStatus:
        for following in AppointmentStatus:
            if following in STEPS[current]:
                check_step(current, following)
            else:
                with pytest.raises(DomainError):
                    check_step(current, following)
    assert all(STEPS[status] for status in ACTIVE)


def caller(role: Role) -> Caller:
    represents = {
        "child": Represented("first", Relation.PARENT, sees_records=True),
        "grown child": Represented("second", Relation.PARENT, sees_records=False),
    }
    mine = ("me as patient", "me as doctor", NOW)
    return Caller("me", frozenset({role}), frozenset({"my clinic"}), *mine, represents=represents)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_every_cell_of_the_table_covers_its_own_objects_and_no_others(action: Action, role: Role) -> None:
    scope = RULES[action].get(role)
    of_patients = {Scope.OWN_PATIENT, Scope.OWN_RECORDS, Scope.SELF}
    mine = [
        ({Scope.CLINIC}, Owner(clinic_id="my clinic")),
        ({Scope.OWN_DOCTOR}, Owner(doctor_id="me as doctor")),
        (of_patients, Owner(patient_id="me as patient")),
        (of_patients - {Scope.SELF}, Owner(patient_id="child")),
        ({Scope.OWN_PATIENT}, Owner(patient_id="grown child")),
    ]
    for scopes, owner in mine:
        assert may(caller(role), action, owner) == (scope in {Scope.ANY, *scopes})
    other = Owner(clinic_id="other", doctor_id="other", patient_id="other")
    assert may(caller(role), action, other) == (scope is Scope.ANY)
    assert may(caller(role), action) == (scope is Scope.ANY)


def test_patients_never_reach_what_belongs_to_nobody() -> None:
    nameless = Caller("me", frozenset({Role.PATIENT}), frozenset(), None, None, NOW)
    assert not may(nameless, Action.SEE_APPOINTMENT, Owner(clinic_id="a", doctor_id="b", patient_id="c"))
    assert not reach(nameless, Action.SEE_APPOINTMENT).patient_ids
    with pytest.raises(DomainError):
        reach(nameless, Action.SEARCH_PATIENTS)


def test_who_works_for_all_clinics_reaches_every_clinic_but_no_more() -> None:
    staff = Caller("me", frozenset({Role.STAFF}), frozenset({ALL_CLINICS}), None, None, NOW)
    assert may(staff, Action.CREATE_APPOINTMENT, Owner(clinic_id="any"))
    assert not may(staff, Action.CREATE_APPOINTMENT)
    assert reach(staff, Action.SEE_APPOINTMENT).everything
    patient = Caller("me", frozenset({Role.PATIENT}), frozenset({ALL_CLINICS}), "mine", None, NOW)
    assert not may(patient, Action.SEE_APPOINTMENT, Owner(clinic_id="any", patient_id="other"))
    assert not reach(patient, Action.SEE_APPOINTMENT).everything


def test_a_doctor_acts_as_a_patient_on_own_appointments_elsewhere() -> None:
    both = Caller("me", frozenset({Role.PATIENT, Role.DOCTOR}), frozenset(), "me as patient", "me as doctor", NOW)
    elsewhere = Owner(clinic_id="c", doctor_id="another", patient_id="me as patient")
    assert may(both, Action.CHANGE_APPOINTMENT, elsewhere)
    assert not acts_for_others(both, Action.CHANGE_APPOINTMENT, elsewhere)
    assert acts_for_others(both, Action.CHANGE_APPOINTMENT, Owner(doctor_id="me as doctor", patient_id="other"))


def test_rules_for_patients_bind_who_acts_for_them() -> None:
    child = Owner(clinic_id="c", doctor_id="d", patient_id="child")
    assert may(caller(Role.PATIENT), Action.CREATE_APPOINTMENT, child)
    assert not acts_for_others(caller(Role.PATIENT), Action.CREATE_APPOINTMENT, child)
    assert reach(caller(Role.PATIENT), Action.SEE_APPOINTMENT).patient_ids == {"me as patient", "child", "grown child"}


def test_unknown_roles_open_nothing() -> None:
    assert roles_of(["patient", "superuser"]) == {Role.PATIENT}


def test_contract_and_domain_have_the_same_reasons() -> None:
    names = {name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.keys()}  # noqa: SIM118
    of_the_edge = {"UNKNOWN_METHOD", "REQUEST_TOO_LARGE", "NO_SERVER", "RATE_LIMITED"}
    assert names - {"UNSPECIFIED"} == {reason.value for reason in Reason} | of_the_edge
    assert set(CODES) == set(ErrorKind)


def test_contract_and_domain_have_the_same_closed_reasons() -> None:
    names = {name.removeprefix("CLOSED_REASON_") for name in schedule_pb2.ClosedReason.keys()}  # noqa: SIM118
    assert names - {"UNSPECIFIED"} == {closed.name for closed in Closed}


def test_every_pattern_of_the_contract_has_words() -> None:
    contract = Path(__file__).parents[2] / "protos" / "yoyaku" / "v1"
    patterns = {
        ast.literal_eval(found)
        for file in contract.glob("*.proto")
        for found in re.findall(r"pattern(?: =|:) (\".*?\")[\]\n]", file.read_text())
    }
    assert patterns == set(WORDS)


def test_a_text_that_is_needed_must_not_be_empty() -> None:
    with pytest.raises(DomainError, match=r"^email: must be at least 3 characters; password: must not be empty$"):
        validate(session_messages_pb2.LoginRequest())


def test_ids_are_uuid7_and_sort_by_time() -> None:
    times = iter([NOW, NOW + timedelta(milliseconds=1)])
    make = uuid7_maker(lambda: next(times))
    first, second = make(), make()
    assert first < second
    assert first[14] == "7"
    assert first[19] in "89ab"
