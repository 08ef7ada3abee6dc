"""What all FHIR resources that are exported have in common."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from db.postgres.exports import Pairs

Json = dict[str, Any]


def resource(kind: str, resource_id: str, identifiers: Pairs, **elements: object) -> Json:
    """A resource with its (system, value) identifiers and with those of the elements that are not empty."""
    named = [{"system": system, "value": value} for system, value in identifiers]
    given = {"identifier": named, **elements}
    filled = {name: value for name, value in given.items() if value or value is False}
    return {"resourceType": kind, "id": resource_id} | filled


def refer(kind: str, resource_id: str) -> Json:
    """A reference to another resource of the export."""
    return {"reference": f"{kind}/{resource_id}"}


def contact(*, phone: str, email: str = "") -> list[Json]:
    """How somebody is reached, as far as it is known."""
    given = (("phone", phone), ("email", email))
    return [{"system": system, "value": value} for system, value in given if value]


def instant(at: datetime) -> str:
    """An instant in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def days_from(first: date, count: int) -> Iterator[date]:
    """So many days from the first one on."""
    return (first + timedelta(days=number) for number in range(count))
