"""Displays and hospital systems: accounts that hold a credential and exchange it for access tokens."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from db.errors import ConstraintViolated, StateError
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.cluster.transaction import transact
from db.postgres.directory import clinics
from db.postgres.identity import accounts, credentials, passwords
from db.postgres.identity.accounts import AccountRow
from db.postgres.identity.credentials import DisplayRow
from db.valkey import pairings
from db.valkey.client import Valkey
from db.valkey.signer import Signer
from server.domain.errors import DomainError, Reason, invalid, not_found
from server.domain.identity import Caller, Role
from server.domain.ids import Clock, IdMaker
from server.domain.rights import Action, Owner, may, require
from server.domain.typed_codes import code_of
from server.usecases.idempotency import Claim, Write
from server.usecases.identity import security_events
from server.usecases.identity.access_tokens import AccessTokens, SignedToken
from server.usecases.identity.attempts import Attempts, reached
from server.usecases.reach import reach
from server.usecases.sealing import digest, new_secret
from server.usecases.unit_of_work import database_failures_as_domain_errors, perform, read, require_primary

M = TypeVar("M")

_CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without letters and digits that are easily confused."""
_CODE_LENGTH = 8
_CODE_LIVES = timedelta(minutes=10)
_PAIRINGS_A_MINUTE = 10
_ASK_AGAIN = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Pairing:
    """What a display gets: the code to show, and the token to keep."""

    code: str
    device_token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewDisplay:
    """A device and its role: DISPLAY or KIOSK. It hangs at the first of its clinics; a kiosk has only one."""

    clinic_ids: Sequence[str]
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class NewService:
    """A hospital system, for some clinics or for all."""

    name: str
    clinic_ids: Sequence[str]
    all_clinics: bool
    certificate_name: str | None


