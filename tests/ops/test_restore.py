"""Backups by Barman of a real server, and what is there, and who is told, after a restore."""

import base64
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.drills.backed_up import await_steps, backed_up_town, restore
from ops.drills.people import command
from server.backups.barman import Barman
from server.backups.keeping import Keeping
from server.backups.second_place import SecondPlace
from server.local.servers import database
from tests.faults.conftest import finds_primary, visiting
from tests.faults.town import Town
from tests.fixtures.callers import refusal
from tests.fixtures.feed import following
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client, Refusal
from tests.fixtures.workers import Fleet
from tests.ops.restores import backups_begin_again, ended, set_aside, signed_in, streams_after
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import auth_service_pb2 as auth_pb
from yoyaku.v1 import notification_service_pb2 as notices_pb
from yoyaku.v1 import record_service_pb2 as records_pb
from yoyaku.v1 import schedule_service_pb2 as schedules_pb

DAY = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()


@pytest.fixture(scope="module")
def backed_up() -> Iterator[Town]:
    """A town with a full backup."""
    with backed_up_town() as built:
        yield built


async def book(client: Client, patient: str, doctor: str, time_slot: str, day: str = DAY) -> Any:
    request = pb.CreateAppointmentRequest(patient_id=patient, doctor_id=doctor, date=day, time_slot=time_slot)
    return await client(client.appointments.CreateAppointment, request)


async def write_a_record(fleet: Fleet) -> None:
    """So that master keys and audit keys are needed."""
    book_ = fleet.book
    doctor, patient = await book_.doctor(await book_.clinic()), await book_.patient()
    [client, _] = await fleet.clients("patient", patient_id=patient)
    await book(client, patient, doctor, "09:00")
    [writer, _] = await fleet.clients("doctor", doctor_id=doctor)
    await writer(writer.records.CreateRecord, records_pb.CreateRecordRequest(patient_id=patient, text="penicillin"))


async def test_the_second_backup_is_incremental_and_both_are_listed(backed_up: Town) -> None:
    async with visiting(backed_up) as fleet:
        await write_a_record(fleet)
    done, said = await command(backed_up, "backup")
    assert done, said
    assert ", incremental, " in said
    done, said = await command(backed_up, "backups")
    assert done, said
    assert [line.split()[1] for line in said.splitlines()[1:3]] == ["incremental", "full"]
    assert "a year, of its month" in said
    assert "second place: 0 copies" not in said


def test_those_who_copy_to_the_second_place_at_once_take_turns_or_leave_it_to_each_other(backed_up: Town) -> None:
    # What takes backups all the time copies there, too.
    where, secret = (backed_up.environment[f"YOYAKU_SECOND_PLACE{end}"] for end in ("", "_PASSWORD"))
    place = SecondPlace(where, secret)
    barman = Barman(backed_up.home / "backups", "", Path())
    keeping = Keeping(barman, place, backed_up.database_url, print)
    with ThreadPoolExecutor(4) as pool:
        copying = [pool.submit(keeping.copy, wait=True, thin_out=True) for _ in range(3)]
        looking = pool.submit(lambda: [place.copies() for _ in range(5)])
        keeping.copy(wait=False, thin_out=True)
    assert [each.result() for each in copying] == [None] * 3
    assert all(looking.result())


async def test_a_restore_without_the_keys_is_refused_before_it_begins(backed_up: Town, tmp_path: Path) -> None:
    other = base64.b64encode(os.urandom(32)).decode()
    into = tmp_path / "restored"
    for name, told in (
        ("YOYAKU_KEY_ENCRYPTION_KEY", "the key encryption key is not the one of this backup"),
        ("YOYAKU_RECORD_MASTER_KEYS", "YOYAKU_RECORD_MASTER_KEYS lacks the key"),
        ("YOYAKU_RECORD_AUDIT_KEYS", "YOYAKU_RECORD_AUDIT_KEYS lacks the key"),
    ):
        done, said = await command(backed_up, "restore", "--to", "latest", "--into", str(into), **{name: other})
        assert (done, told in said, "nothing was restored" in said) == (False, True, True), said
    assert not into.exists()


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("yesterday", "is no time"),
        ("2026-01-01T09:00:00", "has no zone"),
        ("2026-01-01", "write 2026-01-01T00:00:00+09:00 for Tokyo"),
        ("2020-01-01T09:00:00+00:00", "choose a later time"),
        ("2099-01-01T09:00:00+00:00", "has not come yet"),
    ],
)
async def test_a_time_that_cannot_be_restored_is_refused(backed_up: Town, to: str, told: str) -> None:
    into = backed_up.home / "data" / "never"
    done, said = await command(backed_up, "restore", "--to", to, "--into", str(into))
    assert (done, told in said) == (False, True), said


