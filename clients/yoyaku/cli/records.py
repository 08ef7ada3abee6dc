"""Commands for medical records. Texts are read from standard input, so that process lists do not show them."""

import sys
from itertools import islice
from typing import Annotated

import typer

from yoyaku.cli.failures import usage
from yoyaku.cli.output import record_tables as tables
from yoyaku.cli.session import Json, app, own_patient, present, session
from yoyaku.v1 import record_service_pb2 as pb

records = typer.Typer(help="Medical records, and who read them.", rich_markup_mode=None)
app.add_typer(records, name="records")

_PAGE = 100

Patient = Annotated[str, typer.Argument(metavar="PATIENT", help="Patient id; patients may omit it for themselves.")]
Limit = Annotated[int, typer.Option(min=1, help="How many.")]


@records.callback(invoke_without_command=True)
def own(context: typer.Context) -> None:
    """Medical records: without a command, the caller's own."""
    if context.invoked_subcommand is None:
        list_records(context)


@records.command("list")
def list_records(context: typer.Context, patient: Patient = "", limit: Limit = 20, as_json: Json = False) -> None:
    """List a patient's records, newest first."""
    whose = _whose(context, patient)
    with session(context) as client:
        found = list(islice(client.records(whose, size=min(limit, _PAGE)), limit))
    present(
        pb.ListRecordsResponse(records=found), tables.record_table(found) if found else "no records", as_json=as_json
    )


@records.command()
def show(context: typer.Context, record_id: str, as_json: Json = False) -> None:
    """Show one record."""
    with session(context) as client:
        answer = client.get_record(record_id)
    present(answer, tables.record_details(answer.record), as_json=as_json)


@records.command()
def versions(context: typer.Context, record_id: str, as_json: Json = False) -> None:
    """Show all versions of a record, newest first."""
    with session(context) as client:
        found = list(client.record_versions(record_id))
    present(pb.ListRecordVersionsResponse(versions=found), tables.version_table(found), as_json=as_json)


@records.command()
def write(
    context: typer.Context,
    patient: Annotated[str, typer.Argument(metavar="PATIENT", help="Id of the patient the record is about.")],
    appointment: Annotated[str, typer.Option(metavar="ID", help="The appointment during which it was written.")] = "",
    as_json: Json = False,
) -> None:
    """Write a record about a patient: its text comes from standard input (doctors)."""
    text = _typed()
    with session(context) as client:
        answer = client.create_record(patient_id=patient, text=text, appointment_id=appointment)
    present(answer, tables.record_details(answer.record), as_json=as_json)


@records.command()
def amend(
    context: typer.Context,
    record_id: str,
    etag: Annotated[str, typer.Option(help="Only if the record still has this etag.")] = "",
    as_json: Json = False,
) -> None:
    """Replace the text of a record with standard input; older versions stay (its author)."""
    text = _typed()
    with session(context) as client:
        answer = client.amend_record(record_id, text=text, etag=etag)
    present(answer, tables.record_details(answer.record), as_json=as_json)


@records.command("break-glass")
def break_glass(
    context: typer.Context,
    patient: Annotated[str, typer.Argument(metavar="PATIENT", help="Id of the patient whose records to open.")],
    reason: Annotated[str, typer.Option(help="Why it cannot wait; the patient will see the reason.")],
    as_json: Json = False,
) -> None:
    """Open a patient's records for an hour without an appointment, in an emergency (doctors)."""
    with session(context) as client:
        answer = client.break_glass(patient, reason=reason)
    until = f"{answer.expire_time.ToDatetime():%Y-%m-%d %H:%M} UTC"
    present(answer, f"open until {until}; the patient sees it in the access log", as_json=as_json)


@records.command()
def log(context: typer.Context, patient: Patient = "", limit: Limit = 20, as_json: Json = False) -> None:
    """Show who accessed a patient's records, latest first (the patient, admins)."""
    whose = _whose(context, patient)
    with session(context) as client:
        found = list(islice(client.record_accesses(whose, size=min(limit, _PAGE)), limit))
    shown = tables.access_table(found) if found else "nobody had these records"
    present(pb.ListRecordAccessResponse(accesses=found), shown, as_json=as_json)


def _whose(context: typer.Context, patient: str) -> str:
    if whose := patient or own_patient(context):
        return whose
    raise usage("say whose: give the PATIENT's id (`yoyaku patients NAME` finds it)")


def _typed() -> str:
    text = sys.stdin.read().strip()
    if not text:
        raise usage("there is no text: give it on standard input, as in `yoyaku records write PATIENT < note.txt`")
    return text
