"""The parts of ours that are compared, and with what."""

from enum import StrEnum


class Part(StrEnum):
    """One of them; its value names the program that has it exchanged."""

    POOL = "pool"
    CHECKED_POOL = "checked-pool"
    PIPELINE = "pipeline"
    LOG_LINE = "log-line"
    DEADLINE = "deadline"


DATABASE = (Part.POOL, Part.CHECKED_POOL, Part.PIPELINE)
LOG = (Part.LOG_LINE, Part.DEADLINE)

COUNTERPARTS = {
    Part.POOL: ("Pool", "psycopg_pool without a check"),
    Part.CHECKED_POOL: ("Pool", "psycopg_pool with its check"),
    Part.PIPELINE: ("pipeline", "psycopg's cursors and pipeline"),
    Part.LOG_LINE: ("logs.write_calls", "structlog"),
    Part.DEADLINE: ("deadlines", "asyncio.timeout"),
}
