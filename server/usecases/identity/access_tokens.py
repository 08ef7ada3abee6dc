"""Access tokens: signed with keys that are encrypted at rest, verified on every call."""

import asyncio
from collections.abc import Container
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

import jwt
import structlog
from cachetools import FIFOCache

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.identity import accounts, ended_sessions, representatives
from db.postgres.identity.accounts import AccountRow
from server.domain.errors import DomainError, Reason
from server.domain.identity import ALL_CLINICS, Caller, Represented, roles_of
from server.domain.ids import Clock, IdMaker
from server.domain.late_changes import LateChanges
from server.domain.methods import limits_of
from server.telemetry.logs import place_of
from server.usecases.identity.signing_keys import SigningKeys
from server.usecases.identity.token_claims import caller_of
from server.usecases.represented import begun_since, represented_by
from server.usecases.single_flight import SingleFlight
from server.usecases.unit_of_work import read

_log = structlog.get_logger()

LIFETIME = timedelta(minutes=15)
ISSUER = AUDIENCE = "yoyaku"
"""Of all tokens; `envoy/envoy.yaml` has the same."""
_ALGORITHM = "EdDSA"
_REMEMBERED_CALLERS = 10_000
_LARGEST_TOKEN = 4_096
"""The largest token that is remembered, in characters: ours have about 600, and 50 for each clinic after the first."""
_SCHEME_LENGTH = len("Bearer ")
_LEARN_SECONDS = 2.0
_CLOCKS_APART = timedelta(minutes=1)


class SignedToken(NamedTuple):
    """An access token, and for how many seconds it is valid."""

    text: str
    seconds: int


