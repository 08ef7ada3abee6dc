"""Compares codes of second factors, each of which works once."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.identity import second_factors
from db.valkey.client import Valkey
from server.domain.errors import DomainError, Reason
from server.domain.ids import Clock, IdMaker
from server.domain.typed_codes import code_of, is_six_digits
from server.usecases.identity import security_events
from server.usecases.identity.attempts import PERIOD, Attempts
from server.usecases.identity.second_factor.codes import recovery_digest, step_of
from server.usecases.identity.signing_keys import KeyEncryptionKeyError
from server.usecases.sealing import Seal
from server.usecases.unit_of_work import database_failures_as_domain_errors

HOUR = timedelta(hours=1)
LIMITS = (("second factor, a minute", 5, PERIOD), ("second factor, an hour", 20, HOUR))
"""Wrong codes of an account, over all workers: three of a million codes are right at a time."""


class SecondFactorCheck:
    """Compares codes; secrets of apps are encrypted with a key derived from `key` and the account's id."""

    def __init__(self, engine: Engine, store: Valkey, clock: Clock, new_id: IdMaker, key: bytes) -> None:
        self._engine = engine
        self._attempts = Attempts(store)
        self._clock = clock
        self._new_id = new_id
        self._key = key

    async def use(self, account_id: str, code: str) -> None:
        """Use up a code of an app, or a recovery code.

        Raises SECOND_FACTOR_WRONG, TOO_MANY_ATTEMPTS, TOKEN_STORE_UNAVAILABLE, DATABASE_UNAVAILABLE.
        """
        typed, now = code_of(code), self._clock()
        if is_six_digits(typed):
            await self.attempt(account_id, lambda pg: self._use_app_code(pg, account_id, typed, now))
        # Nobody guesses a recovery code, so these are not counted: whoever has the password alone locks nobody out.
        elif not await self._compared(lambda pg: self._use_recovery_code(pg, account_id, typed, now)):
            raise _wrong()

    async def attempt(self, account_id: str, compare: Callable[[Connection], Awaitable[bool]]) -> None:
        """Compare a code in a transaction, in which False means that it is wrong; only wrong ones count as attempts.

        Raises what `use` raises, and the errors of `compare`.
        """
        for what, most, period in LIMITS:  # before the comparison, since others may be under way
            await self._attempts.admit(what, account_id, most, period)
        is_wrong = False
        try:
            is_wrong = not await self._compared(compare)
        finally:
            if not is_wrong:
                for what, _, _ in LIMITS:
                    await self._attempts.take_back(what, account_id)
        if is_wrong:
            raise _wrong()

    async def _compared(self, compare: Callable[[Connection], Awaitable[bool]]) -> bool:
        with database_failures_as_domain_errors():
            return await transact(self._engine, compare)

    def encrypted(self, account_id: str, secret: bytes) -> bytes:
        """The secret of an app, as it is stored."""
        return self._seal(account_id).seal(secret)

    def decrypted(self, account_id: str, secret_encrypted: bytes) -> bytes:
        """The secret of an app (KeyEncryptionKeyError)."""
        try:
            return self._seal(account_id).open(secret_encrypted)
        except InvalidTag:
            raise KeyEncryptionKeyError("a second factor was encrypted with another key-encryption key") from None

    async def _use_app_code(self, pg: Connection, account_id: str, code: str, now: datetime) -> bool:
        row = await second_factors.one(pg, account_id)
        if row is None or row.confirmed_at is None:
            return False
        step = step_of(self.decrypted(account_id, row.secret_encrypted), code, now)
        return step is not None and await second_factors.use_step(pg, account_id, row.secret_encrypted, step)

    async def _use_recovery_code(self, pg: Connection, account_id: str, code: str, now: datetime) -> bool:
        if not await second_factors.use_recovery_code(pg, account_id, recovery_digest(code)):
            return False
        await security_events.record(pg, self._new_id, account_id, "recovery_code_used", actor=account_id, now=now)
        return True

    def _seal(self, account_id: str) -> Seal:
        return Seal(self._key, f"second factor of {account_id}")


def _wrong() -> DomainError:
    return DomainError(
        Reason.SECOND_FACTOR_WRONG,
        "the code is wrong or was used before: wait for the app's next code, or use another recovery code",
    )


def code_required() -> DomainError:
    """SECOND_FACTOR_REQUIRED."""
    return DomainError(
        Reason.SECOND_FACTOR_REQUIRED,
        "this account has a second factor: sign in with the code of the authenticator app as well, or a recovery code",
    )
