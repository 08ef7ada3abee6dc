"""Hospital systems that show Envoy a client certificate, and call without a token."""

import hmac
from datetime import timedelta

from cachetools import FIFOCache

from db.postgres.cluster.engines import Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.identity import credentials
from server.domain.errors import DomainError, Reason
from server.domain.identity import ALL_CLINICS, Caller, roles_of
from server.domain.ids import Clock
from server.usecases.identity.access_tokens import LIFETIME, AccessTokens
from server.usecases.unit_of_work import read

_REMEMBERED = 1_000
_READ_AGAIN = timedelta(minutes=1)


class Certificates:
    """Finds the service account of a certificate's name.

    `edge_key` is a secret that Envoy and the workers share: whoever reaches a worker without Envoy cannot claim a name.
    If it is empty, nobody calls with a certificate.
    """

    def __init__(self, engine: Engine, clock: Clock, tokens: AccessTokens, edge_key: str) -> None:
        self._engine = engine
        self._clock = clock
        self._tokens = tokens
        self._edge_key = edge_key.encode()
        self._callers: FIFOCache[str, Caller] = FIFOCache(_REMEMBERED)

    async def caller(self, claim: str) -> Caller:
        """The caller that Envoy names: `KEY NAME` (CREDENTIAL_INVALID).

        The account is read once a minute; one that was disabled is refused as soon as its tokens are.
        """
        key, _, name = claim.partition(" ")
        if not self._edge_key or not hmac.compare_digest(key.encode(), self._edge_key):
            raise _unknown()
        known = self._callers.get(name)
        if known and known.expires_at > self._clock() + LIFETIME - _READ_AGAIN and not self._tokens.is_revoked(known):
            return known
        self._callers.pop(name, None)
        found = self._callers[name] = await self._read(name)
        return found

    async def _read(self, name: str) -> Caller:
        now = self._clock()
        row = await read(self._engine, lambda pg: credentials.certified(pg, name), Freshness.PRIMARY_FIRST)
        if row is None:
            raise _unknown()
        return Caller(
            id=row.id,
            roles=roles_of(row.roles),
            clinic_ids=frozenset([ALL_CLINICS] if row.all_clinics else row.clinic_ids),
            patient_id=None,
            doctor_id=None,
            expires_at=now + LIFETIME,
            generation=row.generation,
        )


def _unknown() -> DomainError:
    return DomainError(
        Reason.CREDENTIAL_INVALID,
        "no hospital system in use has the name in this client certificate: ask an admin for a service account with it",
    )
