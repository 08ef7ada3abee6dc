"""The commands of the runbooks work as pasted, on a running stack."""

import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.stack import ROOT, Copy

RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
PORTS = {"9090": "PROMETHEUS_PORT", "8080": "PORT", "9901": "ADMIN_PORT"}
NOTHING_FOUND = 1
"""What grep ends with."""


def blocks(runbook: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", runbook.read_text(), re.DOTALL)


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda path: str(path.stem))
def test_what_a_runbook_says_to_look_at_first_can_be_pasted(observed: Copy, runbook: Path) -> None:
    commands = [line for block in blocks(runbook, "sh") for line in block.splitlines() if not line.startswith("#")]
    assert commands
    path = f"{Path(sys.executable).parent}:{ROOT / '.venv' / 'prometheus' / 'usr' / 'bin'}"
    environment = {**observed.environment, "APPOINTMENTS_ADDRESS": observed.stack()["edge"]}
    for command in commands:
        for usual, name in PORTS.items():
            command = command.replace(f"localhost:{usual}", f"localhost:{environment[f'YOYAKU_{name}']}")  # noqa: PLW2901
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", f'PATH="{path}:$PATH"; {command}'],
            cwd=observed.root, env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        nothing_found = "grep" in command and done.returncode == NOTHING_FOUND
        assert (done.returncode == 0 or nothing_found, done.stderr) == (True, ""), f"{command}: {done.stderr}"


@pytest.mark.parametrize("runbook", [path for path in RUNBOOKS if blocks(path, "sql")], ids=lambda path: str(path.stem))
def test_the_sql_of_a_runbook_can_be_pasted(observed: Copy, runbook: Path) -> None:
    with psycopg.connect(observed.stack()["database_url"]) as database:
        for statement in blocks(runbook, "sql"):
            database.execute(statement.encode())
