"""Runs the command `yoyaku` as a person or a script does, against a real worker."""

import asyncio
import json
import os
import pty
import re
import sys
import termios
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fixtures.clinic import Scene

CLIENTS = Path(__file__).parents[2] / "clients"


@dataclass
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)


@dataclass
class Shell:
    """Runs `yoyaku` with one caller's token, or for who has signed in."""

    address: str
    token: str = ""
    sign_ins: Path | None = Path("/nowhere/sign-ins.json")

    async def __call__(
        self,
        *words: str,
        typed: str = "",
        later: Callable[[], Awaitable[str]] | None = None,
        cwd: Path | None = None,
        **environment: str,
    ) -> Ended:
        """Run a command to its end; `typed` is its standard input, with what `later` gives after that."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-m", "yoyaku", *words,
            env={
                "PYTHONPATH": str(CLIENTS), "APPOINTMENTS_ADDRESS": self.address, "APPOINTMENTS_TOKEN": self.token,
                "APPOINTMENTS_SIGN_INS": str(self.sign_ins or ""), **environment,
            },
            cwd=cwd,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        if later and process.stdin:
            process.stdin.write(typed.encode())
            typed = await later()
        out, err = await process.communicate(typed.encode())
        assert b"Traceback" not in err, err.decode()
        return Ended(process.returncode or 0, out.decode(), err.decode())

    async def on_terminal(self, columns: int, *words: str) -> str:
        """What a command shows on a terminal of so many columns, without colours."""
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (40, columns))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-m", "yoyaku", *words,
            env={
                "PYTHONPATH": str(CLIENTS), "APPOINTMENTS_ADDRESS": self.address, "APPOINTMENTS_TOKEN": self.token,
                "TERM": "xterm",
            },
            stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)
        shown = await asyncio.to_thread(_read, ours)
        assert await process.wait() == 0, shown
        return shown


async def shell_of(scene: Scene, role: str, **owned: Any) -> Shell:
    """The shell of a new account."""
    token = await scene.worker.parts.tokens.issue(await scene.book.account(role, **owned))
    return Shell(f"http://{scene.worker.address}", token or "")


def _read(terminal: int) -> str:
    shown = b""
    try:
        while read := os.read(terminal, 65_536):
            shown += read
    except OSError:  # Linux's way to say that nobody has the other end any more
        os.close(terminal)
    return re.sub("\x1b\\[[0-9;?]*[a-zA-Z]", "", shown.decode()).replace("\r\n", "\n")
