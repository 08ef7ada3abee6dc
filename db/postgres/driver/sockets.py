"""Waiting for the server: the socket of a connection in the event loop."""

import asyncio
import select

_ENDED = select.POLLERR | select.POLLHUP


class Socket:
    """A connection's socket. It stays registered after the first wait, which is cheaper than once per round trip."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._watching: asyncio.AbstractEventLoop | None = None
        self._waiting: asyncio.Future[None] | None = None

    async def ready(self, *, writable: bool = False) -> None:
        """Wait until there is something to read, or also until more can be written."""
        if self._has_ended():
            # uvloop reports an end once and then watches no longer: a second wait would last until it is cancelled.
            return
        loop = self._watching or self._watch()
        self._waiting = loop.create_future()
        if writable:
            loop.add_writer(self._descriptor, self._wake)
        try:
            await self._waiting
        finally:
            self._waiting = None
            if writable:
                loop.remove_writer(self._descriptor)

    def is_quiet(self) -> bool:
        """Whether no unexpected data has arrived; on an idle connection that would be the server closing it.

        It asks the operating system, because the event loop may not have noticed yet.
        """
        return not self._poll.poll(0)

    def _has_ended(self) -> bool:
        """Whether the connection is broken or closed by the server; what it still has can be read without waiting."""
        events = self._poll.poll(0)  # at most one, since there is one socket
        return bool(events and events[0][1] & _ENDED)

    def unwatch(self) -> None:
        """Stop watching the socket, so that others can use or close it."""
        if self._watching:
            self._watching.remove_reader(self._descriptor)
            self._watching = None

    def _watch(self) -> asyncio.AbstractEventLoop:
        self._watching = asyncio.get_running_loop()
        self._watching.add_reader(self._descriptor, self._wake)
        return self._watching

    def _wake(self) -> None:
        if self._waiting is None:
            # Nothing reads it now, so the loop would report it again and again.
            self.unwatch()
        elif not self._waiting.done():
            self._waiting.set_result(None)
