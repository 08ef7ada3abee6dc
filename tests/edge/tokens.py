"""Access tokens of those who call through Envoy."""

import asyncio
import time
from collections import UserDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.config import Settings
from server.parts import Parts
from server.wiring import wired

RENEWED_AFTER_SECONDS = 300
"""A third of a token's life: no call of a test meets its end, however long the tests of a module take."""


class Tokens(UserDict[str, str]):
    """The tokens of accounts, by who calls with them, always with some life left; and of nobody, by what is wrong."""

    def __init__(self, settings: Settings, accounts: Mapping[str, str]) -> None:
        super().__init__()
        self._settings = settings
        self._accounts = accounts
        self._issued_at = 0.0
        self._renew()

    def __getitem__(self, who: str) -> str:
        if who in self._accounts and time.time() - self._issued_at > RENEWED_AFTER_SECONDS:
            self._renew()
        return super().__getitem__(who)

    def _renew(self) -> None:
        self._issued_at = time.time()
        with ThreadPoolExecutor(1) as beside_a_running_loop:
            self.update(beside_a_running_loop.submit(asyncio.run, self._issued()).result())

    async def _issued(self) -> dict[str, str]:
        async with wired(self._settings) as parts:
            tokens = {who: await parts.tokens.issue(account) for who, account in self._accounts.items()}
            return {who: token for who, token in tokens.items() if token} | await _unusable(parts)


async def _unusable(parts: Parts) -> dict[str, str]:
    """Tokens of nobody, each with one thing wrong."""
    now = int(datetime.now(UTC).timestamp())
    kid, ours = await parts.keys.private()
    theirs = Ed25519PrivateKey.generate()
    right = {"iss": "yoyaku", "aud": "yoyaku", "sub": "x", "exp": now + 900}
    claims = {
        "expired": (ours, right | {"exp": 1}),
        "for another audience": (ours, right | {"aud": "other"}),
        "of another issuer": (ours, right | {"iss": "other"}),
        "forged": (theirs, right),
        "good in an hour": (ours, right | {"nbf": now + 3600}),
    }
    public = ours.public_key().public_bytes_raw()
    return {name: jwt.encode(each, by, "EdDSA", {"kid": kid}) for name, (by, each) in claims.items()} | {
        "without a signature": jwt.encode(right, "", "none", {"kid": kid}),
        "signed with the public key as a secret": jwt.encode(right, public, "HS256", {"kid": kid}),
        "of a key that there is not": jwt.encode(right, theirs, "EdDSA", {"kid": "../../dev/null"}),
    }
