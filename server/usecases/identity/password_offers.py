"""How people get the tokens that set their passwords: by mail or, where mail carries no links, from an admin."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.identity import passwords
from db.postgres.notifications import notifications, reset_requests
from db.postgres.notifications.notifications import NotificationRow
from db.valkey.client import Valkey
from server.domain.errors import DomainError, Reason
from server.domain.ids import Clock, IdMaker
from server.domain.notices import NoticeKind
from server.telemetry import traces
from server.usecases.identity.attempts import Attempts
from server.usecases.notices import new_notice
from server.usecases.sealing import digest, new_token
from server.usecases.unit_of_work import database_failures_as_domain_errors

LASTS = {NoticeKind.INVITATION: timedelta(days=7), NoticeKind.PASSWORD_RESET: timedelta(hours=24)}
"""How long the token is valid that sets a password after an invitation or a reset."""
HOUR = timedelta(hours=1)
REQUESTS_FOR_EMAIL = 5
"""Resets an hour that anybody may request for an email."""
REQUESTS_FROM_ADDRESS = 60
"""Resets an hour that may be requested from an address: a whole hospital may sit behind one."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A token with which an account's password can be set once; empty if it goes to the owner by mail."""

    account_id: str
    token: str
    expires_at: datetime


class PasswordOffers:
    """Makes such tokens; `by_mail` says whether mail carries links."""

    def __init__(self, new_id: IdMaker, *, by_mail: bool) -> None:
        self.by_mail = by_mail
        self._new_id = new_id

    async def make(self, pg: Connection, kind: NoticeKind, account_id: str, now: datetime) -> Offer:
        """Queue the mail to the owner or, where mail carries no links, make the token."""
        until = now + LASTS[kind]
        if self.by_mail:
            await notifications.add(pg, self.notice(kind, account_id, now), traces.traceparent())
            return Offer(account_id, "", until)
        return await handed_over(pg, kind, account_id, now)

    def notice(self, kind: NoticeKind, account_id: str | None, now: datetime) -> NotificationRow:
        """The notice to an account's owner; its token is made when it is sent."""
        return new_notice(self._new_id(), kind, now, now + LASTS[kind], account_id=account_id)


class ForgottenPasswords:
    """Sends a link to whoever has forgotten a password, and tells nobody whether an account exists."""

    def __init__(self, engine: Engine, store: Valkey, clock: Clock, new_id: IdMaker, offers: PasswordOffers) -> None:
        self._engine = engine
        self._attempts = Attempts(store)
        self._clock = clock
        self._new_id = new_id
        self._offers = offers

    async def request(self, email: str, address: str) -> None:
        """Send a link to the owner of an email, if there is one; errors are those of RequestPasswordReset."""
        if not self._offers.by_mail:
            raise DomainError(
                Reason.PASSWORD_RESET_NOT_OFFERED, "no links are sent here: ask an admin to reset the password"
            )
        await self._attempts.admit("password resets from an address", address, REQUESTS_FROM_ADDRESS, HOUR)
        await self._attempts.admit("password resets for an email", email, REQUESTS_FOR_EMAIL, HOUR)
        notice = self._offers.notice(NoticeKind.PASSWORD_RESET, None, self._clock())
        event_id, trace = self._new_id(), traces.traceparent()
        with database_failures_as_domain_errors():
            await transact(self._engine, lambda pg: reset_requests.ask_for_reset(pg, email, notice, event_id, trace))


async def handed_over(pg: Connection, kind: NoticeKind, account_id: str, now: datetime) -> Offer:
    """A token for somebody to hand over."""
    token, until = new_token(account_id), now + LASTS[kind]
    await passwords.put_token(pg, account_id, digest(token), until)
    return Offer(account_id, token, until)
