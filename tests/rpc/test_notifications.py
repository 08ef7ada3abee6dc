"""NotificationService: who may see what is sent, and have dead letters tried again."""

import uuid
from typing import Any

import grpc
import pytest

from tests.fixtures.callers import all_pages, everyone, refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay, notifying
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client, settings_for
from yoyaku.v1 import notification_pb2
from yoyaku.v1 import notification_service_pb2 as pb

DEAD = notification_pb2.NOTIFICATION_STATUS_DEAD


@pytest.fixture
async def admin(scene: Scene) -> Client:
    """An admin, and a patient who can be reached."""
    await scene.book.run("UPDATE patients SET email = 'ken@example.org' WHERE id = %s", scene.patient_id)
    return await scene.worker.client("admin")


def find(caller: Client, **fields: Any) -> Any:
    return caller(caller.notifications.ListNotifications, pb.ListNotificationsRequest(**fields))


def retry(caller: Client, notification_id: str, **fields: Any) -> Any:
    request = pb.RetryNotificationRequest(notification_id=notification_id, **fields)
    return caller(caller.notifications.RetryNotification, request)


async def planned(scene: Scene, database_url: str, valkey_urls: dict[str, str], smtp_url: str, count: int) -> None:
    """Run a notification worker until it has sent, or not, and planned so much."""
    settings = settings_for(database_url, **valkey_urls, smtp_url=smtp_url, provider_timeout_seconds=1)

    async def done() -> bool:
        [(settled,)] = await scene.book.rows(
            "SELECT count(*) FROM notifications WHERE status NOT IN ('waiting', 'sending')"
        )
        return settled == count

    async with notifying(settings, scene.book.clock):
        await until(done)


async def test_notifications_are_listed_the_newest_first(
    scene: Scene, admin: Client, relay: Relay, database_url: str, valkey_urls: dict[str, str]
) -> None:
    booked = [(await scene.book_slot(slot)).appointment.id for slot in ("09:30", "10:30", "11:30")]
    await planned(scene, database_url, valkey_urls, relay.url, 6)
    rows = await all_pages(lambda token: find(admin, size=2, page_token=token), lambda page: page.notifications)
    assert [row.id for row in rows] == sorted((row.id for row in rows), reverse=True)
    assert len(rows) == 6
    about_it = (await find(admin, appointment_id=booked[1].upper())).notifications
    confirmation, reminder = sorted(about_it, key=lambda row: row.kind)
    assert reminder.status == notification_pb2.NOTIFICATION_STATUS_PLANNED
    assert reminder.expire_time.seconds - reminder.due_time.seconds == 24 * 60 * 60
    assert confirmation.kind == notification_pb2.NOTIFICATION_KIND_CONFIRMATION
    assert (confirmation.status, confirmation.attempts) == (notification_pb2.NOTIFICATION_STATUS_SENT, 1)
    assert (await find(admin, status=DEAD)).notifications == []
    token = (await find(admin, size=1)).next_page_token
    assert (await refusal(find(admin, size=1, status=DEAD, page_token=token))).reason == "PAGE_TOKEN_INVALID"


async def test_a_dead_letter_is_tried_again_once_for_each_wish(
    scene: Scene, admin: Client, relay: Relay, database_url: str, valkey_urls: dict[str, str]
) -> None:
    relay.answers["*"] = "550 not today"
    await scene.book_slot("09:30")
    await planned(scene, database_url, valkey_urls, relay.url, 2)
    [dead] = (await find(admin, status=DEAD)).notifications
    assert dead.outcome == notification_pb2.NOTIFICATION_OUTCOME_REFUSED
    wish = str(uuid.uuid4())
    first = await retry(admin, dead.id, request_id=wish)
    assert first.notification.status == notification_pb2.NOTIFICATION_STATUS_WAITING
    assert await retry(admin, dead.id, request_id=wish) == first
    again = await refusal(retry(admin, dead.id))
    assert (again.code, again.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NOTIFICATION_NOT_DEAD")
    assert again.metadata == {"status": "WAITING"}
    relay.answers.clear()
    await planned(scene, database_url, valkey_urls, relay.url, 2)
    assert len(relay.mails) == 1
    assert (await refusal(retry(admin, str(uuid.uuid4())))).reason == "NOTIFICATION_NOT_FOUND"


async def test_only_admins_see_and_retry(scene: Scene) -> None:
    for name, caller in (await everyone(scene)).items():
        reasons = ["", "NOTIFICATION_NOT_FOUND"] if name == "admin" else ["NOT_ALLOWED"] * 2
        listed = "" if name == "admin" and await find(caller) else (await refusal(find(caller))).reason
        assert [listed, (await refusal(retry(caller, str(uuid.uuid4())))).reason] == reasons, name
