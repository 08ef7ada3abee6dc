"""The life of people's accounts: invited, given a password, reset, disabled, enabled."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from db.errors import ConstraintViolated
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.directory import clinics
from db.postgres.identity import accounts, passwords
from db.postgres.identity.accounts import AccountRow
from db.postgres.identity.passwords import SignInRow
from server.domain.errors import DomainError, Reason, not_found
from server.domain.identity import Caller, Role
from server.domain.ids import Clock, IdMaker
from server.domain.notices import NoticeKind
from server.domain.rights import Action, not_allowed, require
from server.usecases.idempotency import Claim, Write
from server.usecases.identity import security_events
from server.usecases.identity.access_tokens import revoked
from server.usecases.identity.password_offers import Offer, PasswordOffers, handed_over
from server.usecases.identity.passwords import Passwords
from server.usecases.identity.sessions import Grant, Sessions
from server.usecases.identity.user_agents import Device
from server.usecases.sealing import digest, owner_of
from server.usecases.unit_of_work import database_failures_as_domain_errors, perform, read

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Somebody to invite."""

    email: str
    role: str
    clinic_ids: Sequence[str]
    patient_id: str | None
    doctor_id: str | None


class Accounts:
    """Invites people, resets and changes passwords, disables and enables accounts."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        new_id: IdMaker,
        passwords: Passwords,
        sessions: Sessions,
        offers: PasswordOffers,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._passwords = passwords
        self._sessions = sessions
        self._offers = offers

    async def me(self, caller: Caller) -> AccountRow:
        """The caller's own account (TOKEN_INVALID if it was disabled)."""
        require(caller, Action.SEE_OWN_ACCOUNT)
        row = await read(self._engine, lambda pg: accounts.account(pg, caller.id))
        if row is None:
            raise revoked()
        return row

    def lacks_second_factor(self, account: AccountRow) -> bool:
        """Whether an account needs a second factor and has none."""
        return self._sessions.lacks_second_factor(account)

    async def invite(self, caller: Caller, new: NewAccount, write: Write[Offer, M]) -> M:
        """Create an account without a password; errors are those of InviteAccount in the contract."""
        require(caller, Action.MANAGE_ACCOUNTS)
        now = self._clock()
        row = AccountRow(self._new_id(), new.email.lower(), [new.role], new.clinic_ids, new.patient_id, new.doctor_id)

        async def work(pg: Connection, claim: Claim) -> Offer:
            await claim.wait_or_answer()
            if await clinics.count(pg, new.clinic_ids) < len(new.clinic_ids):
                raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", ", ".join(new.clinic_ids))
            await self._add(pg, row, caller.id, now)
            return await self._offers.make(pg, NoticeKind.INVITATION, row.id, now)

        async with self._addable(row):
            return await perform(self._engine, write, work, now)

    async def invite_admin(self, email: str) -> Offer:
        """Create an admin account for the operator of the server, whom nobody can invite (EMAIL_TAKEN).

        For an admin who has no password yet, another token replaces the earlier one, which may have been lost.
        """
        row, now = AccountRow(self._new_id(), email.lower(), [Role.ADMIN], []), self._clock()

        async def work(pg: Connection) -> Offer:
            invited = await passwords.lock_invited(pg, row.email or "", Role.ADMIN)
            if invited is None:
                await self._add(pg, row, "operator", now)
            else:
                await self._note_invitation(pg, invited, "operator", now)
            return await handed_over(pg, NoticeKind.INVITATION, invited or row.id, now)

        async with self._addable(row):
            with database_failures_as_domain_errors():
                return await transact(self._engine, work)

    async def reset(self, caller: Caller, account_id: str, write: Write[Offer, M]) -> M:
        """Remove a password, end all sessions, and offer to set a new one (ACCOUNT_NOT_FOUND, NOT_ALLOWED)."""
        require(caller, Action.MANAGE_ACCOUNTS)
        now = self._clock()

        async def work(pg: Connection, claim: Claim) -> Offer:
            await claim.wait_or_answer()
            if await passwords.by_id(pg, account_id) is None:
                raise not_found(Reason.ACCOUNT_NOT_FOUND, "account", account_id)
            await accounts.end_sessions(pg, account_id, now)
            await security_events.record(pg, self._new_id, account_id, "password_reset", actor=caller.id, now=now)
            await passwords.remove(pg, account_id)
            return await self._offers.make(pg, NoticeKind.PASSWORD_RESET, account_id, now)

        return await perform(self._engine, write, work, now)

    async def set_password(self, token: str, password: str) -> None:
        """Set a password with a token (SET_PASSWORD_TOKEN_INVALID, INVALID_REQUEST, OVERLOADED)."""
        account_id, secret_hash, now = owner_of(token), digest(token), self._clock()
        # Hashing is expensive: only the holder of a valid token may cause it.
        email: str | None = None
        if account_id:
            email = await read(self._engine, lambda pg: passwords.offered_to(pg, account_id, secret_hash, now))
        if email is None:
            raise _token_invalid()
        await self._check("password", password, account_id, email)
        new = await self._passwords.hash(password)

        async def work(pg: Connection) -> None:
            if not await passwords.take_offer(pg, account_id, secret_hash, new=new, now=now):
                raise _token_invalid()
            await security_events.record(pg, self._new_id, account_id, "password_set", actor=account_id, now=now)

        with database_failures_as_domain_errors():
            await transact(self._engine, work)

    async def change_password(self, caller: Caller, current: str, new: str, device: Device) -> Grant:
        """Change the caller's own password, end all sessions and begin one; errors are those of ChangePassword."""
        require(caller, Action.CHANGE_PASSWORD)
        row = await self.require_password(caller, current)
        await self._check("new_password", new, caller.id, row.account.email or "")
        old, hashed, now = row.password_hash or "", await self._passwords.hash(new), self._clock()

        async def work(pg: Connection) -> int:
            generation = await passwords.change_password(pg, caller.id, old=old, new=hashed, now=now)
            if generation is None:
                raise _password_wrong()
            await security_events.record(pg, self._new_id, caller.id, "password_changed", actor=caller.id, now=now)
            return generation

        with database_failures_as_domain_errors():
            generation = await transact(self._engine, work)
        return await self._sessions.begin(row.account._replace(generation=generation), device)

    async def require_password(self, caller: Caller, password: str) -> SignInRow:
        """The caller's account, if the password is right (PASSWORD_WRONG, and what Sessions.check raises)."""
        known = await read(self._engine, lambda pg: passwords.by_id(pg, caller.id))
        row = await self._sessions.check(known.account.email, password) if known and known.account.email else None
        if row is None or row.account.id != caller.id:
            raise _password_wrong()
        return row

    async def disable(self, caller: Caller, account_id: str) -> None:
        """End an account and its sessions (ACCOUNT_NOT_FOUND, NOT_ALLOWED)."""
        require(caller, Action.MANAGE_ACCOUNTS)
        if account_id == caller.id:
            raise not_allowed(Action.MANAGE_ACCOUNTS)
        now = self._clock()

        async def work(pg: Connection) -> None:
            if await accounts.disable(pg, account_id, now):
                await security_events.record(pg, self._new_id, account_id, "account_disabled", actor=caller.id, now=now)
            elif not await accounts.exists(pg, account_id):
                raise not_found(Reason.ACCOUNT_NOT_FOUND, "account", account_id)

        with database_failures_as_domain_errors():
            await transact(self._engine, work)

    async def enable(self, caller: Caller, account_id: str) -> None:
        """Let a disabled account sign in again (ACCOUNT_NOT_FOUND, also for a display; NOT_ALLOWED)."""
        require(caller, Action.MANAGE_ACCOUNTS)
        now = self._clock()

        async def work(pg: Connection) -> None:
            if await accounts.enable(pg, account_id):
                await security_events.record(pg, self._new_id, account_id, "account_enabled", actor=caller.id, now=now)
                return
            row = await accounts.account(pg, account_id)
            if row is None or {Role.DISPLAY, Role.KIOSK} & set(row.roles):
                raise not_found(Reason.ACCOUNT_NOT_FOUND, "account", account_id)

        with database_failures_as_domain_errors():
            await transact(self._engine, work)

    async def _check(self, field: str, password: str, account_id: str, email: str) -> None:
        """Refuse a password that may not be chosen for an account (INVALID_REQUEST for the field, OVERLOADED)."""
        names = await read(self._engine, lambda pg: passwords.names_of(pg, account_id))
        await self._passwords.check(field, password, [email, *names])

    async def _add(self, pg: Connection, row: AccountRow, actor: str, now: datetime) -> None:
        await passwords.add(pg, row, now)
        await self._note_invitation(pg, row.id, actor, now)

    async def _note_invitation(self, pg: Connection, account_id: str, actor: str, now: datetime) -> None:
        await security_events.record(pg, self._new_id, account_id, "account_invited", actor=actor, now=now)

    @asynccontextmanager
    async def _addable(self, row: AccountRow) -> AsyncIterator[None]:
        """Turn violations of constraints into the errors of the contract."""
        try:
            yield
        except ConstraintViolated as violated:
            match violated.constraint:
                case "accounts_email_unique":
                    found = await read(self._engine, lambda pg: passwords.id_by_email(pg, row.email or ""))
                    raise _email_taken(found or "") from None
                case "accounts_patient_fkey":
                    raise not_found(Reason.PATIENT_NOT_FOUND, "patient", row.patient_id or "") from None
                case "accounts_doctor_fkey":
                    raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", row.doctor_id or "") from None
            raise


def _token_invalid() -> DomainError:
    return DomainError(
        Reason.SET_PASSWORD_TOKEN_INVALID,
        "this token can no longer set a password: request a password reset, or ask an admin for another invitation",
    )


def _password_wrong() -> DomainError:
    return DomainError(Reason.PASSWORD_WRONG, "the current password is wrong: type it again")


def _email_taken(account_id: str) -> DomainError:
    return DomainError(
        Reason.EMAIL_TAKEN,
        "an account with this email already exists: reset its password instead",
        metadata={"account_id": account_id},
    )
