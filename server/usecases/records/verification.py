"""Whether the audit trail is intact: no row missing or changed, no chain cut off at its end."""

import hmac
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial

from db.postgres.cluster.engines import Engine
from db.postgres.records import audit
from db.postgres.records.audit import AuditRow, ChainRow
from server.usecases.keyrings import KeyRing
from server.usecases.records.audit_trail import mac_of
from server.usecases.records.checkpoints import Head, Witnesses
from server.usecases.unit_of_work import read

_CHAINS, _ROWS = 500, 1_000
_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first row of a patient's chain that differs from what was written."""

    patient_id: str
    seq: int
    what: str

    def __str__(self) -> str:
        return f"patient {self.patient_id}, row {self.seq} {self.what}"


class AuditVerifier:
    """Verifies the trail while others continue to write it."""

    def __init__(self, engine: Engine, keys: KeyRing) -> None:
        self._engine = engine
        self._keys = keys

    async def chains(self, witnesses: Witnesses) -> AsyncIterator[tuple[ChainRow, Flaw | None]]:
        """Every chain as it was read, sorted by patient, and its first flaw.

        The flaw is None if the chain is intact so far and contains everything that the checkpoints say of it.
        """
        after_id, missing = _BEFORE_ALL, set(witnesses.heads)
        while page := await read(self._engine, partial(audit.chains, after_id=after_id, limit=_CHAINS)):
            for chain in page:
                missing.discard(chain.patient_id)
                yield chain, await self._flaw(chain, witnesses.heads_of(chain.patient_id))
            after_id = page[-1].patient_id
        for patient_id in sorted(missing):
            yield ChainRow(patient_id, 0, None), Flaw(patient_id, 1, "is missing")

    async def _flaw(self, chain: ChainRow, heads: Sequence[Head]) -> Flaw | None:
        previous, seq = b"", 0
        last_seq = max([chain.seq, *(head.seq for head in heads)])
        rows_of = partial(audit.rows, patient_id=chain.patient_id, last_seq=chain.seq, limit=_ROWS)
        while rows := await read(self._engine, partial(rows_of, after_seq=seq)):
            for row in rows:
                seq += 1
                if row.seq != seq:
                    return Flaw(chain.patient_id, seq, "is missing")
                if what := self._damage(row, previous, heads):
                    return Flaw(chain.patient_id, seq, what)
                previous = row.mac
        return Flaw(chain.patient_id, seq + 1, "is missing") if seq < last_seq else None

    def _damage(self, row: AuditRow, previous: bytes, heads: Sequence[Head]) -> str:
        key = self._keys.by_id.get(row.key_id)
        if key is None:
            return f"was chained with the key {row.key_id}, which YOYAKU_RECORD_AUDIT_KEYS lacks"
        if not hmac.compare_digest(mac_of(key, row, previous), row.mac):
            return "was changed"
        others = [head.file for head in heads if head.seq == row.seq and head.mac != row.mac]
        return f"differs from what {' and '.join(others)} says" if others else ""
