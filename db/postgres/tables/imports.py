"""What imports remember of each resource."""

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from db.postgres.tables.common import metadata, not_null

imported_resources = Table(
    "imported_resources",
    metadata,
    # The identifier for the exporter's own id.
    not_null("system", Text()),
    not_null("value", Text()),
    # A keyed digest of each field as the export had it last.
    not_null("digests", JSONB()),
    # The version of the appointment or record that the import wrote last.
    Column("version", Integer()),
    PrimaryKeyConstraint("system", "value", name="imported_resources_pkey"),
)
