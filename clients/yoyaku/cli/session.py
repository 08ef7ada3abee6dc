"""The app, the options that all commands share, and the client that commands use."""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from rich.table import Table

from yoyaku import BlockingClient, Tls, TokenStore, YoyakuError
from yoyaku.cli.failures import failed, usage
from yoyaku.cli.shown import escaped
from yoyaku.cli.tables import out

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 refused, 2 wrong usage, 3 the server cannot be reached.",
)

STATE = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, as REST gives it.")]


@dataclass(frozen=True, slots=True)
class Options:
    """Options before the command, or from the environment."""

    address: str
    token: str
    sign_ins: Path
    ca: Path | None
    timeout: float

    @property
    def store(self) -> TokenStore:
        """The store for the tokens of the person who signs in at this address."""
        return TokenStore(self.sign_ins, name=self.address)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(version("yoyaku"))
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    address: Annotated[
        str,
        typer.Option(
            envvar="APPOINTMENTS_ADDRESS", help="https://HOST:PORT of the server, or http://HOST:PORT for plaintext."
        ),
    ] = "http://127.0.0.1:8080",
    token: Annotated[
        str,
        typer.Option(
            envvar="APPOINTMENTS_TOKEN",
            show_envvar=True,
            help="Access token, instead of signing in; best given by the environment.",
        ),
    ] = "",
    sign_ins: Annotated[
        Path,
        typer.Option(envvar="APPOINTMENTS_SIGN_INS", help="File in which `login` keeps tokens.", dir_okay=False),
    ] = STATE / "yoyaku" / "sign-ins.json",
    ca: Annotated[
        Path | None,
        typer.Option(
            envvar="APPOINTMENTS_CA",
            exists=True,
            dir_okay=False,
            help="PEM file of the authorities to trust for https.",
        ),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for an answer, retries included.")] = 5,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Look up, book, move and cancel medical appointments. All times are on the clinic's wall clock."""
    context.obj = Options(address, token, sign_ins, ca, timeout)


@contextmanager
def session(
    context: typer.Context, again: tuple[str, ...] = (), *, signing_in: bool = False
) -> Iterator[BlockingClient]:
    """A client with the given token or sign-in; a failed call ends the command and prints what to do next.

    `again` is a booking command as a list of words, with `{}` in place of the slot's time.
    """
    options: Options = context.obj
    try:
        tls = Tls(root_certificates=options.ca) if options.ca else None
        token = options.store if signing_in or not options.token else options.token
        client = BlockingClient(options.address, token=token, tls=tls, deadline=options.timeout)
    except (ValueError, OSError) as error:
        raise usage(str(error)) from None
    with client:
        try:
            yield client
        except YoyakuError as error:
            raise failed(error, options.address, again) from None


def present(answer: Message, table: Table | str, *, as_json: bool) -> None:
    """Print an answer as a table or a sentence, or as the JSON that REST would return."""
    if as_json:
        typer.echo(MessageToJson(answer, preserving_proto_field_name=True, always_print_fields_with_no_presence=True))
    elif isinstance(table, str):
        typer.echo(escaped(table))
    else:
        out(table)


def own_patient(context: typer.Context) -> str:
    """The patient in the token, or empty. It is not verified: only the server decides what the token permits."""
    try:
        payload = (context.obj.token or context.obj.store.access_token).split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).get("patient_id", ""))
    except (IndexError, ValueError, AttributeError):
        return ""
