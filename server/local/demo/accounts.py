"""The accounts of a demo: `staff`, say, at the demo's own mail domain."""

from collections.abc import Mapping, Sequence
from typing import Any

from db.postgres import doctors, identity
from db.postgres.engines import Connection
from db.postgres.identity import AccountRow


def email(name: str, domain: str) -> str:
    """The address of an account."""
    return f"{name}@{domain}"


async def find(pg: Connection, names: Sequence[str], domain: str) -> dict[str, AccountRow] | None:
    """The accounts by name, or None if one is missing."""
    rows = await identity.accounts_by_email(pg, [email(name, domain) for name in names])
    found = {(row.email or "").partition("@")[0]: row for row in rows}
    return {name: found[name] for name in names} if len(found) == len(names) else None


async def summary(pg: Connection, accounts: Mapping[str, AccountRow]) -> dict[str, Any]:
    """A demo as its command prints it: accounts by name, and the ids of the admin's clinics and of their doctors."""
    clinic_ids = accounts["admin"].clinic_ids
    return {
        "accounts": {name: _described(row) for name, row in accounts.items()},
        "clinics": clinic_ids,
        "doctors": await doctors.ids_of_clinics(pg, clinic_ids),
    }


def _described(row: AccountRow) -> dict[str, Any]:
    owned = {"patient_id": row.patient_id, "doctor_id": row.doctor_id}
    return {"id": row.id, "email": row.email} | {name: value for name, value in owned.items() if value}
