"""Where `yoyaku` finds the server, and where it keeps tokens."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.client.shell import Shell
from tests.fixtures.clinic import Scene
from yoyaku.__main__ import app
from yoyaku.cli.places import local_stack

USUAL = "http://127.0.0.1:8080"


def stack_in(directory: Path, content: str) -> None:
    (directory / ".yoyaku").mkdir()
    (directory / ".yoyaku" / "stack.json").write_text(content)


def test_the_stack_of_the_checkout_is_found_from_any_directory_in_it(tmp_path: Path) -> None:
    stack_in(tmp_path, json.dumps({"edge": "http://127.0.0.1:18080"}))
    (tmp_path / "docs" / "adr").mkdir(parents=True)
    assert local_stack(tmp_path / "docs" / "adr") == "http://127.0.0.1:18080"


@pytest.mark.parametrize("content", ['{"edge": "http://192.0.2.1:8080"}', "{", "[]", "{}", '{"edge": 5}'])
def test_a_file_that_names_no_address_of_this_machine_is_ignored(tmp_path: Path, content: str) -> None:
    stack_in(tmp_path, content)
    assert local_stack(tmp_path) == USUAL


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_file_of_somebody_else_is_ignored(tmp_path: Path) -> None:
    stack_in(tmp_path, json.dumps({"edge": "http://127.0.0.1:18080"}))
    os.chown(tmp_path / ".yoyaku" / "stack.json", 12345, 12345)
    assert local_stack(tmp_path) == USUAL


async def test_a_command_uses_the_stack_of_the_checkout(scene: Scene, tmp_path: Path) -> None:
    stack_in(tmp_path, json.dumps({"edge": f"http://{scene.worker.address}"}))
    token = dict(scene.staff.metadata)["authorization"].removeprefix("Bearer ")
    ended = await Shell("", token)("clinics", cwd=tmp_path)
    assert scene.clinic_id in ended.out


async def test_a_home_that_cannot_be_written_is_told_before_anybody_signs_in() -> None:
    # Nothing listens at this address: to get there would end with 3.
    ended = await Shell("http://127.0.0.1:1", sign_ins=None)("login", "a@example.org", typed="secret\n", HOME="/proc")
    assert ended.code == 2
    assert "tokens cannot be kept in /proc/.local/state/yoyaku/sign-ins.json (No such file or directory)" in ended.err
    assert "set APPOINTMENTS_SIGN_INS to a file that you can write" in ended.err


@pytest.mark.parametrize("words", [["book", "mori", "2026-03-03T09:00"], ["appointments"], ["records", "list"]])
def test_what_is_about_the_caller_asks_to_sign_in_first(words: list[str], tmp_path: Path) -> None:
    environment = {"APPOINTMENTS_ADDRESS": "http://127.0.0.1:1", "APPOINTMENTS_SIGN_INS": str(tmp_path / "none")}
    ended = CliRunner().invoke(app, words, env=environment)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr.startswith("error: nobody is signed in here: sign in with `yoyaku login EMAIL`")
