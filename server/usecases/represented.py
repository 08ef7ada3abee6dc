"""For whom an account acts, as its access tokens say."""

from datetime import datetime
from zoneinfo import ZoneInfo

from db.postgres.cluster.engines import Connection
from db.postgres.identity import representatives
from db.postgres.identity.accounts import AccountRow
from db.postgres.identity.representatives import GrantRow, RepresentativeRow, granted_rows
from server.domain.identity import Relation, Represented
from server.domain.representatives import Acting, RepresentativePolicy, Terms, is_minor


def terms_of(row: GrantRow | RepresentativeRow) -> Terms:
    """The terms of a representative.

    A patient who was taken for an adult by a wrong birth date is a minor as soon as that is corrected. Of a date that
    is not known to the day, `birth_date` is the first day.
    """
    policy = RepresentativePolicy(row.representatives_until_age, row.representatives_see_records_until_age)
    zone, born = ZoneInfo(row.time_zone), row.birth_date
    of_minor = row.of_minor or (born is not None and is_minor(born, policy, zone, row.created_at))
    return Terms(row.ends_at, of_minor, born if row.birth_precision == "day" else None, policy, zone)


def acting(row: RepresentativeRow, now: datetime) -> Acting | None:
    """How a representative acts now; None if it does not."""
    return terms_of(row).at(now) if row.ended_at is None and row.usable else None


async def acting_for(pg: Connection, patient_id: str, now: datetime) -> list[str]:
    """The representatives that act for a patient now."""
    rows = await representatives.of_patient(pg, patient_id, ended=False, limit=None)
    return [row.id for row in rows if acting(row, now)]


async def begun_since(pg: Connection, since: datetime, now: datetime) -> dict[str, dict[str, datetime]]:
    """The representatives that were added since then and act now, and when they were added, by account."""
    found: dict[str, dict[str, datetime]] = {}
    for row in await representatives.added_since(pg, since):
        if acting(row, now) and row.patient_id != row.account_patient_id:
            found.setdefault(row.account_id, {})[row.id] = row.created_at
    return found


def represented_by(account: AccountRow, now: datetime) -> tuple[dict[str, Represented], datetime | None]:
    """For whom an account acts now, by patient, and the next instant at which that changes by itself."""
    found: dict[str, Represented] = {}
    changes = []
    for row in granted_rows(account.represents):
        acts = terms_of(row).at(now)
        if acts and row.patient_id != account.patient_id:
            found[row.patient_id] = Represented(row.id, Relation(row.relation), acts.sees_records)
            changes.append(acts.changes_at)
    return found, min(changes, default=None)
