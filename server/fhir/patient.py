"""Patients."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from server import particulars
from server.fhir.fields import Identifier, Json, Origin, contacts, full_names, identifiers, items, mapping, name, text
from server.fhir.phones import e164
from server.particulars import Unfit


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient's particulars; unknown text is empty."""

    identifiers: Sequence[Identifier]
    names: Sequence[str]
    """All that the export knows, the one to use first."""
    birth_date: date | None
    phone: str
    email: str
    language: str
    """Of notices: `en` or `ja`."""
    notes: Sequence[str] = ()
    """What of the resource is left off, and why."""

    @property
    def name(self) -> str:
        """The name to use."""
        return self.names[0]


def patient(resource: Json, origin: Origin) -> Patient:
    """Read a Patient (Unusable)."""
    country = next((text(address.get("country")) for address in items(resource.get("address"))), "")
    phones = (e164(number, country) for number in contacts(resource, "phone"))
    emails = map(_email, contacts(resource, "email"))
    notes: list[str] = []
    names = full_names(resource.get("name"), origin.now) or [name("")]
    return Patient(
        identifiers=identifiers(resource, origin, notes),
        names=names,
        birth_date=_birth_date(text(resource.get("birthDate")), origin.now),
        phone=next(filter(None, phones), ""),
        email=next(filter(None, emails), ""),
        language=_language(resource),
        notes=notes,
    )


def _email(written: str) -> str:
    """An address that mail can be sent to, as it is written or as a link; else empty."""
    try:
        return particulars.email(written.removeprefix("mailto:"))
    except Unfit:
        return ""


def _birth_date(written: str, now: datetime) -> date | None:
    # FHIR allows a year or a month alone: a birth date that is not known to the day stays empty.
    try:
        return particulars.born(particulars.birth_date(written), now)
    except Unfit:
        return None


def _language(resource: Json) -> str:
    """The preferred language, else the first, else English."""
    spoken = sorted(items(resource.get("communication")), key=lambda each: each.get("preferred") is not True)
    codes = (
        text(coding.get("code")) for each in spoken for coding in items(mapping(each.get("language")).get("coding"))
    )
    return "ja" if next(codes, "").lower().partition("-")[0] == "ja" else "en"
