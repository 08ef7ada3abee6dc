"""Security events are append-only by the same function as medical records."""

from alembic import op

revision = "0017_pre_one_append_only"
down_revision = "0016_pre_former_contacts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        DROP TRIGGER security_events_append_only ON security_events;
        CREATE TRIGGER security_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON security_events
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
        DROP FUNCTION keep_security_events;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION keep_security_events() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'security_events is append-only' USING ERRCODE = 'restrict_violation';
        END $$;
        DROP TRIGGER security_events_append_only ON security_events;
        CREATE TRIGGER security_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON security_events
            FOR EACH STATEMENT EXECUTE FUNCTION keep_security_events();
        """
    )
