"""Lists of appointments: who sees what, in which order, page by page, in one statement."""

import base64
from itertools import chain

import grpc
import pytest

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.worker import Client
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import APPOINTMENT_STATUS_CANCELLED, APPOINTMENT_STATUS_SCHEDULED

DAYS = [f"2026-03-{day:02}" for day in range(3, 28)]


async def fill(scene: Scene, days: list[str] = DAYS) -> list[str]:
    """One appointment a day; their ids by date."""
    return [(await scene.book_slot("09:00", date=day)).appointment.id for day in days]


def ids(response: object) -> list[str]:
    return [appointment.id for appointment in response.appointments]  # type: ignore[attr-defined]


async def test_pages_by_number_and_by_token_cover_everything_once(scene: Scene) -> None:
    expected = await fill(scene)
    for sort, wanted in (("appointment_date,asc", expected), ("appointment_date,desc", expected[::-1])):
        numbered = [ids(await scene.list(page=page, size=10, sort=sort)) for page in range(4)]
        assert [len(each) for each in numbered] == [10, 10, 5, 0]
        assert list(chain.from_iterable(numbered)) == wanted
        found, token = [], ""
        while True:
            page = await scene.list(size=10, sort=sort, page_token=token)
            found += ids(page)
            token = page.next_page_token
            if not token:
                break
        assert found == wanted


async def test_a_page_token_keeps_its_place_while_others_book(scene: Scene) -> None:
    expected = await fill(scene, DAYS[1:11])
    first = await scene.list(size=5)
    await scene.book_slot("09:00", date=DAYS[0])
    assert ids(await scene.list(size=10, page_token=first.next_page_token)) == expected[5:]


async def test_pages_past_a_thousand_rows_and_strange_tokens_are_refused(scene: Scene) -> None:
    refused = await refusal(scene.list(page=10, size=100))
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOO_DEEP")
    assert ids(await scene.list(page=9, size=100)) == []
    await fill(scene, DAYS[:3])
    token = (await scene.list(size=1)).next_page_token
    parts = base64.urlsafe_b64decode(token + "==").decode().split(",")
    forged = [
        base64.urlsafe_b64encode(",".join(each).encode()).decode()
        for each in (
            ["0", "1"],
            [*parts[:3], "1"],
            [parts[0], "1", *parts[2:]],
            ["0", *parts[1:]],
            [*parts, "1"],
            ["0"],
        )
    ]
    forged.append(base64.urlsafe_b64encode(b"\xff").decode())
    wrong = ({"page_token": token, "sort": "appointment_date,desc"}, *({"page_token": each} for each in ("?", *forged)))
    for fields in wrong:
        refused = await refusal(scene.list(**fields))
        assert refused.reason == "PAGE_TOKEN_INVALID"


async def test_one_may_list_by_state_doctor_and_clinic(scene: Scene) -> None:
    mine = await scene.book_slot("09:00")
    other = await scene.book_slot("09:30", patient_id=scene.other_id)
    await scene.cancel(mine.appointment)
    assert ids(await scene.list(status=[APPOINTMENT_STATUS_CANCELLED])) == [mine.appointment.id]
    assert ids(await scene.list(status=[APPOINTMENT_STATUS_SCHEDULED])) == []
    both = [mine.appointment.id, other.appointment.id]
    assert ids(await scene.list(scene.staff, doctor_id=scene.doctor_id, date=TUESDAY)) == both
    assert ids(await scene.list(scene.staff, clinic_id=scene.clinic_id, date=TUESDAY)) == both
    assert ids(await scene.list(scene.staff, clinic_id=scene.clinic_id, date=DAYS[1])) == []


async def test_everyone_sees_only_what_concerns_them(scene: Scene) -> None:
    booked = await scene.book_slot("09:00")
    by_doctor = {"doctor_id": scene.doctor_id, "date": TUESDAY}
    other_doctor = await scene.book.doctor(scene.clinic_id)
    seen = {
        "patient": (scene.patient, True),
        "other patient": (scene.other, False),
        "doctor": (await scene.worker.client("doctor", doctor_id=scene.doctor_id), True),
        "other doctor": (await scene.worker.client("doctor", doctor_id=other_doctor), False),
        "staff": (scene.staff, True),
        "staff elsewhere": (await scene.worker.client("staff", clinic_ids=[await scene.book.clinic()]), False),
        "admin": (await scene.worker.client("admin"), True),
    }
    for name, (caller, sees) in seen.items():
        expected = [booked.appointment.id] if sees else []
        assert ids(await scene.list(caller, **by_doctor)) == expected, name
        assert ids(await scene.list(caller, patient_id=scene.patient_id)) == expected, name
    refused = await refusal(scene.list(await scene.worker.client("display", clinic_ids=[scene.clinic_id]), **by_doctor))
    assert refused.reason == "NOT_ALLOWED"


@pytest.mark.parametrize(
    "fields",
    [
        {"doctor_id": "019ab0c2-7d10-7c3e-9a4f-0242ac120003"},
        {"clinic_id": "019ab0c2-7d10-7c3e-9a4f-0242ac120003", "patient_id": "019ab0c2-7d10-7c3e-9a4f-0242ac120003"},
        {"page": 0, "page_token": "x"},
        {"size": 101},
        {"sort": "name"},
        {"date": "tomorrow"},
        {"status": [99]},
    ],
)
async def test_lists_that_make_no_sense_are_refused(scene: Scene, fields: dict[str, object]) -> None:
    refused = await refusal(scene.list(**fields))  # type: ignore[arg-type]
    assert refused.reason == "INVALID_REQUEST"


async def test_a_list_is_one_statement_however_long(scene: Scene) -> None:
    await scene.book.run("CREATE EXTENSION pg_stat_statements")
    await fill(scene)
    await scene.list(size=100)
    before = await statements(scene)
    assert len((await scene.list(size=100)).appointments) == len(DAYS)
    assert await statements(scene) == before + 1


async def statements(scene: Scene) -> int:
    """How many statements PostgreSQL has run for the worker's pool, by its own count."""
    [[count]] = await scene.book.rows(
        "SELECT coalesce(sum(calls), 0)::int FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid"
        " WHERE datname = current_database() AND query NOT LIKE '%%pg_stat_statements%%'"
        " AND query NOT IN ('BEGIN', 'COMMIT', 'ROLLBACK')"
    )
    return int(str(count))


async def test_a_batch_comes_in_the_order_asked_for_or_not_at_all(scene: Scene) -> None:
    wanted = (await fill(scene, DAYS[:3]))[::-1]

    async def batch(caller: Client, appointment_ids: list[str]) -> list[str]:
        request = pb.BatchGetAppointmentsRequest(appointment_ids=appointment_ids)
        return ids(await caller(caller.appointments.BatchGetAppointments, request))

    assert await batch(scene.staff, wanted) == wanted
    doctor = await scene.worker.client("doctor", doctor_id=scene.doctor_id)
    assert await batch(doctor, wanted[:1]) == wanted[:1]
    elsewhere = await scene.worker.client("staff", clinic_ids=[await scene.book.clinic()])
    for caller, appointment_ids, reason in (
        (scene.staff, [*wanted, scene.doctor_id], "APPOINTMENT_NOT_FOUND"),
        (elsewhere, wanted, "APPOINTMENT_NOT_FOUND"),
        (scene.patient, wanted, "NOT_ALLOWED"),
        (scene.staff, [], "INVALID_REQUEST"),
    ):
        refused = await refusal(batch(caller, appointment_ids))
        assert refused.reason == reason
