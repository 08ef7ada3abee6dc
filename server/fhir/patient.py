"""Patients."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from server import person_rules
from server.domain.people import birth_dates
from server.fhir.fields import Identifier, Json, Origin, identifiers, items, mapping, text
from server.fhir.names import Names, names_of
from server.fhir.references import Reference, reference, references
from server.fhir.telecom import email_of, phone_of
from server.person_rules import Unfit


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient's data; unknown text is empty."""

    identifiers: Sequence[Identifier]
    names: Names
    birth_date: date | None
    birth_precision: str
    """How much of it is known."""
    phone: str
    email: str
    language: str
    """The language of notices: `en` or `ja`."""
    deceased: bool = False
    inactive: bool = False
    replaced_by: Reference | None = None
    """The entry to use instead."""
    replaces: Sequence[Reference] = ()
    """Entries that this one is to be used for."""
    general_practitioners: Sequence[Reference] = ()
    """Practitioners, then roles."""
    notes: Sequence[str] = ()
    """What was left out of the resource, and why."""


def patient(resource: Json, origin: Origin) -> Patient:
    """Read a Patient (Unusable)."""
    notes: list[str] = []
    treating = resource.get("generalPractitioner")
    treating = treating if isinstance(treating, list) else []
    links = [_link(each, origin, notes) for each in items(resource.get("link"))]
    return Patient(
        identifiers=identifiers(resource, origin, notes),
        names=names_of(resource.get("name"), origin.now),
        birth_date=(born := _birth_date(resource, origin.now, notes)),
        birth_precision=birth_dates.precision_of(text(resource.get("birthDate")) if born else ""),
        phone=phone_of(resource, origin, notes),
        email=email_of(resource, origin, notes),
        language=_language(resource),
        deceased=resource.get("deceasedBoolean") is True or bool(text(resource.get("deceasedDateTime"))),
        inactive=resource.get("active") is False,
        replaced_by=next((other for kind, other in links if kind == "replaced-by" and other), None),
        replaces=[other for kind, other in links if kind == "replaces" and other],
        general_practitioners=references(treating, "Practitioner", origin)
        + references(treating, "PractitionerRole", origin),
        notes=notes,
    )


def _link(link: Json, origin: Origin, notes: list[str]) -> tuple[str, Reference | None]:
    kind, other = text(link.get("type")), reference(link.get("other"), "Patient", origin)
    if kind not in {"replaced-by", "replaces"} or other is None:
        notes.append(f"its link of type {kind or 'unknown'} is left off: only links that replace patients are imported")
    return kind, other


def _birth_date(resource: Json, now: datetime, notes: list[str]) -> date | None:
    given = resource.get("birthDate")
    if given in (None, ""):
        return None
    try:
        return person_rules.born(person_rules.partial_birth_date(text(given)), now)
    except Unfit as unfit:
        notes.append(f"its birthDate {unfit.reason}: it is left empty")
        return None


def _language(resource: Json) -> str:
    """The preferred language, else the first, else English."""
    spoken = sorted(items(resource.get("communication")), key=lambda each: each.get("preferred") is not True)
    codes = (
        text(coding.get("code")) for each in spoken for coding in items(mapping(each.get("language")).get("coding"))
    )
    return "ja" if next(codes, "").lower().partition("-")[0] == "ja" else "en"
