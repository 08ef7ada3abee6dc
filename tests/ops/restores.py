"""What is looked at before and after a restore: streamed WAL, a session, notices."""

import asyncio
from pathlib import Path
from typing import Any

from ops.drills.people import command
from tests.faults.town import Town
from tests.fixtures.worker import Client
from yoyaku.v1 import auth_service_pb2 as auth_pb
from yoyaku.v1.notification_pb2 import NotificationKind, NotificationOutcome, NotificationStatus


async def backups_begin_again(place: Town) -> None:
    """The restored server has not written what was streamed last: its stream starts over, and so do backups.

    A backup that is asked for and what takes backups all the time may both begin with that.
    """
    part = place.parts["backup"]
    part.kill()
    _, (done, said) = await asyncio.gather(part.start_again(), command(place, "backup", "--full"))
    assert done, said
    assert len(set_aside(place)) == 1
    assert not part.process.ended


def set_aside(place: Town) -> set[Path]:
    return {*(place.home / "backups" / "yoyaku").glob("streaming.before-*")}


async def streams_after(place: Town, segment: str) -> bool:
    """Whether WAL is streamed that comes after a segment."""
    return any(path.name[:24] > segment for path in (place.home / "backups" / "yoyaku" / "streaming").glob("0*"))


async def signed_in(place: Town, client: Client) -> str:
    """The refresh token of somebody who signs in for the first time."""
    done, token = await command(place, "invite-admin", "suzuki@example.org")
    assert done, token
    password = "a long enough password"
    await client(client.auth.SetPassword, auth_pb.SetPasswordRequest(set_password_token=token, password=password))
    request = auth_pb.LoginRequest(email="suzuki@example.org", password=password)
    return str((await client(client.auth.Login, request)).refresh_token)


def ended(notice: Any) -> tuple[str, ...]:
    """What a notice says, and what became of it."""
    names = (
        NotificationKind.Name(notice.kind),
        NotificationStatus.Name(notice.status),
        NotificationOutcome.Name(notice.outcome),
    )
    return tuple(name.split("_", 2)[2] for name in names)
