"""Clinics, practitioners and doctors as FHIR R4 resources."""

from collections.abc import Iterable
from datetime import date, datetime

from db.postgres.booking.days import OfferRow
from db.postgres.exports import ExportedClinicRow, ExportedPractitionerRow
from server.domain.booking.availability import SlotState, day_of
from server.domain.booking.doctor import Doctor
from server.domain.booking.hours import HoursVersion, sessions_on
from server.domain.booking.seating import Busy
from server.fhir.extensions import POLICY, POLICY_BOUNDS, TIME_ZONE, WEEKDAYS, ExportedSession, written_hours
from server.usecases.exporting.resources import Json, contact, days_from, instant, refer, resource

_PROVIDER = {"system": "http://terminology.hl7.org/CodeSystem/organization-type", "code": "prov"}
_FOR_EVER = date(2000, 1, 1)


def organization(row: ExportedClinicRow) -> Json:
    """A clinic, with its time zone and its booking policy."""
    clinic = row.clinic
    policy = [{"url": name, "valueInteger": getattr(clinic, name)} for name in POLICY_BOUNDS]
    return resource(
        "Organization",
        clinic.id,
        row.identifiers,
        extension=[{"url": TIME_ZONE, "valueCode": clinic.time_zone}, {"url": POLICY, "extension": policy}],
        active=True,
        type=[{"coding": [_PROVIDER]}],
        name=clinic.name,
        telecom=contact(phone=clinic.phone),
        address=[{"text": clinic.address}] if clinic.address else [],
    )


def location(row: ExportedClinicRow) -> Json:
    """A clinic as a place."""
    clinic = row.clinic
    return resource(
        "Location",
        clinic.id,
        (),
        extension=[{"url": TIME_ZONE, "valueCode": clinic.time_zone}],
        status="active",
        name=clinic.name,
        telecom=contact(phone=clinic.phone),
        address={"text": clinic.address} if clinic.address else {},
        managingOrganization=refer("Organization", clinic.id),
    )


def practitioner(row: ExportedPractitionerRow) -> Json:
    """A person who treats patients."""
    name = [{"use": "official", "text": row.name}]
    return resource("Practitioner", row.id, row.identifiers, active=row.active, name=name)


def role(row: OfferRow, doctor: Doctor, now: datetime) -> Json:
    """A doctor: today's hours as every system reads them, and all working hours as an import of ours reads them."""
    week = [
        {
            "daysOfWeek": [WEEKDAYS[session.weekday - 1]],
            "availableStartTime": session.start.isoformat(),
            "availableEndTime": session.end.isoformat(),
        }
        for day in days_from(now.astimezone(doctor.zone).date(), 7)
        for session in sessions_on(doctor.hours, day)
    ]
    return resource(
        "PractitionerRole",
        row.doctor_id,
        (),
        extension=_all_hours(doctor),
        active=row.active,
        practitioner=refer("Practitioner", row.practitioner_id),
        organization=refer("Organization", row.clinic_id),
        location=[refer("Location", row.clinic_id)],
        specialty=[{"text": row.specialty}],
        availableTime=week,
    )


def _all_hours(doctor: Doctor) -> list[Json]:
    """Every set of working hours, also one that says that somebody never works."""
    return [
        written_hours(
            version.valid_from,
            [
                ExportedSession(each.weekday, each.start, each.end, each.slot_minutes, each.capacity)
                for each in version.sessions
            ],
        )
        for version in doctor.hours or [HoursVersion(_FOR_EVER, [])]
    ]


def schedule(row: OfferRow, types: Iterable[str], now: datetime, last: date) -> Json:
    """What a doctor's slots belong to, with the names of the types of appointment that can be booked there."""
    actors = [refer("PractitionerRole", row.doctor_id), refer("Practitioner", row.practitioner_id)]
    return resource(
        "Schedule",
        row.doctor_id,
        (),
        active=row.active,
        serviceType=[{"text": name} for name in types],
        specialty=[{"text": row.specialty}],
        actor=[*actors, refer("Location", row.clinic_id)],
        planningHorizon={"start": instant(now), "end": last.isoformat()},
    )


def slots(doctor: Doctor, busy: list[Busy], now: datetime, last: date) -> list[Json]:
    """The slots that are ahead, free or busy."""
    found = []
    today = now.astimezone(doctor.zone).date()
    for day in days_from(today, (last - today).days + 1):
        for slot, state, _ in day_of(doctor, day, busy, now).all:
            if slot.start_at >= now:
                found.append(
                    resource(
                        "Slot",
                        f"{doctor.id}-{slot.start_at:%Y%m%dT%H%MZ}",
                        (),
                        schedule=refer("Schedule", doctor.id),
                        status="free" if state is SlotState.FREE else "busy",
                        start=instant(slot.start_at),
                        end=instant(slot.end_at),
                    )
                )
    return found
