"""Alembic's environment: runs the migrations on the connection that db.postgres.schema hands over, or prints them."""

from alembic import context

from db.postgres.tables import metadata

context.configure(
    connection=context.config.attributes.get("connection"),
    dialect_name="postgresql",
    target_metadata=metadata,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
