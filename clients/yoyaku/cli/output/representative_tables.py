"""Formats who acts for a patient, for a terminal."""

from collections.abc import Iterable

from rich.table import Table

from yoyaku.cli.output.escaping import plain
from yoyaku.cli.output.layout import details
from yoyaku.cli.output.relations import last_day, relation
from yoyaku.cli.output.tables import table
from yoyaku.v1.representative_pb2 import Representative


def representative_table(representatives: Iterable[Representative]) -> Table:
    """Who acts or acted for a patient."""
    made = table("", "Name", "Relation", "Last day", "Acts", "Records", "Id")
    for each in representatives:
        acts, sees = ("yes" if value else "no" for value in (each.active, each.sees_records))
        made.add_row(*map(plain, (each.name, relation(each.relation), last_day(each), acts, sees, each.id)))
    return made


def representative_details(representative: Representative) -> Table:
    """One representative with all details."""
    return details(
        {
            "Name": representative.name,
            "Acts for": representative.patient.name,
            "Relation": relation(representative.relation),
            "Last day": last_day(representative),
            "Records": "visible" if representative.sees_records else "hidden",
            "Clinic": representative.clinic.name,
            "Seen": representative.note,
            "Id": representative.id,
        }
    )
