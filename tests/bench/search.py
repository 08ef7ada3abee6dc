"""What a search for patients takes among a million of them, by what is searched for."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import grpc
from rich.table import Table

from db.postgres import schema
from server.local.processes.ports import HOST
from tests.bench import parts
from tests.bench.growth import staff
from tests.bench.load import LoadError
from yoyaku.v1.patient_messages_pb2 import SearchPatientsRequest, SearchPatientsResponse

_SQL = Path(__file__).with_name("search.sql")
_PATIENTS = 1_000_000
_KANJI = "".join(map(chr, range(0x5C71, 0x5C71 + 300)))
_KANA = "アカサタナハマヤラワイキシチニヒミウクス"
_LATIN = ["an", "be", "ko", "li", "mar", "son", "el", "ra", "ti", "vo", "da", "ne", "sch", "tor", "um", "wi", "hen"]
_LATIN += ["jo", "ka", "pe"]
_CALLS = 60
_GOAL = 0.2
_SECONDS = 30


def measure(scratch: Path, tell: Callable[[str], None]) -> list[Table]:
    """Fill a database, search it through a worker, and say what came of it. Raises LocalError and LoadError."""
    with ExitStack() as stack:
        server, _ = parts.postgres(stack, scratch, {"shared_buffers": "1GB", "max_wal_size": "8GB"})
        server.query("CREATE DATABASE search")
        settings = parts.settings(stack, scratch, server.url("search"))
        asyncio.run(schema.upgrade(server.url("search")))
        tell(f"adding {_PATIENTS:,} patients")
        began = time.perf_counter()
        names = {"kanji": _KANJI, "kana": f"{{{','.join(_KANA)}}}", "latin": f"{{{','.join(_LATIN)}}}"}
        values = "".join(f"\\set {name} '{value}'\n" for name, value in {**names, "patients": _PATIENTS}.items())
        server.query(values + _SQL.read_text(), "search")
        tell(f"{(time.perf_counter() - began) / _PATIENTS * 1e6:.0f} us for each; searching")
        worker = parts.worker(stack, settings, scratch, "worker")
        return [asyncio.run(_search(worker.port, asyncio.run(staff(settings, 1))))]


def _searches(pick: random.Random) -> Iterator[tuple[str, SearchPatientsRequest]]:
    """A round of searches: what is searched for, and the request."""
    latin = "".join(pick.choices(_LATIN, k=3))
    kana, kanji = "".join(pick.choices(_KANA, k=2)), "".join(pick.choices(_KANJI, k=2))
    born = date(1930, 1, 1) + timedelta(days=pick.randrange(33_000))
    digits = f"{pick.randrange(10**8):08}"
    yield "a Latin family name", SearchPatientsRequest(name=latin)
    yield "its first three letters", SearchPatientsRequest(name=latin[:3])
    yield "its first two letters", SearchPatientsRequest(name=latin[:2])
    yield "one Latin letter", SearchPatientsRequest(name=latin[:1])
    yield "two initials and a name", SearchPatientsRequest(name=f"{latin[:3]} {pick.choice(_LATIN)[:1]}")
    yield "one Chinese character", SearchPatientsRequest(name=kanji[:1])
    yield "two Chinese characters", SearchPatientsRequest(name=kanji, language="ja")
    yield "two kana of a reading", SearchPatientsRequest(name=kana, language="ja")
    yield "a day of birth", SearchPatientsRequest(birth_date=str(born))
    yield "a year of birth", SearchPatientsRequest(birth_date=str(born.year))
    yield "a name and a year of birth", SearchPatientsRequest(name=latin[:3], birth_date=str(born.year))
    yield "four digits of a phone", SearchPatientsRequest(phone=digits[-4:])
    yield "eight digits of a phone", SearchPatientsRequest(phone=digits)


async def _search(port: int, metadata: tuple[tuple[str, str], ...]) -> Table:
    pick = random.Random(1)
    found: dict[str, list[tuple[float, bool]]] = {}
    async with grpc.aio.insecure_channel(f"{HOST}:{port}") as channel:
        send = channel.unary_unary(
            "/yoyaku.v1.DirectoryService/SearchPatients",
            request_serializer=SearchPatientsRequest.SerializeToString,
            response_deserializer=SearchPatientsResponse.FromString,
        )
        for _ in range(_CALLS):
            for what, request in _searches(pick):
                began = time.perf_counter()
                try:
                    await send(request, metadata=metadata, timeout=_SECONDS)
                except grpc.aio.AioRpcError as error:
                    if error.code() is not grpc.StatusCode.INVALID_ARGUMENT:
                        raise LoadError(f"{what}: {error.code().name}: {error.details()}") from None
                    refused = True
                else:
                    refused = False
                found.setdefault(what, []).append((time.perf_counter() - began, refused))
    return _table(found)


def _table(found: dict[str, list[tuple[float, bool]]]) -> Table:
    table = Table(title=f"Milliseconds of a search among {_PATIENTS:,} patients, one at a time", title_justify="left")
    for name in ("searched for", "p50", "p95", "slowest", "goal of p95", "refused as too broad"):
        table.add_column(name, justify="left" if name == "searched for" else "right")
    for what, calls in found.items():
        seconds = sorted(each for each, _ in calls)
        p95 = seconds[int(0.95 * (len(seconds) - 1))]
        figures = (f"{each * 1000:.1f}" for each in (median(seconds), p95, seconds[-1]))
        refused = sum(each for _, each in calls) / len(calls)
        table.add_row(what, *figures, f"<= {_GOAL * 1000:.0f}", f"{refused:.0%}" if refused else "")
    return table
