"""Clinics on the wire."""

import zoneinfo
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from db.postgres.directory.clinics import ClinicRow
from server import person_rules
from server.domain import representatives
from server.domain.booking.policies import USUAL_POLICY
from server.domain.booking.policy_words import meanings
from server.domain.errors import invalid
from server.domain.etags import etag_of
from server.domain.representatives import USUAL_REPRESENTATIVE_POLICY
from server.rpc.messages.convert import to_date, to_timestamp
from server.rpc.messages.updates import check_same_id, fields_to_change, validate_fields
from server.rpc.messages.validate import checked
from server.usecases.directory.clinics import ClinicChange, ClinicChanged, policy_of, representative_policy_of
from yoyaku.v1 import clinic_pb2, schedule_pb2
from yoyaku.v1 import directory_service_pb2 as pb

_POLICY = tuple(asdict(USUAL_POLICY))
_REPRESENTATIVES = {name: f"representatives_{name}" for name in asdict(USUAL_REPRESENTATIVE_POLICY)}
"""The column of each field of RepresentativePolicy."""
_PLAIN = ("name", "time_zone", "address", "phone", "languages", "public_browsing")
_FIELDS = (
    *(*_PLAIN, "holidays", "policy", *(f"policy.{name}" for name in _POLICY)),
    *("representative_policy", *(f"representative_policy.{name}" for name in _REPRESENTATIVES)),
)


@cache
def _zones() -> set[str]:
    """The zones of places, and UTC: others are old names, or as `localtime` depend on the machine."""
    return {name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC"}


def new_clinic(request: pb.CreateClinicRequest) -> ClinicRow:
    """A clinic to add, still without an id (INVALID_REQUEST)."""
    policy = _values(request.policy, _POLICY) if request.HasField("policy") else asdict(USUAL_POLICY)
    given = request.HasField("representative_policy")
    ages = _ages(request.representative_policy, list(_REPRESENTATIVES) if given else [])
    return ClinicRow(id="", **_plain(request, (*_PLAIN, "holidays"), ""), **policy, **ages)


def clinic_change(request: pb.UpdateClinicRequest) -> ClinicChange:
    """What a request changes of a clinic (INVALID_REQUEST)."""
    clinic = request.clinic
    check_same_id("clinic.id", clinic.id, request.clinic_id)
    fields = fields_to_change(request.update_mask, clinic, _FIELDS)
    plain = (*_PLAIN, "holidays")
    equivalent = pb.CreateClinicRequest(**{name: getattr(clinic, name) for name in plain})
    validate_fields(equivalent, fields, "clinic")
    policy = [name for name in _POLICY if {"policy", f"policy.{name}"} & fields]
    of_minors = [
        name for name in _REPRESENTATIVES if {"representative_policy", f"representative_policy.{name}"} & fields
    ]
    values = _plain(clinic, [name for name in plain if name in fields], "clinic.")
    values |= _checked_policy(clinic, policy) | _ages(clinic.representative_policy, of_minors)
    return ClinicChange(request.clinic_id.lower(), values, clinic.etag, request.language or "en")


def clinic_of(row: ClinicRow) -> clinic_pb2.Clinic:
    """A clinic."""
    return clinic_pb2.Clinic(
        id=row.id,
        name=row.name,
        time_zone=row.time_zone,
        policy=clinic_pb2.BookingPolicy(**asdict(policy_of(row))),
        address=row.address,
        phone=row.phone,
        languages=row.languages,
        holidays=[day.isoformat() for day in row.holidays],
        public_browsing=row.public_browsing,
        representative_policy=clinic_pb2.RepresentativePolicy(**asdict(representative_policy_of(row))),
        etag=etag_of(row.version),
    )


def clinic_created(row: ClinicRow) -> pb.CreateClinicResponse:
    """The answer to CreateClinic."""
    return pb.CreateClinicResponse(clinic=clinic_of(row))


def clinic_updated(changed: ClinicChanged) -> pb.UpdateClinicResponse:
    """The answer to UpdateClinic."""
    before, after = ZoneInfo(changed.before.time_zone), ZoneInfo(changed.clinic.time_zone)
    return pb.UpdateClinicResponse(
        clinic=clinic_of(changed.clinic),
        consequences=changed.consequences,
        shifted_count=changed.shifted[0].number if changed.shifted else 0,
        shifted=[
            pb.ShiftedAppointment(
                appointment_id=each.appointment_id,
                start_time=to_timestamp(each.start_at),
                local_time_before=_local(each.start_at, before),
                local_time_after=_local(each.start_at, after),
            )
            for each in changed.shifted
        ],
        uncovered_count=changed.on_holidays[0].number if changed.on_holidays else 0,
        uncovered=[
            schedule_pb2.UncoveredAppointment(
                appointment_id=each.appointment_id,
                start_time=to_timestamp(each.start_at),
                end_time=to_timestamp(each.end_at),
            )
            for each in changed.on_holidays
        ],
    )


def policies_of(row: ClinicRow, language: str) -> pb.ListPoliciesResponse:
    """The answer to ListPolicies."""
    language = language or row.languages[0]
    found = meanings(policy_of(row), language) + representatives.meanings(representative_policy_of(row), language)
    return pb.ListPoliciesResponse(
        policies=[pb.PolicyExplanation(name=name, number=number, text=text) for name, number, text in found]
    )


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _values(message: Any, names: Any) -> dict[str, Any]:
    return {name: getattr(message, name) for name in names}


def _checked_policy(clinic: clinic_pb2.Clinic, names: list[str]) -> dict[str, int]:
    """The new values of rules: those that a request does not name may be anything."""
    rules = clinic_pb2.BookingPolicy(**{**asdict(USUAL_POLICY), **_values(clinic.policy, names)})
    validate_fields(pb.CreateClinicRequest(policy=rules), ["policy"], "clinic")
    return _values(rules, names)


def _ages(policy: clinic_pb2.RepresentativePolicy, names: list[str]) -> dict[str, Any]:
    """The new values of some rules for representatives, by column."""
    return {_REPRESENTATIVES[name]: getattr(policy, name) for name in names}


def _plain(message: Any, names: Any, within: str) -> dict[str, Any]:
    """The fields that are no rules for bookings, each in the form in which it is stored (INVALID_REQUEST)."""
    values = _values(message, names)
    if "name" in values:
        values["name"] = checked(f"{within}name", person_rules.name, values["name"], "")
    if "time_zone" in values and values["time_zone"] not in _zones():
        raise invalid(f"{within}time_zone", "is not a place in the IANA database of time zones: write it as Asia/Tokyo")
    if "address" in values:
        values["address"] = " ".join(values["address"].split())
    if "phone" in values:
        values["phone"] = checked(f"{within}phone", person_rules.phone, values["phone"], "")
    if "languages" in values:
        values["languages"] = list(values["languages"]) or ["en"]
    if "holidays" in values:
        values["holidays"] = sorted(to_date(f"{within}holidays", day) for day in values["holidays"])
    return values
