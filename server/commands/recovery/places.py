"""Where backups are: as the environment says, or those of the stack of this checkout."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from server.backups import BackupError
from server.backups.barman import Barman
from server.backups.second_place import SecondPlace
from server.commands import fail, settings
from server.commands.running import environment_of
from server.config import PREFIX, BackupSettings, Settings, load
from server.local import HOME, LocalError, secret, state
from server.local.processes.user import User, database_user
from server.local.servers import binaries, data_location, database
from server.local.servers.postgres import SUPERUSER

_DIRECTORY = f"{PREFIX}BACKUP_DIRECTORY"


@dataclass(frozen=True, slots=True)
class Places:
    """The backups of one database, and what they are restored with."""

    barman: Barman
    second_place: SecondPlace | None
    user: User
    postgres: Path
    is_local: bool
    """Whether they are those of the stack of this checkout."""

    def settings(self, url: str) -> Settings:
        """The settings of a process that uses the database of a URL, with the keys that are known here."""
        keys = {f"{PREFIX}KEY_ENCRYPTION_KEY_FILE": str(HOME / "secrets" / "key-encryption-key")}
        mine = keys if self.is_local and f"{PREFIX}KEY_ENCRYPTION_KEY" not in os.environ else {}
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(f"{PREFIX}DATABASE_URL")
        }
        return load(Settings, {**environment, **mine, f"{PREFIX}DATABASE_URL": url})

    def fetch_copy(self, into: Path) -> Path:
        """Bring the newest copy from the second place; Barman's directory in it. Raises BackupError."""
        if self.second_place is None:
            raise BackupError("there is no second place: set YOYAKU_SECOND_PLACE and YOYAKU_SECOND_PLACE_PASSWORD")
        return self.second_place.fetch(into)


def places(home: Path | None = None) -> Places:
    """Where backups are; `home`: Barman's directory, if it is another one than is set. Ends the program if unknown."""
    is_local = not {_DIRECTORY, f"{_DIRECTORY}_FILE"} & os.environ.keys()
    try:
        if is_local:
            _use_those_of_the_stack()
        configured = settings(BackupSettings)
        user = database_user(HOME / data_location.DATA)
        data = data_location.data_home(HOME, user) if is_local else Path("/")
        postgres = data_location.programs_for(user, binaries.postgres(), data)
    except LocalError as error:
        raise fail(str(error)) from None
    repository = configured.second_place
    barman = Barman(home or configured.backup_directory, configured.backup_url.get_secret_value(), postgres)
    if home:
        barman.configure()  # what it has says where it was copied from
    return Places(
        barman,
        SecondPlace(repository, configured.second_place_password.get_secret_value()) if repository else None,
        user,
        postgres,
        is_local,
    )


def _use_those_of_the_stack() -> None:
    running = state.read(HOME)
    if running and running.database_url:
        os.environ.update(environment_of(running))
        parts = urlsplit(running.database_url)
        superuser = parts._replace(
            netloc=parts.netloc.replace(f"{database.NAME}:", f"{SUPERUSER}:", 1), path="/postgres"
        )
        os.environ[f"{PREFIX}BACKUP_URL"] = urlunsplit(superuser)
    elif not (HOME / "backups").exists():
        raise fail(f"no stack is running here, and {_DIRECTORY} is not set: start one with `make up`, or set it")
    os.environ[_DIRECTORY] = str(HOME / "backups")
    os.environ.setdefault(f"{PREFIX}SECOND_PLACE", str(HOME / "second-place"))
    secret.keep(HOME / "secrets" / "second-place-password", 32)
    os.environ.setdefault(f"{PREFIX}SECOND_PLACE_PASSWORD_FILE", str(HOME / "secrets" / "second-place-password"))
