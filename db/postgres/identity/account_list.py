"""Accounts as admins list them."""

from datetime import datetime
from typing import NamedTuple

from psycopg.rows import args_row

from db.postgres.cluster.engines import Connection
from db.postgres.identity.accounts import COLUMNS, AccountRow


class ListedAccountRow(NamedTuple):
    """An account with its state (`active`, `without_password` or `disabled`) and the name of whom it is for."""

    account: AccountRow
    state: str
    name: str
    created_at: datetime

    @property
    def id(self) -> str:
        """The account's."""
        return self.account.id


class AccountQuery(NamedTuple):
    """Which accounts to list; None means all."""

    role: str | None
    clinic_id: str | None
    state: str | None
    text: str
    """In small letters; empty for all."""
    last_id: str | None
    """The last account of the page before."""
    limit: int


_STATE = """
CASE WHEN accounts.disabled_at IS NOT NULL THEN 'disabled'
    WHEN accounts.password_hash IS NULL AND c.secret_hash IS NULL THEN 'without_password' ELSE 'active' END
"""
_WORKS_THERE = """
accounts.all_clinics OR %(clinic_id)s::uuid = ANY(accounts.clinic_ids)
    OR EXISTS (SELECT FROM doctors theirs
        WHERE theirs.practitioner_id = d.practitioner_id AND theirs.clinic_id = %(clinic_id)s::uuid AND theirs.active)
"""
_OTHERS = f"""
SELECT {_STATE}, COALESCE(c.name, p.name, ''), accounts.created_at, {COLUMNS}
FROM accounts LEFT JOIN credentials c ON c.account_id = accounts.id
    LEFT JOIN doctors d ON d.id = accounts.doctor_id LEFT JOIN practitioners p ON p.id = d.practitioner_id
WHERE accounts.patient_id IS NULL
    AND accounts.id < COALESCE(%(last_id)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    AND (%(role)s::text IS NULL OR %(role)s::text = ANY(accounts.roles))
    AND (%(clinic_id)s::uuid IS NULL OR {_WORKS_THERE})
    AND (%(state)s::text IS NULL OR {_STATE} = %(state)s::text)
    AND (%(text)s::text = '' OR strpos(accounts.email, %(text)s::text) > 0
        OR strpos(lower(COALESCE(c.name, p.name)), %(text)s::text) > 0)
ORDER BY accounts.id DESC LIMIT %(limit)s
"""
_PATIENTS = f"""
SELECT {_STATE}, p.name, accounts.created_at, {COLUMNS}
FROM accounts JOIN patients p ON p.id = accounts.patient_id LEFT JOIN credentials c ON c.account_id = accounts.id
WHERE accounts.patient_id IS NOT NULL
    AND accounts.email COLLATE "C" >= %(text)s::text AND accounts.email COLLATE "C" < %(text)s::text || chr(1114111)
    AND accounts.email COLLATE "C" >
        COALESCE((SELECT last.email FROM accounts last WHERE last.id = %(last_id)s::uuid), '') COLLATE "C"
    AND (%(state)s::text IS NULL OR {_STATE} = %(state)s::text)
ORDER BY accounts.email COLLATE "C" LIMIT %(limit)s
"""


async def find(pg: Connection, query: AccountQuery, *, patients: bool) -> list[ListedAccountRow]:
    """The accounts of a query: those of patients, by email, or those of all others, the newest first."""
    cursor = pg.cursor(row_factory=args_row(_listed))
    await cursor.execute(_PATIENTS if patients else _OTHERS, query._asdict())
    return await cursor.fetchall()


def _listed(state: str, name: str, created_at: datetime, *account: object) -> ListedAccountRow:
    return ListedAccountRow(AccountRow(*account), state, name, created_at)  # type: ignore[arg-type]  # its columns
