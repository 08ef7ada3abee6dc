"""The connection to the server: address, TLS, channel."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

import grpc

from yoyaku.tracing import interceptors

S = TypeVar("S")

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: authorities to trust (by default the public ones), and a client certificate if the server asks."""

    root_certificates: Path | None = None
    certificate: Path | None = None
    private_key: Path | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        """The credentials for a channel. OSError if a file cannot be read."""
        files = (self.root_certificates, self.private_key, self.certificate)
        return grpc.ssl_channel_credentials(*(path.read_bytes() if path else None for path in files))


class ClientConnection:
    """One channel, opened by the first call and shared by all calls of a client."""

    def __init__(self, address: str, tls: Tls | None, keepalive: float) -> None:
        self._url = _checked(address)
        if tls and self._url.scheme == "http":
            raise ValueError(f"{address} is plaintext, but TLS settings were given: use https, or omit them")
        self._credentials = (tls or Tls()).credentials() if self._url.scheme == "https" else None
        self._keepalive = keepalive
        self._channel: grpc.aio.Channel | None = None
        self._stubs: dict[object, object] = {}
        self._closed = False

    def stub(self, kind: Callable[[grpc.aio.Channel], S]) -> S:
        """The stub of a service on the channel. RuntimeError after close."""
        if self._closed:
            raise RuntimeError("the client is closed: make a new one, or call it inside its `with` block")
        self._channel = self._channel or self._open()
        if kind not in self._stubs:
            self._stubs[kind] = kind(self._channel)
        return self._stubs[kind]  # type: ignore[return-value]  # what kind made

    async def close(self) -> None:
        """Cancel running calls and close the channel."""
        self._closed = True
        if self._channel:
            await self._channel.close()

    def _open(self) -> grpc.aio.Channel:
        target = f"{self._url.netloc.rpartition(':')[0] if self._url.port else self._url.netloc}:{_port(self._url)}"
        options = [
            ("grpc.primary_user_agent", f"yoyaku-python/{_version()}"),
            ("grpc.keepalive_time_ms", round(self._keepalive * 1000)),
            ("grpc.keepalive_timeout_ms", 10_000),
            ("grpc.keepalive_permit_without_calls", 1),
            # Short enough to reach a restarted server again within the usual deadline.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 1_000),
            ("grpc.max_reconnect_backoff_ms", 2_000),
            # Proxy settings of the environment do not apply to servers on this machine.
            ("grpc.enable_http_proxy", int(not _is_here(self._url.hostname or ""))),
        ]
        traced = interceptors()
        if self._credentials:
            return grpc.aio.secure_channel(target, self._credentials, options, interceptors=traced)
        return grpc.aio.insecure_channel(target, options, interceptors=traced)


def _checked(address: str) -> SplitResult:
    with suppress(ValueError):  # also of an impossible port or IPv6 address
        url = urlsplit(address)
        whole = not (url.path.strip("/") or url.query or url.username)
        if url.scheme in _PORTS and url.hostname and url.port != 0 and whole:
            return url
    raise ValueError(f"{address!r} is not an address: write https://HOST:PORT, or http://HOST:PORT for plaintext")


def _port(url: SplitResult) -> int:
    return url.port or _PORTS[url.scheme]


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _version() -> str:
    try:
        return version("yoyaku")
    except PackageNotFoundError:  # runs from a checkout
        return "unknown"
