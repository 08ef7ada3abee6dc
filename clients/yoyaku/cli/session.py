"""The app, the options that all commands share, and the client that commands use."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from rich.table import Table
from typer.core import TyperGroup

from yoyaku import BlockingClient, Tls, TokenStore, YoyakuError
from yoyaku.cli import places
from yoyaku.cli.failures import failed, not_signed_in, usage
from yoyaku.cli.output.escaping import escaped
from yoyaku.cli.output.layout import out
from yoyaku.plain_words import reword


class Plain(TyperGroup):
    """Says in plain words what is wrong with an option or an argument."""

    def make_context(self, *values: Any, **named: Any) -> Any:
        """Read the options before the command."""
        with _in_plain_words():
            return super().make_context(*values, **named)

    def invoke(self, ctx: Any) -> Any:
        """Read the command's own, and run it."""
        with _in_plain_words():
            return super().invoke(ctx)


@contextmanager
def _in_plain_words() -> Iterator[None]:
    try:
        yield
    except typer.BadParameter as error:
        reword(error)
        raise


app = typer.Typer(
    cls=Plain,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 refused, 2 wrong usage, 3 the server cannot be reached.",
)

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, as REST gives it.")]


@dataclass(frozen=True, slots=True)
class Options:
    """Options before the command, or from the environment."""

    address: str
    token: str
    sign_ins: Path | None
    ca: Path | None
    timeout: float

    @property
    def store(self) -> TokenStore:
        """The store for the tokens of the person who signs in at this address."""
        try:
            return TokenStore(self.sign_ins or places.sign_ins(), name=self.address)
        except RuntimeError:
            raise usage("there is no home directory to keep tokens in: set APPOINTMENTS_SIGN_INS to a file") from None


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
            envvar="APPOINTMENTS_ADDRESS",
            metavar="URL",
            help="https://HOST:PORT of the server, or http://HOST:PORT for plaintext.",
            show_default="the stack of `make up`",
        ),
    ] = "",
    token: Annotated[
        str,
        typer.Option(
            envvar="APPOINTMENTS_TOKEN",
            metavar="TOKEN",
            help="Access token, instead of signing in; safest in the environment variable.",
            show_default=False,
        ),
    ] = "",
    sign_ins: Annotated[
        Path | None,
        typer.Option(
            envvar="APPOINTMENTS_SIGN_INS",
            metavar="FILE",
            help="Where `login` keeps tokens.",
            show_default="~/.local/state/yoyaku/sign-ins.json",
            dir_okay=False,
        ),
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option(
            envvar="APPOINTMENTS_CA",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="PEM file of the authorities to trust for https.",
        ),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="For an answer, retries included.")] = 5,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Look up, book, move and cancel medical appointments. All times are on the clinic's wall clock."""
    context.obj = Options(address or places.local_stack(Path.cwd()), token, sign_ins, ca, timeout)


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
        except OSError as error:
            if error.filename is None:  # not the file of tokens: a pipe whose reader has gone
                raise
            where = options.sign_ins or places.sign_ins()
            raise usage(
                f"tokens cannot be kept in {where} ({error.strerror}): set APPOINTMENTS_SIGN_INS to a file that you can"
                " write, or APPOINTMENTS_TOKEN to an access token"
            ) from None


def present(answer: Message, table: Table | str, *, as_json: bool) -> None:
    """Print an answer as a table or a sentence, or as the JSON that REST would return."""
    if as_json:
        typer.echo(MessageToJson(answer, preserving_proto_field_name=True, always_print_fields_with_no_presence=True))
    elif isinstance(table, str):
        typer.echo(escaped(table))
    else:
        out(table)


def own_patient(context: typer.Context) -> str:
    """The patient in the token, or empty. It is not verified: only the server decides what the token permits.

    Ends the command if nobody has signed in.
    """
    try:
        token = context.obj.token or context.obj.store.access_token
    except OSError:
        token = ""
    if not token:
        raise not_signed_in()
    try:
        payload = token.split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).get("patient_id", ""))
    except (IndexError, ValueError, AttributeError):
        return ""
