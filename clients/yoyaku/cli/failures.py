"""Ends a command whose call failed: what went wrong, what to do next, and the exit code."""

import shlex
from datetime import datetime

import typer

from yoyaku import DeadlineExceeded, Unauthenticated, Unavailable, YoyakuError
from yoyaku.cli.output.escaping import escaped
from yoyaku.cli.output.layout import out
from yoyaku.cli.output.tables import alternative_table, slot_table
from yoyaku.wire import local_time

REFUSED, USAGE, UNREACHABLE = 1, 2, 3
_SIGN_IN = "sign in with `yoyaku login EMAIL`, or set APPOINTMENTS_TOKEN to an access token"


def usage(message: str) -> typer.Exit:
    """Print what is wrong with the user's input; the caller raises the result."""
    _say(f"error: {message}")
    return typer.Exit(USAGE)


def not_signed_in() -> typer.Exit:
    """Print how to sign in, for a command that is about the caller; the caller raises the result."""
    _say(f"error: nobody is signed in here: {_SIGN_IN}")
    return typer.Exit(REFUSED)


def failed(error: YoyakuError, address: str, again: tuple[str, ...]) -> typer.Exit:
    """Print why a call failed; the caller raises the result.

    `again` is a booking command as a list of words, with `{}` in place of the slot's time.
    """
    unanswered = isinstance(error, Unavailable | DeadlineExceeded)
    if unanswered and not error.reason:
        trust = ", and does --ca name its authority" if address.startswith("https") else ""
        _say(f"error: no answer from {address}: is the server running there{trust}? ({error.message})")
    else:
        _say(f"error: {error.message}")
    # The server's message names the fields already; that of the edge does not.
    for field, description in error.violations.items():
        if description not in error.message:
            _say(f"  {field or 'the request'}: {description}")
    if error.alternatives and again:
        _offer(error, again)
    if isinstance(error, Unauthenticated) and error.reason != "SIGN_IN_FAILED":
        _say(_SIGN_IN)
    if isinstance(error, DeadlineExceeded) and again:
        _say("the change may have been made all the same: check `yoyaku appointments` before you try again")
    return typer.Exit(UNREACHABLE if unanswered else REFUSED)


def _offer(error: YoyakuError, again: tuple[str, ...]) -> None:
    """Show the free slots, and the command that books the one nearest to the requested time."""
    if any(each.doctor.id for each in error.alternatives):
        out(alternative_table(error.alternatives), err=True)
        _say("the doctor has no free slot within a week: to take one of these, name its doctor's id and its time")
        return
    out(slot_table(error.alternatives, error.time_zone, title=f"Free ({error.time_zone})"), err=True)
    starts = [local_time(slot.start_time, error.time_zone) for slot in error.alternatives]
    asked = datetime.fromisoformat(error.metadata.get("start_time", starts[0].isoformat()))
    nearest = min(starts, key=lambda start: abs(start - asked)).isoformat(timespec="minutes")
    _say(f"to take another: {shlex.join(nearest if word == '{}' else word for word in again)}")


def _say(text: str) -> None:
    # Error texts of a server may repeat what callers wrote.
    typer.echo(escaped(text), err=True)
