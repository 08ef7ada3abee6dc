"""Whether the audit trail is whole: every row there, none changed, no end cut off."""

import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from db.postgres import audit
from db.postgres.audit import AuditRow, ChainRow
from db.postgres.cluster.engines import Engine
from server.usecases.keyrings import KeyRing
from server.usecases.records.audit_trail import mac_of
from server.usecases.records.checkpoints import Checkpoint
from server.usecases.unit_of_work import read

_CHAINS, _ROWS = 500, 1_000
_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first row of a patient's chain that is not as it was written."""

    patient_id: str
    seq: int
    what: str

    def __str__(self) -> str:
        return f"patient {self.patient_id}, row {self.seq} {self.what}"


class Checking:
    """Reads the trail while others go on writing it."""

    def __init__(self, engine: Engine, keys: KeyRing) -> None:
        self._engine = engine
        self._keys = keys

    async def chains(self) -> AsyncIterator[ChainRow]:
        """Every chain, by patient."""
        after_id = _BEFORE_ALL
        while page := await read(self._engine, partial(audit.chains, after_id=after_id, limit=_CHAINS)):
            for chain in page:
                yield chain
            after_id = page[-1].patient_id

    async def flaws(self, checkpoints: Sequence[Checkpoint]) -> AsyncIterator[Flaw | None]:
        """The first flaw of each chain, None for one that is whole and holds all that checkpoints say of it."""
        witnessed = {patient_id for each in checkpoints for patient_id in each.heads}
        async for chain in self.chains():
            witnessed.discard(chain.patient_id)
            heads = [each.heads[chain.patient_id] for each in checkpoints if chain.patient_id in each.heads]
            yield await self._flaw(chain, dict(heads))
        for patient_id in sorted(witnessed):
            yield Flaw(patient_id, 1, "is missing")

    async def _flaw(self, chain: ChainRow, witnessed: Mapping[int, bytes]) -> Flaw | None:
        previous, seq = b"", 0
        last_seq = max(chain.seq, *witnessed, 0)
        rows_of = partial(audit.rows, patient_id=chain.patient_id, last_seq=chain.seq, limit=_ROWS)
        while rows := await read(self._engine, partial(rows_of, after_seq=seq)):
            for row in rows:
                seq += 1
                if row.seq != seq:
                    return Flaw(chain.patient_id, seq, "is missing")
                if what := self._damage(row, previous, witnessed.get(seq)):
                    return Flaw(chain.patient_id, seq, what)
                previous = row.mac
        return Flaw(chain.patient_id, seq + 1, "is missing") if seq < last_seq else None

    def _damage(self, row: AuditRow, previous: bytes, witnessed: bytes | None) -> str:
        key = self._keys.by_id.get(row.key_id)
        if key is None:
            return f"was chained with the key {row.key_id}, which YOYAKU_RECORD_AUDIT_KEYS lacks"
        if not hmac.compare_digest(mac_of(key, row, previous), row.mac):
            return "was changed"
        return "differs from what a checkpoint says" if witnessed not in {None, row.mac} else ""
