"""Finished requests to PostgreSQL and Valkey: they are counted, logged, and shown in the trace of a sampled call."""

from db.postgres.driver import pipeline
from db.postgres.driver.pipeline import Trip
from db.valkey import client
from server.telemetry import ended_calls, logs, traces
from server.telemetry.traces import Attributes

VALKEY = "valkey"


def watch() -> None:
    """Note every request of this process from now on."""
    pipeline.on_trip, client.on_command = trip_ended, command_ended


def trip_ended(trip: Trip) -> None:
    """Note a round trip to PostgreSQL, under the names of its statements; at level debug, log it."""

    def attributes() -> Attributes:
        names = trip.names
        said = {"db.query.summary": ", ".join(names), "db.operation.batch.size": len(names)}
        failed = {"db.response.status_code": trip.sqlstate, "error.type": trip.sqlstate} if trip.sqlstate else {}
        return {"db.system.name": "postgresql", "db.operation.name": trip.name, **said, **failed}

    name = trip.name
    ended_calls.trip_ended(name, trip.seconds)
    logs.write_trip(name, trip.seconds)
    traces.request_ended(name, trip.seconds, attributes)


def command_ended(name: str, seconds: float) -> None:
    """Note a command to Valkey."""
    traces.request_ended(f"{VALKEY} {name}", seconds, lambda: {"db.system.name": VALKEY, "db.operation.name": name})
