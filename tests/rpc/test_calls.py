"""What holds for every call: identity, deadlines, request ids, errors that say no more than they should."""

import asyncio
import base64
from importlib.metadata import version
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from db.postgres.cluster.engines import connection
from server.rpc.health import VERSION_KEY
from server.rpc.reflection import QUESTIONS
from server.wiring import wired
from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client, Refusal, settings_for
from tests.rpc.slot_calls import asks, refused
from yoyaku.v1 import auth_service_pb2, auth_service_pb2_grpc
from yoyaku.v1 import schedule_service_pb2 as pb

SERVICES = ("AppointmentService", "AuthService", "DirectoryService", "ScheduleService")


async def test_identity_is_checked_before_the_request(scene: Scene) -> None:
    refusal = await refused(scene.worker.stranger(), pb.ListAvailableSlotsRequest())
    assert refusal.reason == "TOKEN_MISSING"


async def test_bytes_that_are_no_request_are_refused_as_such(scene: Scene) -> None:
    call: Any = scene.worker.channel.unary_unary("/yoyaku.v1.ScheduleService/ListAvailableSlots")
    for raw in (b"\x12\x02\xff\xfe", b"\xff\xff"):
        with pytest.raises(grpc.aio.AioRpcError) as info:
            await call(raw, metadata=scene.patient.metadata)
        refusal = Refusal.of(info.value)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
        with pytest.raises(grpc.aio.AioRpcError) as info:
            await call(raw)
        assert Refusal.of(info.value).reason == "TOKEN_MISSING"


async def test_signing_keys_are_public_and_hold_no_secret(scene: Scene) -> None:
    stub = auth_service_pb2_grpc.AuthServiceStub(scene.worker.channel)
    [key] = (await stub.GetSigningKeys(auth_service_pb2.GetSigningKeysRequest())).keys
    assert (key.kty, key.crv, key.alg, key.use) == ("OKP", "Ed25519", "EdDSA", "sig")
    raw = base64.urlsafe_b64decode(key.x + "=")
    [(public, sealed)] = await scene.book.rows("SELECT public_key, private_key_encrypted FROM signing_keys")
    assert isinstance(sealed, bytes)
    assert raw == public
    _, private = await scene.worker.parts.keys.private()
    assert private.private_bytes_raw() not in sealed


async def test_a_call_gets_its_request_id_back(scene: Scene) -> None:
    for given, expected in (("trace-me-0001", "trace-me-0001"), ("no good; DROP", None)):
        call = scene.patient.schedules.ListAvailableSlots(
            asks(scene), metadata=(*scene.patient.metadata, ("x-request-id", given))
        )
        await call
        found = (await call.trailing_metadata())["x-request-id"]
        assert found == expected if expected else len(found) == 32


async def test_nothing_of_an_answer_is_sent_before_the_rest(scene: Scene) -> None:
    over_rest = ("x-envoy-original-method", "GET")
    call = scene.patient.schedules.GetSchedule(
        pb.GetScheduleRequest(doctor_id=scene.doctor_id), metadata=(*scene.patient.metadata, over_rest)
    )
    assert not list(await call.initial_metadata())
    assert "etag" in dict(list(await call.trailing_metadata()))


async def test_a_deadline_that_cannot_be_met_is_refused_early(scene: Scene) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as info:
        await scene.patient.schedules.ListAvailableSlots(
            asks(scene), metadata=scene.patient.metadata, timeout=0.000_001
        )
    assert info.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_call_ends_at_its_deadline_and_frees_what_it_held(scene: Scene) -> None:
    async with connection(scene.book.engine) as pg:
        await pg.execute("BEGIN")
        await pg.execute("LOCK TABLE appointments IN ACCESS EXCLUSIVE MODE")
        refused = await refusal(scene.patient(scene.patient.schedules.ListAvailableSlots, asks(scene), seconds=0.3))
        assert refused.code is grpc.StatusCode.DEADLINE_EXCEEDED

        async def waits_no_more() -> bool:
            return not await scene.book.waits_for_a_lock()

        # Without the deadline it would wait for `lock_timeout`, four seconds.
        await until(waits_no_more, 3)
        await pg.execute("ROLLBACK")
    assert await scene.free()


