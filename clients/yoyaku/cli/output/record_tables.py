"""Formats medical records for a terminal."""

from collections.abc import Iterable

from rich.table import Table

from yoyaku.cli.output.escaping import plain
from yoyaku.cli.output.layout import details
from yoyaku.cli.output.relations import relation
from yoyaku.cli.output.tables import table, utc, when
from yoyaku.v1.record_pb2 import Record, RecordAccess, RecordAccessBasis, RecordAccessKind, RecordVersion


def record_table(records: Iterable[Record]) -> Table:
    """Records with the beginnings of their texts."""
    made = table("", "When", "Doctor", "Text", "Version", "Id")
    for each in records:
        first = each.text.partition("\n")[0]
        written = when(each.create_time, each.clinic.time_zone)
        made.add_row(written, *map(plain, (each.doctor.name, first, str(each.version), each.id)))
    return made


def record_details(record: Record) -> Table:
    """One record with its whole text."""
    return details(
        {
            "Patient": record.patient.name,
            "Doctor": f"{record.doctor.name}, {record.doctor.specialty}",
            "Clinic": record.clinic.name,
            "Written": when(record.create_time, record.clinic.time_zone),
            "Version": f"{record.version} of {when(record.update_time, record.clinic.time_zone)}",
            "Etag": record.etag,
            "Id": record.id,
            "Text": record.text,
        }
    )


def version_table(versions: Iterable[RecordVersion]) -> Table:
    """Versions of a record with their whole texts; times are UTC."""
    made = table("", "Written (UTC)", "Version", "Text")
    for each in versions:
        made.add_row(utc(each.create_time), str(each.version), plain(each.text))
    return made


def access_table(accesses: Iterable[RecordAccess]) -> Table:
    """Who accessed records; times are UTC."""
    made = table("", "When (UTC)", "Who", "What", "As", "Records", "Why")
    for each in accesses:
        what = _words(RecordAccessKind.Name(each.kind), "RECORD_ACCESS_KIND_")
        basis = _words(RecordAccessBasis.Name(each.basis), "RECORD_ACCESS_BASIS_")
        basis += f" ({relation(each.relation)})" if relation(each.relation) else ""
        own = each.basis == RecordAccessBasis.RECORD_ACCESS_BASIS_OWN
        who = each.doctor.name or ("the patient" if own else each.account_id)
        made.add_row(utc(each.access_time), *map(plain, (who, what, basis, str(len(each.record_ids)), each.reason)))
    return made


def _words(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).replace("_", " ").lower()
