"""For whom an account acts, as its access tokens say."""

from datetime import datetime
from zoneinfo import ZoneInfo

from db.postgres.identity.accounts import AccountRow
from db.postgres.identity.representatives import GrantRow, RepresentativeRow, granted_rows
from server.domain.identity import Relation, Represented
from server.domain.representatives import RepresentativePolicy, Terms


def terms_of(row: GrantRow | RepresentativeRow) -> Terms:
    """The terms of a representative."""
    return Terms(
        row.ends_at,
        row.of_minor,
        row.birth_date if row.birth_precision == "day" else None,
        RepresentativePolicy(row.representatives_until_age, row.representatives_see_records_until_age),
        ZoneInfo(row.time_zone),
    )


def represented_by(account: AccountRow, now: datetime) -> tuple[dict[str, Represented], datetime | None]:
    """For whom an account acts now, by patient, and the next instant at which that changes by itself."""
    found: dict[str, Represented] = {}
    changes = []
    for row in granted_rows(account.represents):
        acting = terms_of(row).at(now)
        if acting and row.patient_id != account.patient_id:
            found[row.patient_id] = Represented(row.id, Relation(row.relation), acting.sees_records)
            changes.append(acting.changes_at)
    return found, min(changes, default=None)
