"""What the tables share: their registry, and the kinds of columns and constraints that they use."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeEngine

metadata = MetaData()

ACTIVE = "status IN ('held', 'scheduled', 'checked_in', 'in_progress')"
"""Which appointments occupy a slot: the condition of the exclusion constraints, and of every query that uses them."""

NO_ALTERNATIVE = "(held_by IS NULL OR held_by NOT LIKE 'offer:%%')"
"""Appointments and holds that somebody chose, and no times that are held for an offer to move another appointment."""

UUID = Uuid(as_uuid=False)
INSTANT = TIMESTAMP(timezone=True)


def not_null(
    name: str, kind: TypeEngine[Any], *parts: ForeignKey | CheckConstraint | Computed | Identity
) -> Column[Any]:
    """A NOT NULL column."""
    return Column(name, kind, *parts, nullable=False)


def reference(table: str, noun: str) -> Column[Any]:
    """A column `noun_id` that refers to a row of the noun's table."""
    return not_null(f"{noun}_id", UUID, ForeignKey(f"{noun}s.id", name=f"{table}_{noun}_fkey"))


def check(name: str, condition: str) -> CheckConstraint:
    """A named CHECK constraint."""
    return CheckConstraint(condition, name=name)


def identifiers(noun: str) -> Table:
    """The table of the identifiers that other systems give to a noun."""
    table = Table(
        f"{noun}_identifiers",
        metadata,
        not_null("system", Text()),
        not_null("value", Text()),
        reference(f"{noun}_identifiers", noun),
        PrimaryKeyConstraint("system", "value", name=f"{noun}_identifiers_pkey"),
    )
    Index(f"{noun}_identifiers_by_{noun}", table.c[f"{noun}_id"])
    return table
