"""`python -m server up`: runs the whole system on this machine."""

import asyncio
import os
from datetime import date, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from server.commands import app, fail, settings
from server.commands.access.token import issue
from server.commands.running import environment_of
from server.config import LocalSettings, Settings, load
from server.local import HOME, LocalError, supervisor
from server.local.state import StackState

SATURDAY = 5
console = Console(soft_wrap=True, highlight=False)


@app.command()
def up(
    detach: Annotated[bool, typer.Option(help="Return when the stack is ready and leave it running.")] = False,
) -> None:
    """Start PostgreSQL with a standby, Valkey, workers, Envoy and an outbox, with demo clinics; Ctrl-C stops them."""
    configured = settings(LocalSettings)
    try:
        if not detach:
            supervisor.run(HOME, configured, os.environ, _say, _announce)
        elif not supervisor.detach(HOME, lambda text: print(text, end="", flush=True)):
            raise typer.Exit(1)
    except LocalError as error:
        raise fail(str(error)) from None


def _say(text: str, seconds: float) -> None:
    console.print(Text.assemble(("  ok  ", "green"), f"{text:<60}", (f"{seconds:5.1f} s", "dim")))


def _announce(state: StackState) -> None:
    console.print()
    console.print(Text("yoyaku is running", "bold green"), _how_to_stop())
    for title, value in (
        ("page for patients", f"{state.edge}/"),
        ("desk, administration", f"{state.edge}/desk  {state.edge}/admin"),
        ("REST, gRPC, gRPC-Web", state.edge),
        ("API reference", f"{state.edge}/reference"),
        ("the same with TLS", state.edge_tls),
        ("Envoy's admin pages", state.admin),
        ("waiting-room board", f"{state.edge}/board#token={_display_token(state)}"),
        *([("Prometheus and alerts", f"{state.prometheus}/alerts")] if state.prometheus else []),
        ("mail that was sent", ".venv/bin/python -m server outbox"),
        ("logs, data, state", f"{HOME}/"),
        *((f"account: {role}", _sign_in(account)) for role, account in state.accounts.items()),
        ("to sign in", f".venv/bin/yoyaku --address {state.edge} login EMAIL, or POST {state.edge}/api/auth/login"),
    ):
        console.print(Text.assemble((f"  {title:<24}", "dim"), value))
    console.print("\nTry:")
    for command in _commands(state):
        console.print(Text(f"  {command}", "cyan"))


def _display_token(state: StackState) -> str:
    return asyncio.run(issue(load(Settings, os.environ | environment_of(state)), state.accounts["display"]["id"])) or ""


def _sign_in(account: dict[str, str]) -> str:
    password = account.get("password")
    return f"{account['email']}{f'  password: {password}' if password else ''}"


def _how_to_stop() -> str:
    return "(Ctrl-C stops it)" if console.is_terminal else "(`make down` stops it)"


def _commands(state: StackState) -> list[str]:
    doctor = _identity(state.doctors[0]) if state.doctors else "DOCTOR_ID"
    token = '-H "Authorization: Bearer $(.venv/bin/python -m server token patient)"'
    return [
        f"curl {token} {state.edge}/api/clinics",
        f"curl {token} '{state.edge}/api/schedules/available-slots?doctor_id={doctor}&date={_next_weekday()}'",
        f"curl {token} '{state.edge}/api/appointments?patient_id={_identity(state.accounts.get('patient', {}))}'",
    ]


def _identity(item: object) -> str:
    return str(item.get("id", "")) if isinstance(item, dict) else str(item)


def _next_weekday() -> date:
    day = date.today() + timedelta(days=1)  # noqa: DTZ011  # the user's own calendar
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return day
