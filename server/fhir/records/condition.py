"""Conditions recorded at an encounter; they become medical records by its doctor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from server.fhir.fields import (
    Identifier,
    Json,
    Origin,
    Unusable,
    Withdrawn,
    coded,
    concept,
    identifiers,
    items,
    mapping,
    text,
)
from server.fhir.moments import Moment, moment
from server.fhir.references import Reference, reference, references

_MOST_CHARACTERS = 10_000
_NO_FINDINGS = {"entered-in-error", "refuted"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A finding, as text for people to read."""

    identifiers: Sequence[Identifier]
    patient: Reference
    encounter: Reference | None
    authors: Sequence[Reference]
    """Who recorded or asserted it, if the encounter does not say."""
    text: str
    recorded: Moment | None
    notes: Sequence[str] = ()
    """What was left out of the resource, and why."""


def condition(resource: Json, origin: Origin) -> Condition | Withdrawn:
    """Read a Condition (Unusable)."""
    status, notes = _code(resource.get("verificationStatus")), list[str]()
    if status in _NO_FINDINGS:
        reason = f"verificationStatus {status} does not describe a finding"
        return Withdrawn(identifiers(resource, origin, notes), reason)
    subject = reference(resource.get("subject"), "Patient", origin)
    if subject is None:
        raise Unusable("subject is missing or does not refer to a Patient")
    people = [resource.get("recorder"), resource.get("asserter")]
    return Condition(
        identifiers=identifiers(resource, origin, notes),
        patient=subject,
        encounter=reference(resource.get("encounter"), "Encounter", origin),
        authors=references(people, "Practitioner", origin) + references(people, "PractitionerRole", origin),
        text="\n".join(_lines(resource))[:_MOST_CHARACTERS],
        recorded=_recorded(resource, origin),
        notes=notes,
    )


def without_author(resource: Json, origin: Origin) -> Reference | None:
    """The patient of a Condition, if it names neither encounter nor recorder nor asserter (Unusable)."""
    if any(mapping(resource.get(field)) for field in ("encounter", "recorder", "asserter")):
        return None
    return reference(resource.get("subject"), "Patient", origin)


def _lines(resource: Json) -> Iterator[str]:
    name = concept(resource.get("code")) or coded(resource.get("code"))
    if not name:
        raise Unusable("code has neither words nor a code")
    yield name
    for label, value in (
        ("Clinical status", _code(resource.get("clinicalStatus"))),
        ("Verification", _code(resource.get("verificationStatus"))),
        ("Category", _said(resource.get("category"))),
        ("Severity", _said([resource.get("severity")])),
        ("Site", _said(resource.get("bodySite"))),
        ("Onset", _when(resource, "onset")),
        ("Abatement", _when(resource, "abatement")),
        *(("Stage", _said([stage.get("summary"), stage.get("type")])) for stage in items(resource.get("stage"))),
        *(("Evidence", _said(each.get("code"))) for each in items(resource.get("evidence"))),
        *(("Code", f"{text(each.get('system'))} {text(each.get('code'))}".strip()) for each in _codings(resource)),
        *(("Note", text(note.get("text"))) for note in items(resource.get("note"))),
    ):
        if value:
            yield f"{label}: {value}"


def _said(concepts: object) -> str:
    listed = concepts if isinstance(concepts, list) else []
    return "; ".join(filter(None, (concept(each) or coded(each) for each in listed)))


def _codings(resource: Json) -> list[Json]:
    return items(mapping(resource.get("code")).get("coding"))


def _code(value: object) -> str:
    return next((text(coding.get("code")) for coding in items(mapping(value).get("coding"))), "")


def _when(resource: Json, what: str) -> str:
    period, ages = mapping(resource.get(f"{what}Period")), mapping(resource.get(f"{what}Range"))
    forms = (
        text(resource.get(f"{what}DateTime")),
        text(resource.get(f"{what}String")),
        _between(text(period.get("start")), text(period.get("end"))),
        _age(mapping(resource.get(f"{what}Age"))),
        _between(_age(mapping(ages.get("low"))), _age(mapping(ages.get("high")))),
    )
    return next(filter(None, forms), "")


def _between(start: str, end: str) -> str:
    return f"{start} to {end}" if start and end else start or end


def _age(quantity: Json) -> str:
    value, unit = quantity.get("value"), text(quantity.get("unit")) or text(quantity.get("code"))
    return f"at {value} {unit or 'years'}" if isinstance(value, int | float) else ""


def _recorded(resource: Json, origin: Origin) -> Moment | None:
    # A year or a month alone does not say when it was written down.
    if len(text(resource.get("recordedDate"))) < len("2020-01-01"):
        return None
    recorded = moment(resource.get("recordedDate"), "recordedDate")
    if recorded and recorded.first(ZoneInfo("UTC")) > origin.now:
        raise Unusable("recordedDate is in the future")
    return recorded
