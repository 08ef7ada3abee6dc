"""A program that uses the client and has set up OpenTelemetry."""

import asyncio
import os
import sys

from server.telemetry.exporting import exported
from tests.fixtures.collector import collecting
from tests.fixtures.waiting import until
from tests.fixtures.worker import Worker
from tests.fixtures.workers import ROOT

PROGRAM = """
import asyncio, sys
from contextlib import aclosing
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from yoyaku import Client, NotAllowed, NotFound

NOBODY = "00000000-0000-7000-8000-000000000000"

async def main(address, token, clinic, collector):
    provider = TracerProvider(resource=Resource.create({"service.name": "hospital"}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(collector)))
    trace.set_tracer_provider(provider)
    with trace.get_tracer("hospital").start_as_current_span("look up"):
        async with Client(address, token=token) as client:
            await client.list_clinics()
            async with aclosing(client.watch_appointments(clinic)) as told:
                await anext(told)
            for failing in (client.get_doctor(NOBODY), anext(client.watch_appointments(NOBODY))):
                try:
                    await failing
                except (NotAllowed, NotFound):
                    pass
                else:
                    raise AssertionError
    provider.shutdown()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_its_calls_and_ours_are_one_trace(worker: Worker) -> None:
    clinic = await worker.book.clinic()
    token = dict((await worker.client("staff", clinic_ids=[clinic])).metadata)["authorization"]
    with collecting() as collector, exported(collector.url, "yoyaku-server"):
        arguments = (f"http://{worker.address}", token.removeprefix("Bearer "), clinic, collector.url)
        environment = os.environ | {"PYTHONPATH": str(ROOT / "clients")}
        program = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, *arguments, env=environment)
        assert await program.wait() == 0

        async def arrived() -> bool:
            return len(collector.spans) >= 9

        await until(arrived)
    (root,) = [each for each in collector.spans if each.name == "look up"]
    theirs = {each.id: each for each in collector.spans if each.parent == root.id}
    ours = [each for each in collector.spans if each.service == "yoyaku-server" and each.parent in theirs]
    assert sorted(each.name for each in ours) == [
        "yoyaku.v1.AppointmentService/WatchAppointments",
        "yoyaku.v1.AppointmentService/WatchAppointments",
        "yoyaku.v1.DirectoryService/GetDoctor",
        "yoyaku.v1.DirectoryService/ListClinics",
    ]
    assert {each.trace for each in collector.spans} == {root.trace}
    watching = "yoyaku.v1.AppointmentService/WatchAppointments"
    for name in ("/yoyaku.v1.DirectoryService/", watching):
        assert {each.failed for each in theirs.values() if each.name.startswith(name)} == {False, True}
