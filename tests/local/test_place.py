from collections.abc import Iterator
from pathlib import Path

import pytest

from server.local.processes.user import User, database_user
from server.local.servers import binaries, data_location


@pytest.fixture
def user() -> User:
    return database_user()


@pytest.fixture
def elsewhere(user: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An open directory in the part of /var/lib."""
    found = data_location.temporary_home(user)
    found.chmod(0o755)
    monkeypatch.setattr(data_location, "ELSEWHERE", (found,))
    yield found
    data_location.remove(found)


def close_to(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the database's user could not enter a directory: which an ordinary user cannot arrange for itself."""
    really = User.reaches
    monkeypatch.setattr(User, "reaches", lambda self, wanted: path not in wanted.parents and really(self, wanted))


def test_data_lies_in_the_stacks_directory_if_its_user_reaches_that(elsewhere: Path, user: User) -> None:
    (elsewhere / "home").mkdir()
    data = data_location.data_home(elsewhere / "home", user)
    assert data == elsewhere / "home" / "postgres"
    assert data.stat().st_uid == user.uid


def test_data_out_of_reach_lies_elsewhere_is_found_again_and_removed(
    elsewhere: Path, user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_to(tmp_path.parent, monkeypatch)
    data = data_location.data_home(tmp_path, user)
    assert data.parent == elsewhere
    (data / "kept").touch()
    assert data_location.data_home(tmp_path, user) == data
    assert (data / "kept").exists()
    data_location.remove(tmp_path)
    assert not data.exists()
    assert not tmp_path.exists()


def test_data_of_a_directory_that_is_gone_is_not_taken_over(
    elsewhere: Path, user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_to(tmp_path.parent, monkeypatch)
    data = data_location.data_home(tmp_path, user)
    (data / "stale").touch()
    (tmp_path / data_location.DATA).unlink()
    assert data_location.data_home(tmp_path, user) == data
    assert not list(data.iterdir())


def test_programs_out_of_reach_are_copied_once_and_run(
    elsewhere: Path, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = binaries.postgres()
    monkeypatch.setattr(User, "reaches", lambda *_: False)
    copied = data_location.programs_for(user, programs, elsewhere)
    assert elsewhere in copied.parents
    assert user.run([str(copied / "initdb"), "--version"]).stdout.startswith("initdb (PostgreSQL) 18")
    before = copied.stat()
    assert data_location.programs_for(user, programs, elsewhere) == copied
    assert copied.stat() == before