class AccessTokens:
    """Issues and verifies access tokens; accounts with one of `second_factor_roles` need a second factor."""

    def __init__(
        self, engine: Engine, clock: Clock, new_id: IdMaker, keys: SigningKeys, second_factor_roles: Container[str] = ()
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._keys = keys
        self._second_factor_roles = second_factor_roles
        # The oldest expire first, so those that are used again need not be moved to the end.
        self._verified: FIFOCache[str, Caller] = FIFOCache(_REMEMBERED_CALLERS)
        self._lately = LateChanges()
        self._learned_at = 0.0
        self._looks: SingleFlight[None, None] = SingleFlight(engine)

    async def issue(self, account_id: str) -> str | None:
        """A token for an account, as `sign` makes it; None if there is no such account, or it is disabled."""
        account = await read(self._engine, lambda pg: accounts.account(pg, account_id))
        return None if account is None else (await self.sign(account)).text

    async def sign(self, account: AccountRow, session_id: str = "") -> SignedToken:
        """A token for an account that was already read; of a session, if it is named.

        It is valid for 15 minutes, or until a right to act for somebody, which it contains, ends by itself.
        """
        kid, key = await self._keys.private()
        now = self._clock()
        represents, change = represented_by(account, now)
        end = min(now + LIFETIME, change or now + LIFETIME)
        claims = self._claims(account, session_id, represents, now, end)
        token = jwt.encode(claims, key, algorithm=_ALGORITHM, headers={"kid": kid})
        return SignedToken(token, int((end - now).total_seconds()))

    async def verify(self, token: str, header: str) -> Caller:
        """The caller that a token stands for (TOKEN_INVALID, TOKEN_EXPIRED); `recall` knows it by its header then."""
        caller = await self._decode(token)
        if caller.expires_at <= self._clock():
            raise _expired(caller.expires_at)
        # With more spaces, one token would have thousands of headers, and push others out.
        if len(token) <= _LARGEST_TOKEN and len(header) == _SCHEME_LENGTH + len(token):
            self._verified[header] = caller
        return caller

    def recall(self, header: str) -> Caller | None:
        """The caller whose token came in this header before and was verified (TOKEN_EXPIRED)."""
        try:
            caller = self._verified[header]
        except KeyError:
            return None
        if caller.expires_at <= self._clock():
            self._verified.pop(header, None)
            raise _expired(caller.expires_at)
        return caller

    def lacks_second_factor(self, account: AccountRow) -> bool:
        """Whether an account needs a second factor and has none: its tokens are good for setting one up alone."""
        return not account.second_factor and any(role in self._second_factor_roles for role in account.roles)

    def is_revoked(self, caller: Caller) -> bool:
        """Whether the caller's session, or all of the account's, were ended after the token was issued."""
        return self._lately.revoke(caller)

    async def run(self) -> None:
        """Read every two seconds which sessions were ended and who acts for whom since lately, until cancelled."""
        while True:
            # A failure is retried and loses nothing already known; the database may be unreachable for long.
            try:
                with suppress(DomainError):
                    await self._looks.do(None, self.learn)
            except Exception as error:
                _log.error("ended sessions are not known", failure=place_of(error))
            await asyncio.sleep(_LEARN_SECONDS)

    async def learn(self) -> None:
        """Refuse from now on the tokens of ended sessions, and those from before a right to act for others changed.

        Runs in the background, so that calls need no query.
        """
        now = self._clock()
        lately = await read(self._engine, lambda pg: _changes(pg, now), Freshness.PRIMARY_FIRST)
        if self._engine.is_primary_lost:  # then a replica has answered, which may lack what the primary has told
            lately = lately.and_also(self._lately)
        self._learned_at = now.timestamp()
        if lately != self._lately:
            self._lately = lately
            for header, caller in list(self._verified.items()):
                if self.is_revoked(caller) or self._lately.outdate(caller):
                    del self._verified[header]

    def _claims(
        self, account: AccountRow, session_id: str, represents: dict[str, Represented], now: datetime, end: datetime
    ) -> dict[str, object]:
        claims: dict[str, object] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": account.id,
            "jti": self._new_id(),
            "iat": int(now.timestamp()),
            "exp": int(end.timestamp()),
            "roles": list(account.roles),
            "limits": limits_of(roles_of(account.roles)),
            "clinic_ids": [ALL_CLINICS] if account.all_clinics else list(account.clinic_ids),
            "generation": account.generation,
        }
        optional = {
            "patient_id": account.patient_id,
            "doctor_id": account.doctor_id,
            "session_id": session_id,
            "second_factor_missing": self.lacks_second_factor(account),
            "represents": represents,
        }
        return claims | {name: value for name, value in optional.items() if value}

    async def _decode(self, token: str) -> Caller:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = await self._keys.public(str(kid))
            if key is None:
                raise jwt.InvalidKeyError
            claims = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                # Times are checked below, against our own clock.
                options={"require": ["sub", "exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            if int(claims.get("nbf", 0)) > self._clock().timestamp():
                raise jwt.ImmatureSignatureError
            caller = caller_of(claims)
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError):  # the last for a year past 10^9
            raise _invalid() from None
        if self.is_revoked(caller):
            raise revoked()
        if await self._is_outdated(caller):
            raise _expired(self._clock())
        return caller

    async def _is_outdated(self, caller: Caller) -> bool:
        """Whether a right to act for somebody was given to the caller, or ended, after the token was issued."""
        if self._lately.outdate(caller) and caller.issued_at >= int(self._learned_at):
            # What the token lacks may have ended since: a refusal would be repeated for the one that follows it.
            with suppress(DomainError):
                await self._looks.do(None, self.learn)
        return self._lately.outdate(caller)


async def _changes(pg: Connection, now: datetime) -> LateChanges:
    since = now - LIFETIME - _CLOCKS_APART
    return LateChanges(
        await accounts.ended_since(pg, since),
        await ended_sessions.since(pg, since),
        await representatives.ended_since(pg, since),
        await begun_since(pg, since, now),
    )


def revoked() -> DomainError:
    """The error for a token whose account was disabled, or whose sessions were ended."""
    return DomainError(
        Reason.TOKEN_INVALID,
        "the session was ended or the account was disabled: sign in again, and ask an admin if that fails",
    )


def _expired(at: datetime) -> DomainError:
    return DomainError(
        Reason.TOKEN_EXPIRED,
        "the access token has expired: refresh it or sign in again",
        metadata={"expired_at": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
    )


def _invalid() -> DomainError:
    return DomainError(Reason.TOKEN_INVALID, "the access token was not issued by this system: sign in again")
