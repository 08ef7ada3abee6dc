"""Turns SQLAlchemy Core statements into the text that psycopg runs, once, when a module is imported."""

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.expression import ClauseElement

_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]


def sql(statement: ClauseElement) -> str:
    """The text of a statement with `%(name)s` for each bindparam; it must not contain literal values."""
    compiled = statement.compile(dialect=_DIALECT)
    if given := {name: value for name, value in compiled.params.items() if value is not None}:
        raise ValueError(f"give these as bindparam, not as values: {given}")
    return str(compiled)
