"""The master keys of medical records: whether all are available, and rotating them while calls continue."""

from collections.abc import AsyncIterator

import structlog

from db.postgres.cluster.engines import Engine
from db.postgres.cluster.transaction import transact
from server.domain.errors import DomainError
from server.usecases.records.encryption import RecordCipher
from server.usecases.unit_of_work import database_failures_as_domain_errors, read

BATCH = 100

_log = structlog.get_logger()


class RecordKeys:
    """Looks after the keys that wrap the data keys."""

    def __init__(self, engine: Engine, cipher: RecordCipher) -> None:
        self._engine = engine
        self._cipher = cipher

    async def check(self) -> None:
        """Check that every master key in use is available (KeyRingError); passes if the database is unreachable."""
        try:
            await read(self._engine, self._cipher.check)
        except DomainError as error:
            _log.warning("master keys of medical records are not checked", reason=error.reason.value)

    async def rotate(self) -> AsyncIterator[int]:
        """Wrap all data keys with the first master key; yields how many after each batch, each in its own transaction.

        Calls continue meanwhile: they read a data key and the id of its master key in one statement. Raises
        KeyRingError before anything is changed if a master key in use is missing; after OVERLOADED,
        TRANSACTION_CONFLICT or DATABASE_UNAVAILABLE, another run continues where this one stopped.
        """
        await read(self._engine, self._cipher.check)
        while True:
            with database_failures_as_domain_errors():
                count = await transact(self._engine, lambda pg: self._cipher.rewrap(pg, BATCH), replayable=True)
            if count is None:
                return
            yield count
