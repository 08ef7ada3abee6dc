"""Commands for who acts for a patient."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from yoyaku.cli import words
from yoyaku.cli.failures import usage
from yoyaku.cli.output.representative_tables import representative_details, representative_table
from yoyaku.cli.session import Json, app, own_patient, present, session
from yoyaku.v1.representative_pb2 import RepresentativeRelation

representatives = typer.Typer(
    help="Who acts for a patient: parents, legal guardians, carers.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(representatives, name="representatives")


class Relation(StrEnum):
    """What a representative is to the patient."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    CARER = "carer"


@representatives.command("list")
def list_representatives(
    context: typer.Context,
    patient: Annotated[
        str, typer.Argument(metavar="PATIENT", help="Patient id; patients may omit it for themselves.")
    ] = "",
    ended: Annotated[bool, typer.Option("--ended", help="Also those that have ended.")] = False,
    as_json: Json = False,
) -> None:
    """List who acts for a patient (the patient, staff, admins); `yoyaku whoami` shows for whom one acts."""
    whose = patient or own_patient(context)
    if not whose:
        raise usage("say whose: give the PATIENT's id (`yoyaku patients NAME` finds it)")
    with session(context) as client:
        answer = client.list_representatives(whose, include_ended=ended)
    found = answer.representatives
    present(answer, representative_table(found) if found else "nobody acts for this patient", as_json=as_json)


@representatives.command()
def add(
    context: typer.Context,
    patient: Annotated[str, typer.Argument(metavar="PATIENT", help="Id of the patient to act for.")],
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="With which who acts signs in, as a patient.")],
    relation: Annotated[Relation, typer.Option(help="What that person is to the patient.")],
    note: Annotated[str, typer.Option(metavar="TEXT", help="What you have seen, such as a birth certificate.")],
    until: Annotated[
        date | None,
        typer.Option(
            parser=words.day, metavar="DATE", help="Last day; of a child until the birthday of the clinic's policy."
        ),
    ] = None,
    clinic: Annotated[
        str, typer.Option(metavar="CLINIC", help="Id or part of the name; may be omitted by staff of only one.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Let somebody act for a patient (staff, admins): compare the name that is shown with the papers."""
    with session(context) as client:
        answer = client.add_representative(
            patient,
            email=email,
            relation=RepresentativeRelation.Value(f"REPRESENTATIVE_RELATION_{relation.name}"),
            clinic_id=words.clinic_id(client, clinic) or words.own_clinic(client),
            note=note,
            end_date=until,
        )
    present(answer, representative_details(answer.representative), as_json=as_json)


@representatives.command()
def end(
    context: typer.Context,
    representative_id: Annotated[str, typer.Argument(metavar="ID", help="From `representatives list` or `whoami`.")],
    as_json: Json = False,
) -> None:
    """End that somebody acts for a patient (both of them, staff, admins)."""
    with session(context) as client:
        answer = client.end_representative(representative_id)
    ended = answer.representative
    present(answer, f"{ended.name} no longer acts for {ended.patient.name}", as_json=as_json)
