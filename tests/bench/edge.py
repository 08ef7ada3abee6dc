"""What the edge's filters cost: all of them, beside the transcoder and the router alone, before the same worker."""

import asyncio
import http.client
import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from rich.table import Table

from server.edge.render import EdgeValues, render
from server.local.processes import ports
from server.local.processes.ports import HOST
from server.local.servers import envoy
from tests.bench import cpu, parts
from tests.bench.load import CALLS_AT_ONCE, Hammer
from tests.bench.parts import Target
from tests.bench.targets import NO_LIMITS, fill, token_of

_CALLS = 4_000
_GOAL = 1.35


def measure(scratch: Path, say: Callable[[str], None], rounds: int) -> list[Table]:
    """Ask for a day of slots over REST, by turns through both. Raises LocalError, LoadError."""
    with ExitStack() as stack:
        server, _ = parts.postgres(stack, scratch)
        server.query("CREATE DATABASE bench")
        settings = parts.settings(stack, scratch, server.url("bench"))
        clinic = asyncio.run(fill(settings))
        worker = parts.worker(stack, settings, scratch)
        chains = {name: _envoy(stack, worker, scratch / name, bare=name != "all") for name in ("all", "bare")}
        path, found = clinic.slots_path(), dict[str, list[float]](all=[], bare=[])
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            hammer = Hammer(scratch, asyncio.run(token_of(settings, clinic.staff_id)))
            for name, chain in chains.items():
                size = _size(chain.port, path, hammer.token)
                hammer.rest(chain.port, path, 200, at_once=CALLS_AT_ONCE, answer_bytes=size)
                before = cpu.seconds(chain.pids)
                hammer.rest(chain.port, path, _CALLS, at_once=CALLS_AT_ONCE, answer_bytes=size)
                found[name].append((cpu.seconds(chain.pids) - before) / _CALLS * 1e6)
    return [_table(found)]


def _envoy(stack: ExitStack, worker: Target, directory: Path, *, bare: bool) -> Target:
    port, admin_port, keys_port, metrics_port = ports.free(4)
    values = EdgeValues(
        listen=(HOST, port),
        admin_port=admin_port,
        keys_port=keys_port,
        metrics=(HOST, metrics_port),
        workers=[(HOST, worker.port)],
        limits=NO_LIMITS,
    )
    configuration = render(values, directory)
    if bare:
        _strip(configuration)
    process = parts.kept(stack, envoy.launch(configuration, directory / "log"))
    envoy.await_ready(process, port)
    return Target("edge", port, [process.pid])


def _strip(configuration: Path) -> None:
    """Leave the transcoder, the router, and the answer to /readyz; no log."""
    whole = json.loads(configuration.read_text())
    manager = whole["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    manager["http_filters"] = [
        each for each in manager["http_filters"] if each["name"] in {"readiness", "transcoder", "router"}
    ]
    for unused in ("access_log", "early_header_mutation_extensions"):
        del manager[unused]
    (host,) = manager["route_config"]["virtual_hosts"]
    del host["typed_per_filter_config"]
    for route in host["routes"]:
        route.pop("typed_per_filter_config", None)
    configuration.write_text(json.dumps(whole))


def _size(port: int, path: str, token: str) -> int:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    connection.request("GET", path, headers={"authorization": f"Bearer {token}"})
    size = len(connection.getresponse().read())
    connection.close()
    return size


def _table(found: dict[str, list[float]]) -> Table:
    table = Table(title="A day of slots over REST: CPU of Envoy alone", title_justify="left")
    for name in ("filters", "CPU us a call", "x transcoder and router", "goal"):
        table.add_column(name, justify="right")
    ratio = median(whole / bare for whole, bare in zip(found["all"], found["bare"], strict=True))
    table.add_row("transcoder and router", f"{median(found['bare']):.0f}", "1.00", "")
    table.add_row("all", f"{median(found['all']):.0f}", f"{ratio:.2f}", f"<= {_GOAL}")
    return table
