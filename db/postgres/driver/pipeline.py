"""Statements on a psycopg connection in libpq's pipeline mode: prepared once, sent together, one round trip.

psycopg's own cursors and pipeline do the same with one system call per statement. With them a list costs 22 to 26 %
more CPU, a booking 42 to 61 % more, and a statement 30 us instead of 6 (`make bench PART=database`, ADR 5). psycopg
still connects, converts types and makes the errors.

For example, `BEGIN; SELECT` is sent when the rows of the SELECT are fetched, and `INSERT; COMMIT` when the pipeline
ends: four statements in two round trips. "Trip" is short for round trip in this module.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from types import TracebackType
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

import psycopg
import structlog
from psycopg import abc
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import tuple_row

from db.postgres.driver.placeholders import array, converted, unchanged
from db.postgres.driver.sockets import Socket
from db.postgres.driver.statement_names import name_of

R = TypeVar("R")
N = TypeVar("N", bound=NamedTuple)
Values: TypeAlias = dict[str, Any] | Sequence[object]
MakeRow: TypeAlias = Callable[[Sequence[Any]], R]
RowFactory: TypeAlias = Callable[[Any], MakeRow[R]]
"""Makes what makes the rows of a result."""

_Prepared: TypeAlias = tuple[bytes, tuple[int, ...]]
"""The key of a prepared statement: its text, and the types of its values."""

_Failure: TypeAlias = psycopg.Error

SLOW_SECONDS = 0.5
"""A trip that takes longer is logged with the names of its statements, without their values."""


class Trip(NamedTuple):
    """A round trip that has ended."""

    seconds: float
    statements: "Sequence[Sent[Any] | _Prepared]"
    sqlstate: str | None
    """Of the statement that failed, if one did."""

    @property
    def name(self) -> str:
        """The name of the last statement other than COMMIT and the like; a closed set, so it can be a label."""
        name = ""
        for each in reversed(self.statements):
            if isinstance(each, Sent):
                name = name_of(each.text)
                if "." in name:
                    break
        return name

    @property
    def names(self) -> list[str]:
        """The names of all statements."""
        return [name_of(each.text) for each in self.statements if isinstance(each, Sent)]


def _nobody(trip: Trip) -> None:
    """The default for `on_trip`: does nothing."""


on_trip: Callable[[Trip], None] = _nobody
"""Called after each trip; telemetry replaces it."""

_log = structlog.get_logger()
_MOST_PREPARED = 500
_CANCEL_SECONDS = 1.0
_GOOD = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
_SYNC = ExecStatus.PIPELINE_SYNC


def named(kind: type[N]) -> RowFactory[N]:
    """A row factory that makes NamedTuples of all columns, at a fraction of what psycopg's args_row takes."""
    return partial(_maker, kind)


def _maker(kind: type[N], result: PGresult) -> MakeRow[N]:
    """Makes the rows of a result: NamedTuple._make, which counts the columns of each row, would be Python code."""
    if result.nfields != len(kind._fields):
        raise TypeError(f"{kind.__name__} has {len(kind._fields)} fields, but there are {result.nfields} columns")
    return partial(tuple.__new__, kind)


class Sent(Generic[R]):
    """A statement that was sent: in a pipeline, all statements before the first fetch travel in one trip."""

    __slots__ = ("_connection", "_row_factory", "_rows", "text")

    def __init__(self, connection: "Connection", row_factory: RowFactory[R]) -> None:
        self._connection = connection
        self._row_factory = row_factory
        self._rows: list[R] | None = None
        self.text = b""

    async def execute(self, statement: str | bytes, values: Values | None = None) -> "Sent[R]":
        """Send a statement with `%(name)s` or `%s` for its values."""
        self._connection.send(self, statement, values)
        if not self._connection.pipelined:
            await self._connection.trip()
        return self

    async def fetchall(self) -> list[R]:
        """The remaining rows."""
        if self._rows is None:
            await self._connection.trip()
        rows, self._rows = self._rows or [], []
        return rows

    async def fetchone(self) -> R | None:
        """The next row, if there is one."""
        if self._rows is None:
            await self._connection.trip()
        return self._rows.pop(0) if self._rows else None

    def read(self, result: PGresult, transformer: abc.Transformer) -> None:
        """Read the rows from the server's result."""
        if result.ntuples:
            transformer.set_pgresult(result)
            self._rows = transformer.load_rows(0, result.ntuples, self._row_factory(result))
        else:
            self._rows = []


