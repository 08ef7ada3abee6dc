"""Sessions of people: signing in and out, and refresh tokens that can be used once."""

import base64
import hmac
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.cluster.transaction import transact
from db.postgres.identity import accounts, ended_sessions, passwords
from db.postgres.identity.accounts import AccountRow
from db.postgres.identity.passwords import SignInRow
from db.valkey import refresh_tokens
from db.valkey.client import Valkey
from db.valkey.refresh_tokens import Family, RefreshToken, Rotated, Rotation
from db.valkey.signer import Signer
from server.domain.errors import DomainError, Reason, not_found
from server.domain.identity import Caller
from server.domain.ids import Clock, IdMaker
from server.domain.rights import Action, require
from server.usecases.identity import security_events
from server.usecases.identity.access_tokens import AccessTokens
from server.usecases.identity.attempts import reached
from server.usecases.identity.passwords import Passwords
from server.usecases.identity.second_factor.check import SecondFactorCheck, code_required
from server.usecases.identity.sign_in_limits import SignInLimits
from server.usecases.identity.user_agents import Device
from server.usecases.sealing import digest, new_secret
from server.usecases.unit_of_work import database_failures_as_domain_errors, read, require_primary

LIFE = timedelta(days=7)
"""How long a refresh token is valid, and so an unused session."""
WINDOW = timedelta(seconds=10)
"""How long a refresh whose answer was lost may be repeated."""
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Grant:
    """The tokens of a session, and whose it is."""

    access_token: str
    refresh_token: str
    account: AccountRow
    expires_in: int
    """Seconds until the access token ends."""


@dataclass(frozen=True, slots=True)
class _Presented:
    """A refresh token as its holder sends it: `USER_ID.TOKEN_ID.SECRET`."""

    user_id: str
    token_id: str
    secret: str

    def __str__(self) -> str:
        return f"{self.user_id}.{self.token_id}.{self.secret}"

    def kept(self, generation: int = 0) -> RefreshToken:
        return RefreshToken(self.user_id, self.token_id, digest(self.secret), generation)

    def successor(self, key: bytes, request_id: str) -> "_Presented":
        """The only token that may follow for a request_id: repeating both gives the same token."""
        made = hmac.digest(key, f"{self.secret} {request_id}".encode(), "sha512")
        secret = base64.urlsafe_b64encode(made[16:48]).decode().rstrip("=")
        return _Presented(self.user_id, str(uuid.UUID(bytes=made[:16])), secret)


