"""The command that lists accounts."""

from collections.abc import Iterable
from enum import StrEnum
from itertools import islice
from typing import Annotated

import typer
from rich.table import Table

from yoyaku.cli import words
from yoyaku.cli.output import tables
from yoyaku.cli.output.escaping import plain
from yoyaku.cli.people.accounts import account
from yoyaku.cli.session import Json, present, session
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1.account_list_messages_pb2 import AccountState, ListedAccount
from yoyaku.v1.account_role_pb2 import AccountRole


class RoleFilter(StrEnum):
    """The role of an account."""

    PATIENT = "patient"
    DOCTOR = "doctor"
    STAFF = "staff"
    ADMIN = "admin"
    DISPLAY = "display"
    SYSTEM = "system"
    KIOSK = "kiosk"


class StateFilter(StrEnum):
    """Whether somebody can sign in."""

    ACTIVE = "active"
    WITHOUT_PASSWORD = "without-password"
    DISABLED = "disabled"


@account.command("list")
def list_accounts(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help="Part of the email or name.")] = "",
    role: Annotated[RoleFilter | None, typer.Option(help="Only this role; patients only if it asks for them.")] = None,
    clinic: Annotated[str, typer.Option(metavar="CLINIC", help="Who works there; id or part of the name.")] = "",
    state: Annotated[StateFilter | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
    as_json: Json = False,
) -> None:
    """List accounts (admins)."""
    with session(context) as client:
        accounts = client.accounts(
            role=AccountRole.Value(f"ACCOUNT_ROLE_{(role or 'unspecified').upper()}"),
            clinic_id=words.clinic_id(client, clinic) if clinic else "",
            state=AccountState.Value(f"ACCOUNT_STATE_{(state or 'unspecified').upper().replace('-', '_')}"),
            text=text,
        )
        found = list(islice(accounts, limit))
    present(pb.ListAccountsResponse(accounts=found), _table(found) if found else "no accounts", as_json=as_json)


def _table(found: Iterable[ListedAccount]) -> Table:
    made = tables.table("", "Email", "Name", "Role", "State", "Code", "Made (UTC)", "Id")
    for each in found:
        roles = ", ".join(AccountRole.Name(role).removeprefix("ACCOUNT_ROLE_").lower() for role in each.account.roles)
        state = AccountState.Name(each.state).removeprefix("ACCOUNT_STATE_").lower().replace("_", " ")
        code = "yes" if each.account.second_factor else ""
        email, name = plain(each.account.email), plain(each.name)
        made.add_row(email, name, roles, state, code, tables.utc(each.create_time), plain(each.account.id))
    return made