class Connection:
    """A connection in autocommit mode; db.postgres.cluster.transaction begins and ends transactions.

    Outside `pipeline` every statement is a trip of its own. Methods raise psycopg's errors.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._psycopg = connection
        self._pg = connection.pgconn
        self._socket = Socket(connection.fileno())
        self._transformer = Transformer.from_context(connection)
        self._names: dict[_Prepared, bytes] = {}
        self._on_the_way: deque[Sent[Any] | _Prepared] = deque()
        self.pipelined = False
        """Whether statements are held back until the next fetch."""

    @property
    def psycopg(self) -> psycopg.AsyncConnection[Any]:
        """The psycopg connection, for COPY, which a pipeline cannot do; not while a statement awaits its answer."""
        self._socket.unwatch()
        return self._psycopg

    def is_quiet(self) -> bool:
        """Whether the server has sent nothing since its last answer; anything more means that it hangs up."""
        return self._socket.is_quiet()

    def close(self) -> None:
        """Close the connection at once."""
        self._socket.unwatch()
        self._pg.finish()

    def pipeline(self) -> AbstractAsyncContextManager[None]:
        """Hold statements back until one of them is fetched, or until the block ends."""
        return _Pipeline(self)

    def cursor(self, *, row_factory: RowFactory[R]) -> Sent[R]:
        """A statement to execute, whose rows are made by `row_factory`, as in psycopg."""
        return Sent(self, row_factory)

    def execute(
        self, statement: str | bytes, values: Values | None = None
    ) -> Coroutine[Any, Any, Sent[tuple[Any, ...]]]:
        """Send a statement whose rows are tuples."""
        return Sent(self, tuple_row).execute(statement, values)

    def send(self, sent: Sent[Any], statement: str | bytes, values: Values | None) -> None:
        """Hand a statement to libpq, which sends it with the next trip."""
        text, names, formats = converted(statement) if values is not None else unchanged(statement)
        sent.text = text
        ordered = list(map(values.__getitem__, names)) if isinstance(values, dict) else list(values or ())
        if list in map(type, ordered):
            ordered = [array(value) if type(value) is list else value for value in ordered]
        transformer = self._transformer
        parameters = transformer.dump_sequence(ordered, formats)
        types = transformer.types or ()
        if not self._on_the_way:
            self._pg.enter_pipeline_mode()
        name = self._names.get((text, types)) or self._prepare(text, types)
        self._pg.send_query_prepared(name, parameters, transformer.formats)
        self._on_the_way.append(sent)

    def _prepare(self, text: bytes, types: tuple[int, ...]) -> bytes:
        # The server keeps one unnamed statement: the next unnamed one replaces it.
        name = b"yoyaku_%d" % len(self._names) if len(self._names) < _MOST_PREPARED else b""
        if name:
            self._names[text, types] = name
        self._pg.send_prepare(name, text, types)
        self._on_the_way.append((text, types))
        return name

    async def trip(self) -> None:
        """Wait for the answers of all statements that were sent; raises the error of the first one that failed.

        If it is interrupted, the running statement is cancelled; if the server does not answer that, the connection is
        closed.
        """
        if not self._on_the_way:
            return
        began, statements, failure = time.monotonic(), [*self._on_the_way], None
        try:
            self._pg.pipeline_sync()
            failure = await self._answers()
        except psycopg.Error:
            self.close()
            raise
        except BaseException:
            await self._cancel()
            raise
        finally:
            trip = Trip(time.monotonic() - began, statements, failure.sqlstate if failure else None)
            on_trip(trip)
            if trip.seconds > SLOW_SECONDS:
                _log.warning("slow statements", statements=trip.names, milliseconds=round(trip.seconds * 1000))
        if failure:
            raise failure

    async def settle(self) -> int:
        """Wait for all unanswered statements and ignore their errors; the TransactionStatus after that."""
        if self._on_the_way:
            with suppress(psycopg.Error):
                await self.trip()
        return self._pg.transaction_status

    async def _answers(self) -> _Failure | None:
        """Read all answers of the trip; the error of the first statement that failed."""
        pg, failure = self._pg, None
        while pg.flush():
            await self._socket.ready(writable=True)
            pg.consume_input()
        while True:
            while pg.is_busy():
                await self._socket.ready()
                pg.consume_input()
            if (result := pg.get_result()) is None:
                raise psycopg.OperationalError("the connection is lost")
            status = result.status
            if status == _SYNC:
                pg.exit_pipeline_mode()
                return failure
            pg.get_result()  # None, which ends the answer of one statement; libpq gives it without waiting
            statement = self._on_the_way.popleft()
            if status not in _GOOD:
                found = self._failed(result, statement)
                failure = failure or found
            elif isinstance(statement, Sent):
                statement.read(result, self._transformer)

    def _failed(self, result: PGresult, statement: Sent[Any] | _Prepared) -> _Failure | None:
        """The error of a statement that failed; None if it only came after one that did, in the same trip."""
        if not isinstance(statement, Sent):
            self._names.pop(statement, None)
        return None if result.status == ExecStatus.PIPELINE_ABORTED else error_from_result(result)

    async def _cancel(self) -> None:
        try:
            async with asyncio.timeout(_CANCEL_SECONDS):
                await self._psycopg.cancel_safe()
                await self._answers()
        except BaseException as error:
            self.close()
            if not isinstance(error, (psycopg.Error, OSError)):
                raise


class _Pipeline:
    """A pipeline while it is entered; a generator would cost every transaction some microseconds."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def __aenter__(self) -> None:
        self._connection.pipelined = True

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self._connection.trip()
        finally:
            self._connection.pipelined = False
