"""Alembic's environment: runs the migrations on the connection that db.postgres.schema hands over."""

from alembic import context

from db.postgres.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
