"""A TCP line to a server on this machine that can be cut: what was sent stays under way until it is mended."""

import socket
import threading
from contextlib import suppress

from server.local.processes import ports
from server.local.processes.ports import HOST

_BYTES = 65_536


class Line:
    """Whoever connects to `port` reaches the target."""

    def __init__(self, target: int) -> None:
        self.port = ports.free(1)[0]
        self._target = target
        self._is_whole = threading.Event()
        self._is_whole.set()
        self._listener = socket.create_server((HOST, self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """From now on nothing arrives, and nobody is told so."""
        self._is_whole.clear()

    def mend(self) -> None:
        """All arrives again, also what was sent meanwhile."""
        self._is_whole.set()

    def close(self) -> None:
        """End it."""
        self._listener.close()
        self._is_whole.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        self._is_whole.wait()
        with near, suppress(OSError), socket.create_connection((HOST, self._target)) as far:
            back = threading.Thread(target=self._carry, args=(far, near), daemon=True)
            back.start()
            self._carry(near, far)
            back.join()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_BYTES):
                self._is_whole.wait()
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
