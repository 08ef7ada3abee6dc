"""The Valkey that keeps refresh tokens is lost with its disk: people sign in again, and nothing else stops."""

import asyncio
import shutil
import time
from dataclasses import replace

from ops.drills.frame import Drill, Findings
from ops.drills.people import working
from tests.faults.conftest import visiting
from tests.faults.town import town
from tests.fixtures.callers import refusal
from tests.fixtures.people import PASSWORD
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client, Refusal
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1.account_role_pb2 import AccountRole

EMAIL = "desk@example.org"
SECONDS = 1.5
"""Of undisturbed load, before and after."""


async def lose_token_store() -> Findings:
    """RPO is that of writes; all sessions are lost, which costs each person one sign-in."""
    with town() as place:
        async with visiting(place) as fleet:
            [admin, _] = await fleet.clients("admin")
            desk = Client(fleet.channels[0], "")
            await _join(admin, desk)
            tokens = await _login(desk)
            async with working(place, fleet) as clinic:
                await asyncio.sleep(SECONDS)
                lost_at = time.monotonic()
                place.parts["valkey"].kill()
                shutil.rmtree(place.home / "valkey")
                await place.parts["valkey"].start_again()
                await until(lambda: _login_or_nothing(desk))
                back_at = time.monotonic()
                await clinic.serves_again()
                await asyncio.sleep(SECONDS)
            ended = await refusal(desk(desk.auth.RefreshToken, pb.RefreshTokenRequest(refresh_token=tokens)))
            found = await clinic.findings(lost_at, back_at, remark="RTO: until people can sign in; bookings go on")
            flaws = [] if ended.reason == "SESSION_ENDED" else [f"an old session is answered {ended.reason}"]
            return replace(found, flaws=[*found.flaws, *flaws])


async def _join(admin: Client, desk: Client) -> None:
    request = pb.InviteAccountRequest(email=EMAIL, role=AccountRole.ACCOUNT_ROLE_ADMIN)
    invited = await admin(admin.auth.InviteAccount, request)
    token = pb.SetPasswordRequest(set_password_token=invited.set_password_token, password=PASSWORD)
    await desk(desk.auth.SetPassword, token)


async def _login(desk: Client) -> str:
    return str((await desk(desk.auth.Login, pb.LoginRequest(email=EMAIL, password=PASSWORD))).refresh_token)


async def _login_or_nothing(desk: Client) -> str:
    try:
        return await _login(desk)
    except Refusal:
        return ""


DRILLS = [
    Drill(
        name="token-store",
        loss="the Valkey of refresh tokens, with its disk",
        run=lose_token_store,
        most_rto_seconds=30,
    )
]
