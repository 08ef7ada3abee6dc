"""Everything that keeps state: PostgreSQL and Valkey."""
