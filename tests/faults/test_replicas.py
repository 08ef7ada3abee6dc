"""Reads from a replica: near the primary, with what the caller wrote; and what happens when one of them is away."""

import asyncio
import signal
import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import grpc
import pytest

from server.local.servers.postgres import PostgresServer
from server.rpc.calls.read_marks import READ_MARK, STALENESS
from tests.faults.desk import TIMES, Desk, next_day
from tests.faults.town import Town
from tests.fixtures.callers import refusal
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client, Refusal
from tests.fixtures.workers import Fleet
from yoyaku.v1 import record_service_pb2 as records_pb
from yoyaku.v1 import report_service_pb2 as reports_pb
from yoyaku.v1.report_pb2 import ReportKind


async def test_who_wrote_reads_it_from_whatever_server_and_others_a_little_later(desk: Desk, place: Town) -> None:
    standby = place.servers[1]
    standby.query("ALTER SYSTEM SET recovery_min_apply_delay = '150ms'; SELECT pg_reload_conf()")
    try:
        stale = stale_to_others = stale_with_mark = 0
        before, day = desk.reads_of_the_standby(), next_day()
        for number, time_slot in enumerate(TIMES):
            appointment_id, mark = await desk.book(day, time_slot)
            mine, others, marked = await asyncio.gather(
                desk.seen(desk.writer[number % 2]),
                desk.seen(desk.other[number % 2]),
                desk.seen(desk.other[1 - number % 2], (READ_MARK, str(mark))),
            )
            stale += appointment_id not in mine[0]
            stale_to_others += appointment_id not in others[0]
            stale_with_mark += appointment_id not in marked[0]
        assert (stale, stale_with_mark) == (0, 0)
        assert stale_to_others > 0
        assert desk.reads_of_the_standby() - before >= stale_to_others
    finally:
        standby.query("ALTER SYSTEM RESET recovery_min_apply_delay; SELECT pg_reload_conf()")


async def test_a_primary_that_writes_nothing_leaves_no_replica_behind(desk: Desk) -> None:
    await asyncio.sleep(1.5)
    await until(desk.is_answered_by_the_standby)


async def test_a_replica_that_stands_still_is_left_and_taken_back(desk: Desk, place: Town) -> None:
    standby, day = place.servers[1], next_day()
    standby.query("SELECT pg_wal_replay_pause()")
    try:
        appointment_id, _ = await desk.book(day, TIMES[0])
        await until(desk.is_answered_by_the_primary)
        for client in (*desk.writer, *desk.other):
            assert appointment_id in (await desk.seen(client))[0]
    finally:
        standby.query("SELECT pg_wal_replay_resume()")
    await until(desk.is_answered_by_the_standby)


async def test_reports_are_read_from_the_replica_and_never_from_the_primary(
    desk: Desk, fleet: Fleet, place: Town
) -> None:
    [(clinic_id,)] = await fleet.book.rows("SELECT clinic_id::text FROM doctors WHERE id = %s", desk.doctor_id)
    staff = (await fleet.clients("staff", clinic_ids=[clinic_id]))[0]
    today = datetime.now(UTC).date().isoformat()
    days: dict[str, Any] = {"clinic_id": clinic_id, "from_date": today, "to_date": today}

    async def only_the_replica_was_asked() -> bool:
        before = [statements(server) for server in place.servers]
        await staff(staff.reports.GetClinicDay, reports_pb.GetClinicDayRequest(clinic_id=str(clinic_id)))
        await staff(staff.reports.GetUtilization, reports_pb.GetUtilizationRequest(**days))
        await staff(staff.reports.GetWaits, reports_pb.GetWaitsRequest(**days))
        await staff(staff.reports.GetNoShows, reports_pb.GetNoShowsRequest(**days))
        kind = ReportKind.REPORT_KIND_WAITS
        await staff(staff.reports.ExportReport, reports_pb.ExportReportRequest(**days, report=kind))
        primary, replica = (statements(server) - past for server, past in zip(place.servers, before, strict=True))
        # For each call its clinic, doctors and types, then what is reported: four statements for a clinic's day.
        return replica.total() >= 5 * 3 + 4 + 4 and not primary.keys() & replica.keys()

    # A replica that is late for a moment is not asked.
    await until(only_the_replica_was_asked)


def statements(server: PostgresServer) -> Counter[str]:
    """How often each statement about a clinic was run, by its id, which is the same on all servers of a cluster."""
    query = (
        "SELECT queryid, sum(calls) FROM pg_stat_statements"
        " WHERE query ~ 'appointments|clinics|doctors|lanes|appointment_types' GROUP BY queryid"
    )
    rows = (line.split("|") for line in server.query(query, "yoyaku").splitlines())
    return Counter({query_id: int(calls) for query_id, calls in rows})


async def test_a_replica_that_hangs_costs_one_wait_and_is_taken_back(desk: Desk, place: Town) -> None:
    part = place.parts["standby_1"]
    part.send(signal.SIGSTOP)
    try:
        begin = time.monotonic()
        for number in range(20):
            await desk.seen(desk.writer[number % 2])
        assert time.monotonic() - begin < 10
    finally:
        part.send(signal.SIGCONT)
    await until(desk.is_answered_by_the_standby)


