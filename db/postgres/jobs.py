"""The queue of jobs, as its workers see it: procrastinate on connections of ours."""

from procrastinate import PsycopgConnector

from db.postgres.pools import CONNECT_SECONDS, PEER_LOST, SESSION


def create_connector(url: str, *, size: int, wait_seconds: float, application: str) -> PsycopgConnector:
    """Connections to the queue in the database at a postgresql:// URL, whose hosts may be several.

    At most `size`; none is opened yet.
    """
    return PsycopgConnector(
        conninfo=url,
        min_size=1,
        max_size=size,
        timeout=wait_seconds,
        kwargs={
            "options": SESSION,
            "connect_timeout": CONNECT_SECONDS,
            "application_name": application,
            **PEER_LOST,
            # Of several hosts the primary, whichever that is by then.
            "target_session_attrs": "read-write",
        },
    )
