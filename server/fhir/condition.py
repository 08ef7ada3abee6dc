"""Conditions that were found at an encounter: medical records of its doctor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from server.fhir.fields import Identifier, Json, Origin, Unusable, concept, identifiers, instant, items, mapping, text
from server.fhir.references import Reference, reference

_MOST_CHARACTERS = 10_000
_NO_FINDINGS = {"entered-in-error", "refuted"}


@dataclass(frozen=True, slots=True)
class Condition:
    """What was found, as people read it."""

    identifiers: Sequence[Identifier]
    patient: Reference
    encounter: Reference
    text: str
    recorded_at: datetime | None
    """None if the resource does not tell the instant."""
    notes: Sequence[str] = ()
    """What of the resource is left off, and why."""


def condition(resource: Json, origin: Origin) -> Condition:
    """Read a Condition (Unusable, also if it is not one or names no encounter, whose doctor is the author)."""
    status = _code(resource.get("verificationStatus"))
    if status in _NO_FINDINGS:
        raise Unusable(f"verificationStatus {status} does not describe a finding")
    subject = reference(resource.get("subject"), "Patient", origin)
    if subject is None:
        raise Unusable("subject is missing or does not refer to a Patient")
    encounter = reference(resource.get("encounter"), "Encounter", origin)
    if encounter is None:
        raise Unusable("encounter is missing or does not refer to an Encounter, so its author is unknown")
    notes: list[str] = []
    return Condition(
        identifiers=identifiers(resource, origin, notes),
        patient=subject,
        encounter=encounter,
        text="\n".join(_lines(resource))[:_MOST_CHARACTERS],
        recorded_at=_recorded_at(resource, origin),
        notes=notes,
    )


def _lines(resource: Json) -> Iterator[str]:
    name = concept(resource.get("code"))
    if not name:
        raise Unusable("code has no text that a person can read")
    yield name
    for label, value in (
        ("Clinical status", _code(resource.get("clinicalStatus"))),
        ("Verification", _code(resource.get("verificationStatus"))),
        ("Severity", concept(resource.get("severity"))),
        ("Onset", _when(resource, "onset")),
        ("Abatement", _when(resource, "abatement")),
        *(("Code", f"{text(each.get('system'))} {text(each.get('code'))}".strip()) for each in _codings(resource)),
        *(("Note", text(note.get("text"))) for note in items(resource.get("note"))),
    ):
        if value:
            yield f"{label}: {value}"


def _codings(resource: Json) -> list[Json]:
    return items(mapping(resource.get("code")).get("coding"))


def _code(value: object) -> str:
    return next((text(coding.get("code")) for coding in items(mapping(value).get("coding"))), "")


def _when(resource: Json, what: str) -> str:
    period = mapping(resource.get(f"{what}Period"))
    forms = (resource.get(f"{what}DateTime"), resource.get(f"{what}String"), period.get("start"))
    return next(filter(None, map(text, forms)), "")


def _recorded_at(resource: Json, origin: Origin) -> datetime | None:
    if "T" not in text(resource.get("recordedDate")):
        return None
    recorded_at = instant(resource.get("recordedDate"), "recordedDate")
    if recorded_at > origin.now:
        raise Unusable("recordedDate is in the future")
    return recorded_at