async def test_without_valkey_the_primary_answers_and_writes_do_not_wait(desk: Desk, place: Town) -> None:
    place.parts["valkey"].kill()
    try:
        await desk.book(day := next_day(), TIMES[0])
        begin = time.monotonic()
        for time_slot in TIMES[1:]:
            appointment_id, _ = await desk.book(day, time_slot)
            assert appointment_id in (await desk.seen(desk.writer[1]))[0]
        # A wait of a quarter of a second in each of these forty-six calls would be over eleven seconds.
        assert time.monotonic() - begin < 10
        assert await desk.is_answered_by_the_primary()
    finally:
        await place.parts["valkey"].start_again()


async def test_without_the_primary_no_text_of_a_record_leaves_though_the_replica_has_it(
    desk: Desk, fleet: Fleet, place: Town
) -> None:
    await desk.book(next_day(), TIMES[0])
    doctor, _ = await fleet.clients("doctor", doctor_id=desk.doctor_id)
    new = records_pb.CreateRecordRequest(patient_id=desk.patient_id, text="not for everyone")
    written = (await doctor(doctor.records.CreateRecord, new)).record
    wanted = records_pb.GetRecordRequest(record_id=written.id)

    async def is_refused() -> Refusal | None:
        try:
            await doctor(doctor.records.GetRecord, wanted)
        except Refusal as refused:
            return refused
        return None

    place.parts["primary"].kill()
    try:
        refused = await until(is_refused)  # a process of it may answer one more call
        assert refused
        assert refused.reason == "DATABASE_UNAVAILABLE"
    finally:
        await place.parts["primary"].start_again()

    async def is_readable_again() -> bool:
        return await is_refused() is None

    await until(is_readable_again)
    assert (await doctor(doctor.records.GetRecord, wanted)).record == written


async def test_without_the_primary_a_replica_answers_and_says_so_but_not_who_wrote_more_than_it_has(
    desk: Desk, place: Town
) -> None:
    standby, primary = place.servers[1], place.parts["primary"]
    known, _ = await desk.book(day := next_day(), TIMES[0])
    await place.caught_up()
    standby.query("SELECT pg_wal_replay_pause()")
    unknown, mark = await desk.book(day, TIMES[1])
    await place.received(mark)
    primary.kill()
    try:
        await until(lambda: _is_marked(desk, desk.other[1]))
        seen, metadata = await desk.seen(desk.other[1])
        assert known in seen
        assert unknown not in seen
        assert 0 < float(metadata[STALENESS]) < 30
        refused = await refusal(desk.seen(desk.writer[1]))
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
        assert refused.retry_seconds
        # Of those who share a read each is told what holds for them.
        fresh, callers = next_day(), [*[desk.other[1]] * 3, desk.writer[1]]
        shared = await asyncio.gather(*(desk.slots(each, fresh) for each in callers), return_exceptions=True)
        assert all(isinstance(each, dict) and STALENESS in each for each in shared[:-1])
        assert isinstance(shared[-1], Refusal)
        assert shared[-1].reason == "DATABASE_UNAVAILABLE"
        standby.query("SELECT pg_wal_replay_resume()")
        await until(lambda: _sees(desk, desk.writer[1], unknown))
        with pytest.raises(grpc.aio.AioRpcError):
            await desk.book(day, TIMES[2])
    finally:
        standby.query("SELECT pg_wal_replay_resume()")
        await primary.start_again()
    await _has_its_primary_again(desk)


async def test_all_who_waited_for_a_hanging_primary_are_answered_by_the_replica(desk: Desk, place: Town) -> None:
    await place.caught_up()
    place.parts["primary"].send(signal.SIGSTOP)
    try:
        await asyncio.sleep(1.1)  # the replica counts as fresh no longer, and the primary not yet as lost
        answers = await asyncio.gather(*(desk.seen(desk.other[number % 2]) for number in range(150)))
    finally:
        place.parts["primary"].send(signal.SIGCONT)
    assert all(STALENESS in metadata for _, metadata in answers)
    await _has_its_primary_again(desk)


async def _has_its_primary_again(desk: Desk) -> None:
    await until(partial(_writes, desk, next_day(), str(uuid4())))
    for client in desk.other:
        await until(lambda client=client: _is_current(desk, client))  # type: ignore[misc]
    await until(desk.is_answered_by_the_standby)


async def _sees(desk: Desk, client: Client, appointment_id: str) -> bool:
    try:
        return appointment_id in (await desk.seen(client))[0]
    except Refusal as refused:
        if refused.code is not grpc.StatusCode.UNAVAILABLE:
            raise
        return False


async def _is_marked(desk: Desk, client: Client) -> bool:
    return await _is_stale(desk, client) is True


async def _is_current(desk: Desk, client: Client) -> bool:
    return await _is_stale(desk, client) is False


async def _is_stale(desk: Desk, client: Client) -> bool | None:
    """Whether an answer is marked as stale; None without one: a new worker does not yet know who wrote nothing."""
    try:
        return STALENESS in (await desk.seen(client))[1]
    except Refusal as refused:
        if refused.code is not grpc.StatusCode.UNAVAILABLE:
            raise
        return None


async def _writes(desk: Desk, day: str, request_id: str) -> bool:
    """Whether a booking is acknowledged; its id makes it safe to send again after an answer that was lost."""
    try:
        await desk.book(day, TIMES[3], request_id)
    except grpc.aio.AioRpcError:
        return False
    return True