async def test_a_check_restores_here_and_from_the_second_place_and_finds_what_is_wrong(backed_up: Town) -> None:
    primary = backed_up.servers[0]
    async with visiting(backed_up) as fleet:
        await write_a_record(fleet)
    done, said = await command(backed_up, "check-backup")
    assert done, said
    assert re.search("all constraints hold, [1-9] audit chains are whole", said), said
    await_steps(backed_up, "restore_check")
    nowhere = str(backed_up.home / "lost")
    done, said = await command(backed_up, "check-backup", "--from-second-place", YOYAKU_BACKUP_DIRECTORY=nowhere)
    assert done, said
    # A database that somebody else has restored, such as RDS.
    done, said = await command(backed_up, "check-backup", "--of", primary.url(database.NAME))
    assert done, said
    assert re.search("all constraints hold, [1-9] audit chains are whole", said), said
    # Somebody who is more than the application has tampered with the data.
    for statement in (
        "ALTER TABLE record_audit DISABLE TRIGGER USER",
        "UPDATE record_audit SET seq = seq + 1",
        "ALTER TABLE doctors DISABLE TRIGGER ALL",
        "UPDATE doctors SET clinic_id = gen_random_uuid()",
    ):
        primary.query(statement, database.NAME)
    done, said = await command(backed_up, "check-backup")
    assert not done
    assert "violates foreign key constraint" in said
    assert "row 1" in said
    for statement in ("UPDATE record_audit SET seq = seq - 1", "ALTER TABLE record_audit ENABLE TRIGGER USER"):
        primary.query(statement, database.NAME)


async def test_after_a_restore_everybody_begins_anew_and_nobody_is_told_twice(backed_up: Town) -> None:
    async with visiting(backed_up) as fleet:
        book_ = fleet.book
        clinic = await book_.clinic()
        doctor, patient = await book_.doctor(clinic), await book_.patient(email="sato@example.org")
        [client, _] = await fleet.clients("patient", patient_id=patient)
        [system, _] = await fleet.clients("system", clinic_ids=[clinic])
        [admin, _] = await fleet.clients("admin")
        kept = (await book(client, patient, doctor, "09:00")).appointment.id
        async with following(system, clinic) as feed:
            position = (await feed.message()).position
        before = await day(client, doctor)
        session = await signed_in(backed_up, client)
        # PostgreSQL restores what was committed up to this moment.
        time = str((await book_.rows("SELECT clock_timestamp()"))[0][0])
        lost = (await book(client, patient, doctor, "10:00")).appointment.id
        # Nothing that is restored lies behind this segment.
        branch = backed_up.servers[0].query("SELECT pg_walfile_name(pg_current_wal_lsn())")
        backed_up.servers[0].query("SELECT pg_switch_wal()")
        await book_.run("DROP TABLE appointment_events")
        await until(lambda: streams_after(backed_up, branch))
        for name in ("standby_1", "primary"):
            backed_up.parts[name].kill()
        said = await restore(backed_up, "--to", time)
        assert "notices are dead letters, UNKNOWN" in said
        assert "all sessions are ended" in said
        after = await until(lambda: day_of_new_epoch(client, doctor, before.epoch))
        assert [slot.time_slot for slot in after.slots][:2] == ["09:30", "10:00"]
        refresh = auth_pb.RefreshTokenRequest(refresh_token=session)
        assert (await refusal(client(client.auth.RefreshToken, refresh))).reason == "SESSION_ENDED"
        await finds_primary(book_.engine)
        booked = await book_.rows("SELECT id::text FROM appointments WHERE patient_id = %s", patient)
        assert (booked, lost == kept) == ([(kept,)], False)
        assert await book_.rows("SELECT FROM appointment_events WHERE appointment_id = %s", kept)
        async with following(system, clinic, position) as feed:
            assert (await refusal(feed.message())).reason == "FEED_COMPACTED"
        request = notices_pb.ListNotificationsRequest(appointment_id=kept)
        listed = await admin(admin.notifications.ListNotifications, request)
        assert {ended(each) for each in listed.notifications} == {
            ("CONFIRMATION", "DEAD", "UNKNOWN"),
            ("REMINDER", "PLANNED", "UNSPECIFIED"),
        }
        assert await book_.rows("SELECT FROM procrastinate_jobs WHERE task_name IN ('announce', 'deliver')") == []
    await backups_begin_again(backed_up)


async def test_a_restore_beside_a_running_server_leaves_its_stream_alone(backed_up: Town) -> None:
    before = set_aside(backed_up)
    # Nobody streams at the moment, as between two attempts.
    backed_up.parts["backup"].kill()
    into = backed_up.home / "data" / "beside"
    done, said = await command(backed_up, "restore", "--to", "latest", "--into", str(into))
    assert done, said
    await backed_up.parts["backup"].start_again()
    done, said = await command(backed_up, "backup")
    assert done, said
    assert set_aside(backed_up) == before


async def day(client: Client, doctor: str) -> Any:
    request = schedules_pb.ListAvailableSlotsRequest(doctor_id=doctor, date=DAY)
    return await client(client.schedules.ListAvailableSlots, request)


async def day_of_new_epoch(client: Client, doctor: str, old: int) -> Any:
    """The day as the restored database has it; None until it answers."""
    try:
        found = await day(client, doctor)
    except Refusal:
        return None
    return found if found.epoch > old + 1_000 else None
