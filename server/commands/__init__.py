"""The commands of `python -m server`, one small module each."""

import signal
import sys
from typing import Any, TypeVar

import typer
from pydantic_settings import BaseSettings
from typer.core import TyperGroup

from server.config import ConfigurationError, load
from server.domain.people.characters import escaped


class Explained(TyperGroup):
    """Says in a line what a command that failed, or the library of commands, does not explain itself."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; ends the program with exit code 1 for a failure whose text says what to do."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            from yoyaku.plain_words import reword  # noqa: PLC0415  # it loads the whole contract

            reword(error)
            raise
        except Exception as error:
            from server.commands.failures import explanation  # noqa: PLC0415  # it takes a third of a second to load

            if text := explanation(error):
                raise fail(text) from None
            raise


app = typer.Typer(
    cls=Explained, name="python -m server", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)

S = TypeVar("S", bound=BaseSettings)


def fail(message: str) -> typer.Exit:
    """Print on standard error what is wrong and what to do; the caller raises the result."""
    print(f"error: {escaped(message, lines=True)}", file=sys.stderr)
    return typer.Exit(1)


def end_on_sigterm_as_on_ctrl_c() -> None:
    """Let a manager's SIGTERM end the command with KeyboardInterrupt, so that it cleans up and says how to go on."""
    # A background job of a script begins with SIGINT ignored; SIGTERM must end it all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


def settings(kind: type[S]) -> S:
    """The settings; if they are wrong, ends the program with a text that says why."""
    try:
        return load(kind)
    except ConfigurationError as error:
        raise fail(str(error)) from None


@app.callback()
def main() -> None:
    """The appointment backend of a hospital group."""
