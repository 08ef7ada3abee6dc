"""Sources of access tokens: the caller, a person's stored sign-in, or the credential of a device or system."""

import asyncio
import inspect
import json
import os
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import grpc

from yoyaku.errors import Unauthenticated

_EARLY_SECONDS = 30.0
_STEP_SECONDS = 0.02


Refresh = Callable[[str, str], Awaitable[Any]]
"""RefreshToken: the next tokens of a session, for a refresh token and a request_id."""
Exchange = Callable[[str], Awaitable[Any]]
"""ExchangeDeviceToken: an access token for a credential."""


@dataclass(frozen=True, slots=True)
class DeviceToken:
    """The credential of a display or a hospital system, for which the client gets access tokens."""

    secret: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """A stored sign-in; its end times are by this machine's clock."""

    access_token: str
    refresh_token: str
    ends_at: float
    request_id: str = ""
    """The id of a refresh whose answer has not arrived: repeated with the same id, it counts as one refresh."""


class TokenStore:
    """The tokens of a person who has signed in with `login`: in a file that processes share, or in memory.

    The file is readable only by its owner and is replaced atomically. `name` distinguishes the sign-ins in one file,
    for example by the address of the server. Without a path the tokens are in memory.
    """

    def __init__(self, path: Path | None = None, *, name: str = "") -> None:
        self._path = path
        self._name = name
        self._memory: dict[str, Any] = {}

    @property
    def access_token(self) -> str:
        """The stored access token, expired or not; empty if nobody has signed in."""
        kept = self._kept()
        return kept.access_token if kept else ""

    @property
    def refresh_token(self) -> str:
        """The stored refresh token; empty if nobody has signed in."""
        kept = self._kept()
        return kept.refresh_token if kept else ""

    async def prepare(self) -> None:
        """Check that tokens can be stored, before a session begins that would otherwise be lost (OSError)."""
        async with self._locked():
            self._put(self._kept())

    async def save(self, answer: Any) -> None:
        """Store the tokens of an answer to Login or RefreshToken."""
        async with self._locked():
            self._put(_of(answer))

    async def forget(self) -> None:
        """Delete the stored tokens."""
        async with self._locked():
            self._put(None)

    async def renewed(self, ended: str | None, refresh: Refresh) -> tuple[str, float]:
        """An access token other than the expired one, and when it expires; only one process at a time refreshes it.

        Raises Unauthenticated if nobody has signed in or the session has ended, and the errors of a refresh.
        """
        if self._kept() is None:
            raise _not_signed_in()
        async with self._locked():
            kept = self._kept()
            if kept is None:
                raise _not_signed_in()
            if kept.access_token == ended or _is_over(kept.ends_at):
                kept = await self._refreshed(kept, refresh)
            return kept.access_token, kept.ends_at

    async def _refreshed(self, kept: _Kept, refresh: Refresh) -> _Kept:
        asking = replace(kept, request_id=kept.request_id or str(uuid.uuid4()))
        self._put(asking)
        try:
            new = _of(await refresh(asking.refresh_token, asking.request_id))
        except Unauthenticated:
            self._put(None)
            raise
        self._put(new)
        return new

    def _kept(self) -> _Kept | None:
        found = self._read().get(self._name)
        try:
            return _Kept(**found) if found else None
        except TypeError:  # written by another version
            return None

    def _put(self, kept: _Kept | None) -> None:
        content = {name: entry for name, entry in self._read().items() if name != self._name}
        if kept:
            content[self._name] = asdict(kept)
        if self._path is None:
            self._memory = content
            return
        descriptor, scratch = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
        with os.fdopen(descriptor, "w") as file:
            json.dump(content, file, indent=2)
        Path(scratch).replace(self._path)

    def _read(self) -> dict[str, Any]:
        if self._path is None:
            return self._memory
        try:
            content = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    @asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        """Lock the file against other processes; the system releases the lock when this one ends."""
        if self._path is None:
            yield
            return
        import fcntl  # noqa: PLC0415  # missing on Windows, where the rest of the client works

        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    await asyncio.sleep(_STEP_SECONDS)
            yield
        finally:
            os.close(descriptor)


TokenSource = str | Callable[[], str | Awaitable[str]] | TokenStore | DeviceToken
"""An access token, a function (fast, or async) that returns a fresh one, a sign-in, or a credential."""


class Token:
    """The access token that calls carry, fetched when first needed and when it has expired."""

    def __init__(self, source: TokenSource | None, refresh: Refresh, exchange: Exchange) -> None:
        self._source = source
        self._refresh = refresh
        self._exchange = exchange
        self._lock = asyncio.Lock()
        self._value = (source or "").strip() if isinstance(source, str | None) else None
        self._ends_at: float | None = None

    @property
    def store(self) -> TokenStore | None:
        """The store that it comes from, if it comes from one."""
        return self._source if isinstance(self._source, TokenStore) else None

    async def current(self) -> str:
        """The token, or an empty string."""
        if self._value is None or (self._ends_at and _is_over(self._ends_at)):
            return await self.instead_of(self._value)
        return self._value

    async def instead_of(self, ended: str | None) -> str:
        """The token after one that was refused; the same one if there is no way to get another."""
        async with self._lock:
            if self._value == ended:
                self._value = await self._next(ended)
            return self._value or ""

    def drop(self) -> None:
        """Forget the token, so that the next call fetches one."""
        self._value = self._ends_at = None

    async def _next(self, ended: str | None) -> str | None:
        match self._source:
            case TokenStore():
                value, self._ends_at = await self._source.renewed(ended, self._refresh)
                return value
            case DeviceToken():
                answer = await self._exchange(self._source.secret)
                self._ends_at = time.time() + answer.expires_in
                return str(answer.access_token)
            case None | str():
                return ended
        given = self._source()
        return (await given if inspect.isawaitable(given) else given).strip()


def _of(answer: Any) -> _Kept:
    return _Kept(answer.access_token, answer.refresh_token, time.time() + answer.expires_in)


def _is_over(ends_at: float) -> bool:
    """Whether a token has expired, or will have before it reaches the server."""
    return time.time() >= ends_at - _EARLY_SECONDS


def _not_signed_in() -> Unauthenticated:
    return Unauthenticated("not signed in: sign in first", grpc.StatusCode.UNAUTHENTICATED)
