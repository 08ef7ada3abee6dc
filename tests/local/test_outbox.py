"""Mail and logs of the stack, as `python -m server outbox` and `logs` show them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.commands import app
from server.commands.stack import logs, outbox
from server.local.stack import OUTBOX

MAIL = """From: yoyaku <appointments@yoyaku.example>
To: ken@example.org
Subject: =?utf-8?b?G1syShs=?=
Date: Mon, 02 Mar 2026 00:00:00 +0000
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

Q2xpbmljG1sySgpmdXJ0aGVy
"""


def test_mail_cannot_command_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / OUTBOX / "mail" / "new"
    kept.mkdir(parents=True)
    (kept / "1").write_text(MAIL)
    monkeypatch.setattr(outbox, "HOME", tmp_path)
    for words in ([], ["1"]):
        shown = CliRunner().invoke(app, ["outbox", *words]).output
        assert "\\x1b[2J" in shown
        assert "\x1b" not in shown
    assert "Clinic\\x1b[2J\nfurther" in shown


def test_an_id_that_no_log_has_is_an_error_that_says_so(tmp_path: Path) -> None:
    assert logs.logs in [command.callback for command in app.registered_commands]
    (tmp_path / "worker-1.log").write_text('{"request_id": "known", "event": "call"}\n')
    assert CliRunner().invoke(app, ["logs", "known", "--directory", str(tmp_path)]).exit_code == 0
    done = CliRunner().invoke(app, ["logs", "unknown", "--directory", str(tmp_path)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error: no line has the id unknown")
