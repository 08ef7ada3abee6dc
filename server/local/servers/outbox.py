"""A mail relay that delivers nothing: each mail stays in a directory (Maildir), for developers to look at."""

import sys
from email import message_from_binary_file, policy
from email.message import EmailMessage
from pathlib import Path

from server.local.processes.ports import HOST, is_open
from server.local.processes.process import BACKGROUND, Process, start

STOP_SECONDS = 5.0


def launch(directory: Path, log: Path, *, port: int) -> Process:
    """Start the relay, aiosmtpd's own program. Raises LocalError."""
    directory.mkdir(mode=0o700, exist_ok=True)
    options = ["--nosetuid", "--listen", f"{HOST}:{port}", "--class", "aiosmtpd.handlers.Mailbox"]
    return start("outbox", [sys.executable, "-m", "aiosmtpd", *options, directory / "mail"], log, niceness=BACKGROUND)


def await_ready(process: Process, port: int) -> None:
    """Wait until the relay accepts connections. Raises LocalError."""
    process.wait_until(lambda: is_open(port))


def mails(directory: Path) -> list[tuple[Path, EmailMessage]]:
    """The mail that has arrived, oldest first."""
    paths = (directory / "mail" / "new").glob("*")
    return [(path, _read(path)) for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns)]


def _read(path: Path) -> EmailMessage:
    with path.open("rb") as file:
        mail = message_from_binary_file(file, policy=policy.default)
    if not isinstance(mail, EmailMessage):
        raise TypeError(type(mail).__name__)
    return mail
