import psycopg

from server.local.postgres import Server

pytest_plugins = ["tests.fixtures.cluster"]


def test_session_cluster_takes_connections(postgres_cluster: Server) -> None:
    with psycopg.connect(postgres_cluster.url("postgres")) as connection:
        row = connection.execute(
            "SELECT current_setting('data_checksums'), current_setting('shared_preload_libraries')"
        )
        assert row.fetchone() == ("on", "pg_stat_statements")
