"""DocumentReferences with plain text inside; each is a version of a medical record."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from server.domain.people.characters import flaw
from server.fhir.fields import (
    Identifier,
    Json,
    Origin,
    Unusable,
    Withdrawn,
    items,
    listed,
    mapping,
    own,
    resource_id,
    text,
)
from server.fhir.moments import moment
from server.fhir.references import Reference, reference, references

MOST_CHARACTERS = 10_000
_PLAIN = "text/plain"


@dataclass(frozen=True, slots=True)
class Document:
    """A text that somebody wrote about a patient."""

    identifiers: Sequence[Identifier]
    """Its own id alone: versions of a document often share the others."""
    patient: Reference
    authors: Sequence[Reference]
    """Roles, then practitioners."""
    visits: Sequence[Reference]
    """Appointments, then encounters."""
    replaces: Reference | None
    """The version before it."""
    text: str
    written_at: datetime
    notes: Sequence[str] = ()
    """What was left out of the resource, and why."""


def document(resource: Json, origin: Origin) -> Document | Withdrawn:
    """Read a DocumentReference (Unusable)."""
    identifiers = (own("DocumentReference", resource_id(resource), origin),)
    if text(resource.get("status")) == "entered-in-error":
        return Withdrawn(identifiers, "status entered-in-error describes no document")
    subject = reference(resource.get("subject"), "Patient", origin)
    if subject is None:
        raise Unusable("subject is missing or does not refer to a Patient")
    context, authors = mapping(resource.get("context")), listed(resource.get("author"))
    written, notes = _plain_text(resource), list[str]()
    if len(written) > MOST_CHARACTERS:
        notes.append(f"its text is longer than {MOST_CHARACTERS:,} characters: the rest is left off")
    return Document(
        identifiers=identifiers,
        patient=subject,
        authors=references(authors, "PractitionerRole", origin) + references(authors, "Practitioner", origin),
        visits=references(listed(context.get("related")), "Appointment", origin)
        + references(listed(context.get("encounter")), "Encounter", origin),
        replaces=next(
            filter(None, (_replaced(each, origin) for each in items(resource.get("relatesTo")))),
            None,
        ),
        text=written[:MOST_CHARACTERS],
        written_at=_written_at(resource, origin),
        notes=notes,
    )


def _replaced(relation: Json, origin: Origin) -> Reference | None:
    if text(relation.get("code")) != "replaces":
        return None
    return reference(relation.get("target"), "DocumentReference", origin)


def _plain_text(resource: Json) -> str:
    """The text of the first attachment that holds plain text (Unusable)."""
    attachments = [mapping(each.get("attachment")) for each in items(resource.get("content"))]
    plain = (each for each in attachments if text(each.get("contentType")).partition(";")[0] == _PLAIN)
    data = next((each["data"] for each in plain if isinstance(each.get("data"), str)), None)
    if data is None:
        raise Unusable("it holds no plain text (contentType text/plain with data): other documents are not imported")
    try:
        found = base64.b64decode(data, validate=True).decode()
    except (binascii.Error, ValueError):
        raise Unusable("its data is not text in UTF-8, encoded in base64") from None
    if problem := flaw(found, lines=True):
        raise Unusable(f"its text {problem}")
    return found


def _written_at(resource: Json, origin: Origin) -> datetime:
    written = moment(resource.get("date"), "date")
    if written is None:
        raise Unusable("date is missing")
    at = written.first(ZoneInfo("UTC"))
    if at > origin.now:
        raise Unusable("date is in the future")
    return at
