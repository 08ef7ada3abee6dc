"""Second factors of people's accounts: set up, shown, removed by their owner, reset by an admin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.identity import accounts, second_factors
from db.postgres.identity.accounts import AccountRow
from db.postgres.identity.second_factors import SecondFactorRow
from server.domain.errors import DomainError, Reason, not_found
from server.domain.identity import Caller
from server.domain.ids import Clock, IdMaker
from server.domain.rights import Action, not_allowed, require
from server.usecases.identity import security_events
from server.usecases.identity.access_tokens import revoked
from server.usecases.identity.accounts import Accounts
from server.usecases.identity.second_factor.codes import (
    address_of,
    new_app_secret,
    new_recovery_codes,
    recovery_digest,
    spelled,
    step_of,
)
from server.usecases.identity.sessions import Grant, Sessions
from server.usecases.identity.user_agents import Device
from server.usecases.unit_of_work import database_failures_as_domain_errors, read

CONFIRM_WITHIN = timedelta(minutes=15)
"""How long a secret waits for its confirmation."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A secret for an authenticator app, as text and as an address for a QR code."""

    secret: str
    uri: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The recovery codes of a new second factor, and a new session."""

    recovery_codes: Sequence[str]
    grant: Grant


class SecondFactors:
    """What people do about their own second factors, and admins about those of others."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        new_id: IdMaker,
        accounts: Accounts,
        sessions: Sessions,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._check = sessions.second_factor
        self._accounts = accounts
        self._sessions = sessions

    async def get(self, caller: Caller) -> SecondFactorRow | None:
        """The caller's second factor, if one is confirmed (NOT_ALLOWED)."""
        require(caller, Action.SET_UP_SECOND_FACTOR)
        row = await read(self._engine, lambda pg: second_factors.one(pg, caller.id))
        return row if row and row.confirmed_at else None

    async def enrol(self, caller: Caller, password: str) -> Enrolment:
        """Make a secret, which counts once it is confirmed; errors are those of EnrolSecondFactor in the contract."""
        require(caller, Action.SET_UP_SECOND_FACTOR)
        # A stolen token must not lock the owner out, and give the thief the one session that is left.
        await self._accounts.require_password(caller, password)
        secret, now = new_app_secret(), self._clock()
        encrypted = self._check.encrypted(caller.id, secret)

        async def work(pg: Connection) -> AccountRow:
            row = await accounts.account(pg, caller.id)
            if row is None:
                raise revoked()
            if not await second_factors.put(pg, caller.id, encrypted, now):
                raise _exists()
            return row

        with database_failures_as_domain_errors():
            row = await transact(self._engine, work)
        return Enrolment(spelled(secret), address_of(secret, row.email or ""), now + CONFIRM_WITHIN)

    async def confirm(self, caller: Caller, code: str, device: Device) -> Confirmed:
        """Make the secret count, end all sessions and begin one; errors are those of ConfirmSecondFactor."""
        require(caller, Action.SET_UP_SECOND_FACTOR)
        codes = new_recovery_codes()

        async def work(pg: Connection) -> bool:
            now = self._clock()
            row = await second_factors.one(pg, caller.id)
            if row is None or (row.confirmed_at is None and row.created_at + CONFIRM_WITHIN <= now):
                raise _not_enrolled()
            if row.confirmed_at:
                raise _exists()
            step = step_of(self._check.decrypted(caller.id, row.secret_encrypted), code, now)
            if step is None:
                return False
            if not await second_factors.confirm(pg, caller.id, row.secret_encrypted, step, now):
                raise _not_enrolled()
            await self._put_codes(pg, caller.id, codes, "second_factor_confirmed", now)
            await accounts.end_sessions(pg, caller.id, now)
            return True

        await self._check.attempt(caller.id, work)
        return Confirmed(codes, await self._begin(caller.id, device))

    async def renew_codes(self, caller: Caller, code: str) -> Sequence[str]:
        """Other recovery codes in place of those there are; errors are those of RenewRecoveryCodes."""
        require(caller, Action.SET_UP_SECOND_FACTOR)
        await self._check.use(caller.id, code)
        codes, now = new_recovery_codes(), self._clock()
        with database_failures_as_domain_errors():
            await transact(
                self._engine, lambda pg: self._put_codes(pg, caller.id, codes, "recovery_codes_renewed", now)
            )
        return codes

    async def remove(self, caller: Caller, password: str, code: str, device: Device) -> Grant:
        """Remove the caller's second factor, end all sessions and begin one; errors are those of RemoveSecondFactor."""
        require(caller, Action.SET_UP_SECOND_FACTOR)
        await self._accounts.require_password(caller, password)
        await self._check.use(caller.id, code)
        await self._take(caller.id, "second_factor_removed", actor=caller.id)
        return await self._begin(caller.id, device)

    async def reset(self, caller: Caller, account_id: str) -> None:
        """Remove somebody's second factor and end all sessions (ACCOUNT_NOT_FOUND, NOT_ALLOWED)."""
        require(caller, Action.MANAGE_ACCOUNTS)
        if account_id == caller.id:
            raise not_allowed(Action.MANAGE_ACCOUNTS)
        await self._take(account_id, "second_factor_reset", actor=caller.id)

    async def _take(self, account_id: str, kind: str, *, actor: str) -> None:
        now = self._clock()

        async def work(pg: Connection) -> None:
            if await second_factors.remove(pg, account_id):
                await accounts.end_sessions(pg, account_id, now)
                await security_events.record(pg, self._new_id, account_id, kind, actor=actor, now=now)
            elif not await accounts.exists(pg, account_id):
                raise not_found(Reason.ACCOUNT_NOT_FOUND, "account", account_id)

        with database_failures_as_domain_errors():
            await transact(self._engine, work)

    async def _put_codes(self, pg: Connection, account_id: str, codes: Sequence[str], kind: str, now: datetime) -> None:
        await second_factors.put_recovery_codes(pg, account_id, [recovery_digest(each) for each in codes])
        await security_events.record(pg, self._new_id, account_id, kind, actor=account_id, now=now)

    async def _begin(self, account_id: str, device: Device) -> Grant:
        row = await read(self._engine, lambda pg: accounts.account(pg, account_id))
        if row is None:
            raise revoked()
        return await self._sessions.begin(row, device)


def _exists() -> DomainError:
    return DomainError(
        Reason.SECOND_FACTOR_EXISTS, "this account has a second factor already: remove it before you set up another one"
    )


def _not_enrolled() -> DomainError:
    return DomainError(
        Reason.SECOND_FACTOR_NOT_ENROLLED,
        "the set-up was not begun, or was begun more than 15 minutes ago: begin again, and scan the new code",
    )
