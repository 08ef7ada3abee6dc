"""What a command says when it fails, instead of a traceback."""

import asyncio
import errno

from db.errors import NotPermitted, OtherSchema, StateError, Unreachable
from db.postgres.cluster.diagnosis import why_unusable
from server.commands import settings
from server.config import ConfigurationError, DatabaseSettings
from server.domain.errors import DomainError, Reason
from server.local import LocalError
from server.usecases.identity.signing_keys import KeyEncryptionKeyError
from server.usecases.keyrings import KeyRingError


def explanation(error: Exception) -> str | None:
    """What to say about a failure; None if it is a fault of the program."""
    match error:
        case DomainError() | StateError():
            return told(error)
        case OtherSchema():
            return f"the database lacks what this release needs ({error}): run `python -m server migrate`"
        case ConfigurationError() | KeyEncryptionKeyError() | KeyRingError() | LocalError():
            return str(error)
        case OSError(errno=errno.ENOSPC):
            return f"{error.filename or 'what is written to'}: the disk is full: make room, then run this again"
        case OSError(filename=str() as path) if path:
            return f"{path}: {error.strerror}: check the path, and who may use it"
    return None


def told(error: DomainError | StateError) -> str:
    """The text of a failure; if the database cannot be used, what each of its servers says."""
    if isinstance(error, Unreachable) or (
        isinstance(error, DomainError) and error.reason is Reason.DATABASE_UNAVAILABLE
    ):
        url = settings(DatabaseSettings).database_url.get_secret_value()
        return f"the database cannot be used: {asyncio.run(why_unusable(url))}"
    if isinstance(error, NotPermitted):
        return f"{error}: YOYAKU_DATABASE_URL must name the role that owns the database"
    return error.message if isinstance(error, DomainError) else f"the database failed ({error}): run this again"
