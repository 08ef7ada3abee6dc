"""The blocking client."""

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from yoyaku.connection import Tls
from yoyaku.methods import Blocking
from yoyaku.services.accounts import AccountCalls
from yoyaku.services.appointments import AppointmentCalls
from yoyaku.services.clinics import ClinicCalls
from yoyaku.services.directory import DirectoryCalls
from yoyaku.services.notifications import NotificationCalls
from yoyaku.services.queue import QueueCalls
from yoyaku.services.records import RecordCalls
from yoyaku.services.reports import ReportCalls
from yoyaku.services.schedules import ScheduleCalls
from yoyaku.services.second_factors import SecondFactorCalls
from yoyaku.services.time_off import TimeOffCalls
from yoyaku.tokens import TokenSource

R = TypeVar("R")


class BlockingClient(
    AppointmentCalls,
    ScheduleCalls,
    TimeOffCalls,
    QueueCalls,
    DirectoryCalls,
    ClinicCalls,
    RecordCalls,
    ReportCalls,
    NotificationCalls,
    SecondFactorCalls,
    AccountCalls,
    Blocking,
):
    """The client for scripts and threads: it has the methods of Client, which block until the answer arrives.

    There is no second list of methods: each is written once, as a coroutine, and `yoyaku.methods.ClientMethod` hands a
    BlockingClient a function that runs it on this client's event loop, in a thread of its own, and waits. Type
    checkers see the same arguments and the plain result. Use Client in programs that have an event loop.
    """

    def __init__(
        self,
        address: str,
        *,
        token: TokenSource | None = None,
        tls: Tls | None = None,
        deadline: float = 5.0,
        keepalive: float = 60.0,
    ) -> None:
        """As Client."""
        super().__init__(address, token=token, tls=tls, deadline=deadline, keepalive=keepalive)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="yoyaku-client", daemon=True)
        self._thread.start()

    def wait(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine on the client's loop; returns or raises what it does. RuntimeError after close."""
        if self._loop.is_closed():
            coroutine.close()
            raise RuntimeError("the client is closed: make a new one, or call it inside its `with` block")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:  # also Ctrl-C: the call is no longer needed
            future.cancel()
            raise

    def close(self) -> None:
        """Close the connection and end the thread."""
        if self._loop.is_closed():
            return
        self.wait(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