async def test_who_a_caller_is_and_the_answer_share_one_deadline(scene: Scene, database_url: str, clock: Clock) -> None:
    async with wired(settings_for(database_url), clock) as parts, connection(scene.book.engine) as keys:
        port = await parts.server.start("127.0.0.1:0")
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel, connection(scene.book.engine) as pg:
            client = Client(channel, "")
            client.metadata = scene.patient.metadata
            for locked, table in ((keys, "signing_keys"), (pg, "appointments")):
                await locked.execute("BEGIN")
                await locked.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            call = asyncio.create_task(refused(client, asks(scene), seconds=2))
            await asyncio.sleep(1)
            await keys.execute("ROLLBACK")
            # The server's own end comes in time to say why; the caller's would have no reason.
            assert (await call).reason == "DEADLINE_PASSED"
            await pg.execute("ROLLBACK")
            await asyncio.sleep(0.3)  # the statement that was cut off gives its connection back
        await parts.server.stop(0)


async def test_a_lost_connection_is_made_anew_without_a_caller_noticing(scene: Scene) -> None:
    await scene.free()
    await scene.book.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert await scene.free()
    await scene.book.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await scene.book_slot("10:00")


async def test_a_lost_database_is_unavailable_with_a_hint_when_to_return(scene: Scene, clock: Clock) -> None:
    settings = settings_for("postgresql://nobody:x@127.0.0.1:1/none")
    async with wired(settings, clock) as parts:
        parts.tokens._verified.update(scene.worker.parts.tokens._verified)  # noqa: SLF001
        port = await parts.server.start("127.0.0.1:0")
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            client = Client(channel, "")
            client.metadata = scene.patient.metadata
            await scene.free()
            parts.tokens._verified.update(scene.worker.parts.tokens._verified)  # noqa: SLF001
            refusal = await refused(client, asks(scene))
            health = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        await parts.server.stop(0)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
    assert refusal.retry_seconds == 2
    assert health.status == health_pb2.HealthCheckResponse.SERVING


async def test_a_full_pool_is_said_to_be_overloaded(scene: Scene, database_url: str, clock: Clock) -> None:
    settings = settings_for(database_url, pool_size=1, pool_wait_seconds=0.1)
    async with wired(settings, clock) as parts:
        port = await parts.server.start("127.0.0.1:0")
        await scene.free()
        parts.tokens._verified.update(scene.worker.parts.tokens._verified)  # noqa: SLF001
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel, connection(parts.engine):
            client = Client(channel, "")
            client.metadata = scene.patient.metadata
            refusal = await refused(client, asks(scene))
        await parts.server.stop(0)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert refusal.retry_seconds == 1


async def test_an_unknown_failure_tells_its_request_id_and_nothing_else(scene: Scene) -> None:
    await scene.book.run("ALTER TABLE clinics RENAME COLUMN buffer_minutes TO secret_of_sato_ken")
    refusal = await refused(scene.patient, asks(scene))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL_ERROR")
    assert refusal.metadata["request_id"] in refusal.message
    assert "secret" not in refusal.message


async def test_each_service_has_health_and_is_reflected(scene: Scene) -> None:
    stub = health_pb2_grpc.HealthStub(scene.worker.channel)
    for name in SERVICES:
        check = stub.Check(health_pb2.HealthCheckRequest(service=f"yoyaku.v1.{name}"))
        assert (await check).status == health_pb2.HealthCheckResponse.SERVING
        assert (await check.trailing_metadata())[VERSION_KEY] == version("yoyaku")
    reflection = reflection_pb2_grpc.ServerReflectionStub(scene.worker.channel)
    question = reflection_pb2.ServerReflectionRequest(list_services="")
    answers = [each async for each in reflection.ServerReflectionInfo(iter([question]))]
    listed = {service.name for service in answers[0].list_services_response.service}
    assert {f"yoyaku.v1.{name}" for name in SERVICES} <= listed
    with pytest.raises(grpc.aio.AioRpcError) as too_many:
        [each async for each in reflection.ServerReflectionInfo(iter([question] * (QUESTIONS + 1)))]
    assert too_many.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    await scene.worker.parts.server.turn_away()
    answer = await stub.Check(health_pb2.HealthCheckRequest(service="yoyaku.v1.AppointmentService"))
    assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert await scene.free()
