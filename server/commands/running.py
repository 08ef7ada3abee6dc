"""Finds the stack that runs in this checkout, for commands that work on its database."""

import os

from server.commands import fail, settings
from server.config import PREFIX, DatabaseSettings, Settings
from server.local import HOME, LocalError, state
from server.local.state import StackState

_DATABASE = f"{PREFIX}DATABASE_URL"


def stack() -> StackState:
    """The running stack; ends the program if there is none."""
    try:
        found = state.read(HOME)
    except LocalError as error:
        raise fail(str(error)) from None
    if found is None or not found.accounts:
        raise fail("no stack is running here: start it with `make up`")
    if found.pids and not found.running():
        raise fail("the stack that ran here was killed: start it again with `make up`; its data are kept")
    return found


def settings_of(running: StackState) -> Settings:
    """Settings for a process that uses the stack's database."""
    os.environ.update(environment_of(running))
    return settings(Settings)


def environment_of(running: StackState) -> dict[str, str]:
    """What a process needs in its environment to use the stack's database."""
    return {
        _DATABASE: running.database_url,
        f"{PREFIX}CACHE_URL": running.valkey_url,
        f"{PREFIX}KEY_ENCRYPTION_KEY_FILE": running.key_encryption_key_file,
    }


def settings_here() -> Settings:
    """The settings of the environment if it names a database, otherwise those of the running stack."""
    if _names_a_database():
        return settings(Settings)
    return settings_of(stack())


def database_settings_here() -> DatabaseSettings:
    """The same for commands that only read the database."""
    if not _names_a_database():
        os.environ.update(environment_of(stack()))
    return settings(DatabaseSettings)


def _names_a_database() -> bool:
    return _DATABASE in os.environ or f"{_DATABASE}_FILE" in os.environ
