"""The master keys of medical records: whether all are there, and changing them while calls go on."""

from collections.abc import AsyncIterator

import structlog

from db.postgres.cluster.engines import Engine
from db.postgres.cluster.transaction import transact
from server.domain.errors import DomainError
from server.usecases.records.encryption import RecordCipher
from server.usecases.unit_of_work import read, refusals

BATCH = 100

_log = structlog.get_logger()


class RecordKeys:
    """Looks after the keys that wrap the data keys."""

    def __init__(self, engine: Engine, vault: RecordCipher) -> None:
        self._engine = engine
        self._vault = vault

    async def check(self) -> None:
        """Make sure that every master key in use is there (KeyRingError); a database that is away is no reason."""
        try:
            await read(self._engine, self._vault.check)
        except DomainError as error:
            _log.warning("master keys of medical records are not checked", reason=error.reason.value)

    async def rotate(self) -> AsyncIterator[int]:
        """Wrap all data keys with the first master key; how many, batch after batch, each in its transaction.

        Calls go on meanwhile: they read a data key and the name of what wraps it in one statement. Raises KeyRingError
        before anything is changed if a master key in use is missing, and OVERLOADED, TRANSACTION_CONFLICT and
        DATABASE_UNAVAILABLE: another run goes on.
        """
        await read(self._engine, self._vault.check)
        while True:
            with refusals():
                count = await transact(self._engine, lambda pg: self._vault.rewrap(pg, BATCH), replayable=True)
            if count is None:
                return
            yield count
