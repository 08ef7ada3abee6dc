"""The server workers, each on a port of its own; Envoy learns of every change."""

import itertools
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from server.edge.render import write_workers
from server.local import LocalError
from server.local.processes import ports
from server.local.processes.ports import HOST
from server.local.processes.process import Process
from server.local.processes.supervised_process import SupervisedProcess
from server.local.servers import envoy, shifting, workers
from server.local.servers.workers import HERE, Release
from server.local.state import StackState

NOTICE_SECONDS = 10.0


class Fleet:
    """The running workers. Use it from the main thread only, as `process.start` requires."""

    def __init__(
        self, state: StackState, note: Callable[[Process], None], log: Callable[[str], Path], edge: Path
    ) -> None:
        """`note` is called with each process, `log` returns the path of its log; `edge` is Envoy's directory."""
        self._state = state
        self._note = note
        self._log = log
        self._edge = edge
        self._environment: Mapping[str, str] = {}
        self._ports: dict[str, int] = {}
        self._leaving: list[int] = []
        self._weights: Mapping[str, int] = {}
        self.release = HERE
        """The release whose workers are started."""
        self.parts: dict[str, SupervisedProcess] = {}

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """The addresses of the workers, including those about to stop."""
        return [(HOST, port) for port in (*self._ports.values(), *self._leaving)]

    def start(self, count: int, environment: Mapping[str, str]) -> None:
        """Start `count` workers at the same time. Raises LocalError."""
        self._environment = environment
        self._add(self._new_names(count))

    def resize(self, count: int, *, renew: bool = False) -> None:
        """Start more workers, or shut down the newest, until there are `count`; `renew` them too. Raises LocalError."""
        self._add(self._new_names(count - len(self.parts)))
        self._drop([*self.parts][count:])
        self._tell()
        if renew:
            self.renew()

    def renew(self) -> None:
        """Replace each worker by a new process, one after the other, without failing a call.

        Raises LocalError if a new one does not serve; its predecessor and all later workers keep running then.
        """
        for name, part in self.parts.items():
            port, self._ports[name] = self._ports[name], ports.free(1)[0]
            self._leaving = [port]
            try:
                part.replace(partial(self._serve, name))
            except LocalError:
                self._ports[name] = port
                raise
            finally:
                self._leaving = []
                self._tell()

    def shift(self, to: Release, seconds: float) -> None:
        """Replace all workers by as many of another release, without failing a call.

        The new ones run beside the old ones and get 10, 50 and 100 % of the calls, for `seconds` each. If one of them
        does not serve, or they fail calls that the old ones do not, the old ones get all calls again (LocalError).
        """
        old, before = [*self.parts], self.release
        new, self.release = self._new_names(len(old)), to
        try:
            self._weigh(old, new, shifting.SHARES[0])
            self._add(new)
            shifting.await_healthy(self._state.admin, self._ports_of(new))
            for share in shifting.SHARES:
                self._weigh(old, new, share)
                self._tell()
                shifting.watch(self._state.admin, self._ports_of(old), self._ports_of(new), seconds)
        except LocalError:
            self.release = before
            self._weigh(old, new, 0)
            self._tell()
            self._drop([name for name in new if name in self.parts])
            raise
        finally:
            self._weights = {}
        self._drop(old)
        self._tell()

    def _weigh(self, old: list[str], new: list[str], share: int) -> None:
        self._weights = dict.fromkeys(old, 100 - share) | dict.fromkeys(new, share)

    def _ports_of(self, names: list[str]) -> list[int]:
        return [self._ports[name] for name in names]

    def stop(self) -> None:
        """Shut down all workers at the same time."""
        for part in self.parts.values():
            part.ask()
        for part in self.parts.values():
            part.stop()

    def _new_names(self, count: int) -> list[str]:
        free = (name for number in itertools.count(1) if (name := f"worker-{number}") not in self.parts)
        return [*itertools.islice(free, max(0, count))]

    def _add(self, names: list[str]) -> None:
        self._ports |= zip(names, ports.free(len(names)), strict=True)
        for name in names:
            launch = partial(self._launch, name)
            self.parts[name] = SupervisedProcess(launch, note=self._note, stop_seconds=workers.STOP_SECONDS)
        try:
            for name in names:
                workers.await_ready(self.parts[name].process, self._ports[name])
        except LocalError:
            self._drop(names)
            raise
        self._tell()

    def _drop(self, names: list[str]) -> None:
        for name in names:
            self.parts[name].ask()
        for name in names:
            self.parts.pop(name).stop()
            del self._ports[name]

    def _launch(self, name: str) -> Process:
        # While a worker is down, another program may take its port.
        if not ports.is_free(self._ports[name]):
            [self._ports[name]] = ports.free(1)
            self._tell()
        return workers.launch(
            name, self._log(name), port=self._ports[name], environment=self._environment, release=self.release
        )

    def _serve(self, name: str, process: Process) -> None:
        """Wait until Envoy sends calls to a new process, or for a while if Envoy is not running yet."""
        workers.await_ready(process, self._ports[name])
        self._tell()
        envoy.await_healthy(self._state.admin, self._ports[name], NOTICE_SECONDS)

    def _tell(self) -> None:
        self._state.workers = [f"{host}:{port}" for host, port in self.addresses]
        self._edge.mkdir(exist_ok=True)
        weights = {(HOST, port): self._weights.get(name, 1) for name, port in self._ports.items()}
        weighted = {address: weights.get(address, 1) for address in self.addresses}
        heard = {address: weight for address, weight in weighted.items() if weight}
        write_workers([*heard], self._edge, [*heard.values()])
