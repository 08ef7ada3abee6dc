"""The resource on a line, with the identifiers that may be used."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from server.domain.people.identifiers import is_ours
from server.fhir import directory as reading
from server.fhir.export import Export, Line
from server.fhir.fields import Identifier, Json, Origin, Unusable, as_written, resource_id, shown, without_system
from server.usecases.importing.batches import ImportCounts, Item


def read_line(
    read: Callable[[Json, Origin], Any],
    origin: Origin,
    owned: frozenset[str],
    export: Export,
    seen: set[str],
    outcome: ImportCounts,
    line: Line,
) -> Item[Any] | None:
    """The resource on a line; None, with a report, if it cannot be used.

    Of identifiers in the systems of exporters it keeps only its own id: nobody else may assign those. What several
    resources of the export have identifies none of them.
    """
    with outcome.reporting(line):
        is_patient = line.resource["resourceType"] == "Patient"
        content = read(line.resource, export.at_clinic(line.resource, origin) if is_patient else origin)
        first, *named = content.identifiers
        allowed = [each for each in named if each.system.casefold() not in owned and not _is_reserved(each, origin)]
        own_name = line.resource["resourceType"]
        common = [each for each in allowed if (own_name, as_written(each, origin)) in export.shared]
        kept = (first, *(each for each in allowed if each not in common))
        _check_first(resource_id(line.resource), seen)
        if isinstance(content, reading.Organization) and _gives_care(content, {*kept}, export):
            content = replace(content, no_provider="")
        outcome.note(line, [*content.notes, *map(_common, common)])
        return Item(line, replace(content, identifiers=kept))
    return None


def _gives_care(organization: reading.Organization, identifiers: set[Identifier], export: Export) -> bool:
    """Whether something in the export refers to an organization as a clinic, or nothing there could.

    An export of organizations alone does not show which of them are clinics.
    """
    if export.providers & identifiers:
        return True
    return organization.no_provider == reading.NO_TYPE and not export.providers


def _is_reserved(identifier: Identifier, origin: Origin) -> bool:
    return is_ours(identifier.system) and identifier.system != without_system(origin)


def _common(identifier: Identifier) -> str:
    several = "is that of others in the export too, so it identifies nobody"
    return f"its identifier of {shown(identifier)} {several}: it is left off"


def _check_first(own: str, seen: set[str]) -> None:
    if own in seen:
        raise Unusable("an earlier line has the same id")
    seen.add(own)
