"""The files of a bulk export: lines of JSON, which are distinguished by resourceType, not by the name of the file."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from server.fhir.appointment import slots_of
from server.fhir.fields import Identifier, Json, Origin, Unusable, current, current_identifiers, own, resource_id
from server.fhir.files import found_in, resources
from server.fhir.records.condition import without_author
from server.fhir.references import patients_by_identifier, providers, reference
from server.fhir.telecom import country_of

KINDS = (
    "Organization",
    "Location",
    "Practitioner",
    "PractitionerRole",
    "Patient",
    "Slot",
    "Schedule",
    "Encounter",
    "Appointment",
    "Condition",
    "DocumentReference",
)
"""The types of resources that are imported; each comes after those that it refers to, but slots before schedules."""

_ONLY_IF_ASKED = {"Slot", "Schedule"}
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,60}")


class Outcome(StrEnum):
    """The result for a line that is reported."""

    NOT_IMPORTED = "not imported"
    IN_PART = "imported in part"
    MATCHED = "matched"
    """It matches something in the database that had no identifier from this exporter yet."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a user should know about one or several consecutive lines; contains no personal data."""

    file: str
    first: int
    """0 if it is about the file as a whole."""
    last: int
    resource: str
    """`Type/id`, as far as the line gives it."""
    reason: str
    outcome: Outcome = Outcome.NOT_IMPORTED

    @property
    def lines(self) -> int:
        """The number of lines that it is about."""
        return self.last - self.first + 1

    def follows(self, other: "Report") -> bool:
        """Whether it says the same about the line that follows the other's lines."""
        return replace(self, last=other.last) == replace(other, first=other.last + 1)

    def __str__(self) -> str:
        place = (
            self.file + (f":{self.first}" if self.first else "") + (f"-{self.last}" if self.last > self.first else "")
        )
        return ": ".join(filter(None, (place, self.resource, self.reason)))


@dataclass(frozen=True, slots=True)
class Line:
    """A resource and its place in the export."""

    file: str
    number: int
    resource: Json

    def report(self, reason: str, outcome: Outcome = Outcome.NOT_IMPORTED) -> Report:
        """A report about the line: why it cannot be used, or what else happened to it."""
        try:
            named = f"{self.resource['resourceType']}/{resource_id(self.resource)}"
        except Unusable:
            named = str(self.resource["resourceType"])
        return Report(self.file, self.number, self.number, named, reason, outcome)


@dataclass
class Export:
    """The files of a directory. `survey` each file once, then ask for the `lines` of each kind."""

    directory: Path
    files: list[Path]
    counts: Counter[str] = field(default_factory=Counter)
    """The number of lines of each kind."""
    reports: list[Report] = field(default_factory=list)
    shared: set[tuple[str, Identifier]] = field(default_factory=set)
    """By type: the identifiers that several resources share, and that therefore identify none of them."""
    providers: set[Identifier] = field(default_factory=set)
    """Organizations that roles, locations, services or visits refer to, by their identifiers."""
    with_slots: bool = False
    """Whether slots and schedules are read."""
    booked_slots: set[Identifier] = field(default_factory=set)
    """Slots that Appointments name, if slots are read."""
    unattributed: set[Identifier] = field(default_factory=set)
    """Patients with a Condition that names neither encounter nor recorder nor asserter, by their own identifiers."""
    patients_by_identifier: set[Identifier] = field(default_factory=set)
    """The identifiers, other than the exporter's own ids, by which resources name patients."""
    countries: dict[Identifier, str] = field(default_factory=dict)
    """Of organizations, by their identifiers."""
    _owners: dict[int, int] = field(default_factory=dict)
    _holding: dict[str, list[Path]] = field(default_factory=dict)

    def survey(self, file: Path, origin: Origin) -> None:
        """Count the lines of a file, and report those that cannot be used whatever they refer to."""
        kinds: set[str] = set()
        for number, resource in resources(file):
            try:
                if isinstance(resource, Unusable):
                    raise resource
                self.providers.update(each.identifier for each in providers(resource, origin))
                self.patients_by_identifier |= patients_by_identifier(resource, origin)
                kind = _kind(resource, with_slots=self.with_slots)
                if kind == "Appointment" and self.with_slots:
                    self.booked_slots.update(slots_of(resource, origin))
                if kind == "Condition" and (patient := without_author(resource, origin)):
                    self.unattributed.add(patient.identifier)
            except Unusable as unusable:
                self._report(Report(self.name(file), number, number, "", unusable.reason))
                continue
            self.counts[kind] += bool(kind)
            kinds.add(kind)
            if kind:
                self._note_owner(kind, resource)
                self._note_country(kind, resource, origin)
        for kind in kinds:
            self._holding.setdefault(kind, []).append(file)

    def _note_owner(self, kind: str, resource: Json) -> None:
        """Record the resources' identifiers, as hashes because an export may have millions."""
        owner = hash(str(resource.get("id")))
        for identifier in current_identifiers(resource):
            if self._owners.setdefault(hash((kind, identifier)), owner) != owner:
                self.shared.add((kind, identifier))

    def _note_country(self, kind: str, resource: Json, origin: Origin) -> None:
        if kind != "Organization":
            return
        with suppress(Unusable):  # which is reported when the line is read
            if country := country_of(current(resource.get("address"), origin.now)):
                own_id = own("Organization", resource_id(resource), origin)
                self.countries |= dict.fromkeys([own_id, *current_identifiers(resource)], country)

    def at_clinic(self, resource: Json, origin: Origin) -> Origin:
        """The origin with the country of a patient's clinic as that of phone numbers without a country code.

        Without a clinic, that of all clinics of the export, if they have one.
        """
        clinic = reference(resource.get("managingOrganization"), "Organization", origin)
        if clinic:
            country = self.countries.get(clinic.identifier)
        else:
            country = next(iter(self.countries.values())) if len(set(self.countries.values())) == 1 else None
        return replace(origin, region=country) if country else origin

    def lines(self, kind: str) -> Iterator[Line]:
        """The resources of one kind, file by file."""
        for file in self._holding.get(kind, ()):
            for number, resource in resources(file):
                if not isinstance(resource, Unusable) and resource.get("resourceType") == kind:
                    yield Line(self.name(file), number, resource)

    def name(self, file: Path) -> str:
        """What to call a file in reports."""
        return file.relative_to(self.directory).as_posix()

    def _report(self, report: Report) -> None:
        if self.reports and report.follows(self.reports[-1]):
            self.reports[-1] = replace(self.reports[-1], last=report.last)
        else:
            self.reports.append(report)


def find(directory: Path) -> Export:
    """The export in a directory, with a report for each file that is skipped (ExportError)."""
    files, skipped = found_in(directory)
    export = Export(directory, files)
    export.reports += [Report(export.name(file), 0, 0, "", reason) for file, reason in skipped.items()]
    return export


def _kind(resource: Json, *, with_slots: bool) -> str:
    """The type of a resource; empty for a line of the export's own log (Unusable if the type is not imported)."""
    kind = resource.get("resourceType")
    if kind is None and {"exportId", "eventId"} <= resource.keys():
        return ""
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        raise Unusable("resourceType is missing or not a FHIR resource type")
    if kind not in KINDS:
        raise Unusable(f"resources of type {kind} are not imported")
    if kind in _ONLY_IF_ASKED and not with_slots:
        raise Unusable(f"resources of type {kind} become working hours only with --hours-from-slots")
    return kind
