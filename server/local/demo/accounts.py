"""The accounts of a demo, for example `staff`, with addresses in the demo's own mail domain."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.directory import doctors
from db.postgres.identity import accounts, passwords
from db.postgres.identity.accounts import AccountRow
from server.usecases.identity.passwords import Passwords
from server.usecases.sealing import digest, new_secret


def email(name: str, domain: str) -> str:
    """The email address of an account."""
    return f"{name}@{domain}"


async def find(pg: Connection, names: Sequence[str], domain: str) -> dict[str, AccountRow] | None:
    """The accounts by name, or None if any is missing."""
    rows = await accounts.accounts_by_email(pg, [email(name, domain) for name in names])
    found = {(row.email or "").partition("@")[0]: row for row in rows}
    return {name: found[name] for name in names} if len(found) == len(names) else None


async def summary(pg: Connection, rows: Mapping[str, AccountRow]) -> dict[str, Any]:
    """A demo as its command prints it: accounts by name, and the ids of the admin's clinics and of their doctors."""
    clinic_ids = rows["admin"].clinic_ids
    return {
        "accounts": {name: _described(row) for name, row in rows.items()},
        "clinics": clinic_ids,
        "doctors": await doctors.ids_of_clinics(pg, clinic_ids),
    }


async def give_passwords(
    engine: Engine,
    hashing: Passwords,
    described: Mapping[str, dict[str, Any]],
    wanted: Mapping[str, str],
    now: datetime,
) -> None:
    """Set the given passwords, by account name, and add them to the summary."""
    for name in described.keys() & wanted.keys():
        await _give_password(engine, hashing, described[name]["id"], wanted[name], now)
        described[name]["password"] = wanted[name]


async def _give_password(engine: Engine, hashing: Passwords, account_id: str, password: str, now: datetime) -> None:
    row = await transact(engine, lambda pg: passwords.by_id(pg, account_id))
    if row is None or await hashing.matches(row.password_hash, password):
        return
    hashed, secret_hash = await hashing.hash(password), digest(new_secret())

    async def work(pg: Connection) -> None:
        await passwords.put_token(pg, account_id, secret_hash, now + timedelta(minutes=1))
        await passwords.take_offer(pg, account_id, secret_hash, new=hashed, now=now)

    await transact(engine, work)


def _described(row: AccountRow) -> dict[str, Any]:
    owned = {"patient_id": row.patient_id, "doctor_id": row.doctor_id}
    return {"id": row.id, "email": row.email} | {name: value for name, value in owned.items() if value}