class Devices:
    """Pairs displays, creates service accounts, and issues access tokens to both."""

    def __init__(
        self, engine: Engine, store: Valkey, signer: Signer, clock: Clock, new_id: IdMaker, tokens: AccessTokens
    ) -> None:
        self._engine = engine
        self._store = store
        self._signer = signer
        self._clock = clock
        self._new_id = new_id
        self._tokens = tokens
        self._attempts = Attempts(store)

    async def pair(self, address: str) -> Pairing:
        """A code for a display to show, to a caller at an address (TOO_MANY_ATTEMPTS, TOKEN_STORE_UNAVAILABLE)."""
        await self._attempts.admit("pairing", address, _PAIRINGS_A_MINUTE)
        token = new_secret()
        while True:
            code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
            with reached():
                if await pairings.add(self._store, self._signer, code, digest(token), int(_CODE_LIVES.total_seconds())):
                    return Pairing(code, token, self._clock() + _CODE_LIVES)

    async def confirm(self, caller: Caller, code: str, new: NewDisplay, write: Write[DisplayRow, M]) -> M:
        """Add the display that shows the code to a clinic; errors are those of ConfirmDisplay in the contract."""
        for clinic_id in new.clinic_ids:
            require(caller, Action.MANAGE_DISPLAYS, Owner(clinic_id=clinic_id))
        if new.role is Role.KIOSK and len(new.clinic_ids) > 1:
            raise invalid("other_clinic_ids", "must be empty for a kiosk, which checks in the patients of one clinic")
        row, code, now = (
            AccountRow(self._new_id(), None, [new.role], new.clinic_ids),
            code_of(code).upper(),
            self._clock(),
        )

        async def work(pg: Connection, claim: Claim) -> DisplayRow:
            await claim.wait_or_answer()
            await _check_clinics(pg, row.clinic_ids)
            with reached():
                secret_hash = await pairings.secret_hash(self._store, self._signer, code)
            if secret_hash is None:
                raise _unknown_code()
            await self._add(pg, row, secret_hash, new.name, "display_confirmed", caller, now)
            return DisplayRow(row.id, new.name, row.clinic_ids, now, new.role)

        try:
            answer = await perform(self._engine, write, work, now)
        except ConstraintViolated as violated:
            if violated.constraint != "credentials_pkey":
                raise
            raise _unknown_code() from None
        with suppress(StateError):  # the pairing expires by itself
            if secret_hash := await pairings.secret_hash(self._store, self._signer, code):
                await pairings.remove(self._store, code, secret_hash)
        return answer

    async def displays(self, caller: Caller, clinic_id: str) -> Sequence[DisplayRow]:
        """The displays that show a clinic, by name (NOT_ALLOWED)."""
        require(caller, Action.MANAGE_DISPLAYS, Owner(clinic_id=clinic_id))
        return await read(self._engine, lambda pg: credentials.displays(pg, clinic_id))

    async def revoke(self, caller: Caller, display_id: str) -> None:
        """Revoke a display (DISPLAY_NOT_FOUND, also for a display of no clinic of the caller's; NOT_ALLOWED)."""
        reach(caller, Action.MANAGE_DISPLAYS)
        now = self._clock()

        async def work(pg: Connection) -> None:
            row = await credentials.display(pg, display_id)
            owners = [Owner(clinic_id=each) for each in row.clinic_ids] if row else []
            if not any(may(caller, Action.MANAGE_DISPLAYS, owner) for owner in owners):
                raise not_found(Reason.DISPLAY_NOT_FOUND, "display", display_id)
            if await accounts.disable(pg, display_id, now):
                await security_events.record(pg, self._new_id, display_id, "display_revoked", actor=caller.id, now=now)

        with database_failures_as_domain_errors():
            await transact(self._engine, work)

    async def create_service(self, caller: Caller, new: NewService, write: Write[tuple[str, str], M]) -> M:
        """Create a service account; returns its id and credential; errors are those of CreateServiceAccount."""
        require(caller, Action.MANAGE_ACCOUNTS)
        row = AccountRow(self._new_id(), None, [Role.SYSTEM], new.clinic_ids, all_clinics=new.all_clinics)
        now, token = self._clock(), new_secret()

        async def work(pg: Connection, claim: Claim) -> tuple[str, str]:
            await claim.wait_or_answer()
            await _check_clinics(pg, row.clinic_ids)
            if new.certificate_name:
                await credentials.take_back_certificate_name(pg, new.certificate_name)
            await self._add(
                pg, row, digest(token), new.name, "service_account_created", caller, now, new.certificate_name
            )
            return row.id, token

        try:
            return await perform(self._engine, write, work, now)
        except ConstraintViolated as violated:
            if violated.constraint != "credentials_certificate_unique":
                raise
            holder = await read(self._engine, lambda pg: credentials.certified(pg, new.certificate_name or ""))
            raise _name_taken(holder.id if holder else "") from None

    async def exchange(self, device_token: str) -> tuple[AccountRow, SignedToken]:
        """The account that holds a credential, and an access token (CREDENTIAL_INVALID, DISPLAY_NOT_CONFIRMED)."""
        secret_hash = digest(device_token)
        row = await read(self._engine, lambda pg: credentials.holder(pg, secret_hash), Freshness.PRIMARY_FIRST)
        if row is not None:
            return row, await self._tokens.sign(row)
        require_primary(self._engine)
        with reached():
            waiting = await pairings.is_waiting(self._store, secret_hash)
        if waiting:
            raise DomainError(
                Reason.DISPLAY_NOT_CONFIRMED,
                "the code has not been confirmed yet: ask staff to type it in, then try again",
                retry_after=_ASK_AGAIN,
            )
        raise DomainError(
            Reason.CREDENTIAL_INVALID, "the device token is unknown or was revoked: pair the device again"
        )

    async def _add(
        self,
        pg: Connection,
        row: AccountRow,
        secret_hash: bytes,
        name: str,
        kind: str,
        caller: Caller,
        now: datetime,
        certificate_name: str | None = None,
    ) -> None:
        await passwords.add(pg, row, now)
        await credentials.add(pg, secret_hash, row.id, name, now, certificate_name)
        await security_events.record(pg, self._new_id, row.id, kind, actor=caller.id, now=now)


async def _check_clinics(pg: Connection, clinic_ids: Sequence[str]) -> None:
    if await clinics.count(pg, clinic_ids) < len(clinic_ids):
        raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", ", ".join(clinic_ids))


def _unknown_code() -> DomainError:
    return DomainError(
        Reason.PAIRING_CODE_UNKNOWN, "no display is showing this code: type it again, or let the display show a new one"
    )


def _name_taken(account_id: str) -> DomainError:
    return DomainError(
        Reason.CERTIFICATE_NAME_TAKEN,
        "another hospital system has this certificate name: disable its account first, or use another name",
        metadata={"account_id": account_id},
    )