class Sessions:
    """Begins, continues and ends sessions; the successors of refresh tokens are derived with `key`."""

    def __init__(
        self,
        engine: Engine,
        store: Valkey,
        signer: Signer,
        clock: Clock,
        new_id: IdMaker,
        tokens: AccessTokens,
        passwords: Passwords,
        second_factor: SecondFactorCheck,
        key: bytes,
    ) -> None:
        self._engine = engine
        self._store = store
        self._signer = signer
        self._clock = clock
        self._new_id = new_id
        self._tokens = tokens
        self._passwords = passwords
        self.second_factor = second_factor
        self._key = key
        self._limits = SignInLimits(store)

    async def login(self, email: str, password: str, address: str, device: Device, code: str = "") -> Grant:
        """Begin a session for a caller at an address and a device; errors are those of Login in the contract.

        `code` is of the account's second factor, if it has one.
        """
        row = await self.check(email.lower(), password, address)
        if row is None:
            raise DomainError(
                Reason.SIGN_IN_FAILED,
                "the email or the password is wrong: check both, or ask for a new password",
            )
        if row.account.second_factor:
            if not code:
                raise code_required()
            await self.second_factor.use(row.account.id, code)
        return await self.begin(row.account, device)

    async def check(self, email: str, password: str, address: str = "") -> SignInRow | None:
        """The account with an email, if the password is right, else None; takes the same time whether it exists or not.

        Raises TOO_MANY_ATTEMPTS, TOKEN_STORE_UNAVAILABLE, OVERLOADED, and DATABASE_UNAVAILABLE if the password does not
        match on a replica while the primary, which may have a newer one, is unreachable.
        """
        async with self._limits.guess(email, address) as guess:
            row = await read(self._engine, lambda pg: passwords.by_email(pg, email), Freshness.PRIMARY_FIRST)
            guess.is_wrong = not await self._passwords.matches(row and row.password_hash, password)
            if guess.is_wrong:
                require_primary(self._engine)
                return None
        if row and row.password_hash and self._passwords.is_outdated(row.password_hash):
            await self._rehash(row.account.id, row.password_hash, password)
        return row

    async def begin(self, account: AccountRow, device: Device) -> Grant:
        """Begin a session for an account (TOKEN_STORE_UNAVAILABLE)."""
        token, now = _Presented(account.id, self._new_id(), new_secret()), self._now()
        session = Family(self._new_id(), now, now, device.program, device.system)
        with reached():
            await refresh_tokens.begin(
                self._store, self._signer, token.kept(account.generation), session, LIFE // _MILLISECOND
            )
        return await self._grant(account, session.family_id, token)

    def lacks_second_factor(self, account: AccountRow) -> bool:
        """Whether an account needs a second factor and has none."""
        return self._tokens.lacks_second_factor(account)

    async def refresh(self, refresh_token: str, request_id: str) -> Grant:
        """The next tokens of a session; errors are those of RefreshToken in the contract."""
        token = _presented(refresh_token)
        if token is None:
            raise _ended()
        # A replica that lacks the newest generation does no harm: workers that know it refuse the tokens.
        account = await read(self._engine, lambda pg: accounts.account(pg, token.user_id), Freshness.PRIMARY_FIRST)
        if account is None:
            require_primary(self._engine)
            raise _ended()
        request_id = request_id or self._new_id()
        successor = token.successor(self._key, request_id)
        rotated = await self._rotate(token.kept(account.generation), successor.kept(account.generation), request_id)
        if rotated.outcome is Rotation.REUSED:
            await self._warn(account.id, rotated.family_id)
        if rotated.outcome is Rotation.IN_PROGRESS:
            raise DomainError(
                Reason.REFRESH_IN_PROGRESS,
                "another request is refreshing this session right now: use the tokens that it receives",
            )
        if rotated.outcome is not Rotation.ROTATED:
            raise _ended()
        return await self._grant(account, rotated.family_id, successor)

    async def logout(self, refresh_token: str) -> None:
        """End the session of a refresh token, if it is one (TOKEN_STORE_UNAVAILABLE)."""
        if token := _presented(refresh_token):
            with reached():
                await refresh_tokens.end(self._store, self._signer, token.kept())

    async def list(self, caller: Caller) -> Sequence[Family]:
        """The caller's sessions, the last used one first (TOKEN_STORE_UNAVAILABLE, NOT_ALLOWED)."""
        require(caller, Action.END_OWN_SESSIONS)
        with reached():
            oldest = self._now() - LIFE // _MILLISECOND
            return await refresh_tokens.sessions(self._store, caller.id, caller.generation, oldest)

    async def end(self, caller: Caller, session_id: str) -> None:
        """End a session of the caller; errors are those of EndSession in the contract."""
        if session_id not in {each.family_id for each in await self.list(caller)}:
            raise not_found(Reason.SESSION_NOT_FOUND, "session", session_id)
        now = self._clock()

        async def work(pg: Connection) -> None:
            await ended_sessions.add(pg, session_id, now)
            await security_events.record(pg, self._new_id, caller.id, "session_ended", actor=caller.id, now=now)

        # First for access tokens: if the token store fails afterwards, the session is still listed, and is ended again.
        with database_failures_as_domain_errors():
            await transact(self._engine, work)
        with reached():
            await refresh_tokens.end_family(self._store, caller.id, session_id)

    async def _grant(self, account: AccountRow, session_id: str, token: _Presented) -> Grant:
        signed = await self._tokens.sign(account, session_id)
        return Grant(signed.text, str(token), account, signed.seconds)

    def _now(self) -> int:
        return int(self._clock().timestamp() * 1000)

    async def _rotate(self, token: RefreshToken, successor: RefreshToken, request_id: str) -> Rotated:
        with reached():
            return await refresh_tokens.rotate(
                self._store,
                self._signer,
                token,
                successor,
                request_id,
                now=self._now(),
                window=WINDOW // _MILLISECOND,
                life=LIFE // _MILLISECOND,
            )

    async def _warn(self, account_id: str, family_id: str) -> None:
        """End the session's access tokens, record that a token was reused, and warn, once per family.

        If that fails, the next reuse does it.
        """
        now = self._clock()

        async def work(pg: Connection) -> None:
            await ended_sessions.add(pg, family_id, now)
            await security_events.record_reuse(pg, self._new_id, account_id, family_id, now)

        with database_failures_as_domain_errors():
            await transact(self._engine, work)

    async def _rehash(self, account_id: str, old: str, password: str) -> None:
        new = await self._passwords.hash(password)
        with suppress(DomainError), database_failures_as_domain_errors():  # the next sign-in retries it
            await transact(self._engine, lambda pg: passwords.replace_hash(pg, account_id, old=old, new=new))


def _presented(text: str) -> _Presented | None:
    user_id, _, rest = text.partition(".")
    token_id, _, secret = rest.partition(".")
    try:
        return _Presented(str(uuid.UUID(user_id)), str(uuid.UUID(token_id)), secret)
    except ValueError:
        return None


def _ended() -> DomainError:
    return DomainError(Reason.SESSION_ENDED, "the session has ended: sign in again")
