"""Waiting for the server: the socket of a connection in the event loop."""

import asyncio
import select


class Socket:
    """A connection's socket. It is watched from the first wait on: to begin and end that for every trip costs more."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._watching: asyncio.AbstractEventLoop | None = None
        self._waiting: asyncio.Future[None] | None = None

    async def ready(self, *, writable: bool = False) -> None:
        """Wait until there is something to read, or also until more can be written."""
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
        """Whether nothing has come that nobody waits for; of a connection at rest only its end would.

        Asked of the system, not of the loop, which may not have come to it yet.
        """
        return not self._poll.poll(0)

    def unwatch(self) -> None:
        """Leave the socket to others, or to its end."""
        if self._watching:
            self._watching.remove_reader(self._descriptor)
            self._watching = None

    def _watch(self) -> asyncio.AbstractEventLoop:
        self._watching = asyncio.get_running_loop()
        self._watching.add_reader(self._descriptor, self._wake)
        return self._watching

    def _wake(self) -> None:
        if self._waiting is None:
            # Nobody reads it, and it would be reported again and again.
            self.unwatch()
        elif not self._waiting.done():
            self._waiting.set_result(None)
