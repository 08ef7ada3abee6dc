"""Displays and hospital systems: how they get their credentials and access tokens, and lose them."""

import uuid
from dataclasses import dataclass, replace
from typing import Any

import grpc
import jwt
import pytest

from db.errors import ConstraintViolated
from server.wiring import wired
from tests.fixtures.callers import everyone, refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.worker import Client, Worker, settings_for
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1 import queue_service_pb2 as queue_pb
from yoyaku.v1.display_pb2 import DISPLAY_KIND_KIOSK


@dataclass(frozen=True)
class Devices:
    """Devices of the scene's clinic, and the staff who care for them."""

    scene: Scene

    async def pair(self, worker: Worker | None = None) -> Any:
        stranger = (worker or self.scene.worker).stranger()
        return await stranger(stranger.auth.PairDisplay, pb.PairDisplayRequest())

    async def confirm(self, code: str, client: Client | None = None, **fields: Any) -> Any:
        staff = client or self.scene.staff
        defaults = {"clinic_id": self.scene.clinic_id, "name": "Waiting room 2"}
        request = pb.ConfirmDisplayRequest(pairing_code=code, **defaults | fields)
        return (await staff(staff.auth.ConfirmDisplay, request)).display

    async def exchange(self, device_token: str) -> Any:
        stranger = self.scene.worker.stranger()
        return await stranger(
            stranger.auth.ExchangeDeviceToken, pb.ExchangeDeviceTokenRequest(device_token=device_token)
        )

    async def revoke(self, display_id: str, client: Client | None = None) -> Any:
        staff = client or self.scene.staff
        return await staff(staff.auth.RevokeDisplay, pb.RevokeDisplayRequest(display_id=display_id))

    async def names(self) -> list[str]:
        staff = self.scene.staff
        found = await staff(staff.auth.ListDisplays, pb.ListDisplaysRequest(clinic_id=self.scene.clinic_id))
        return [each.name for each in found.displays]


@pytest.fixture
def devices(scene: Scene) -> Devices:
    return Devices(scene)


async def test_a_display_shows_a_code_that_staff_confirm_and_then_gets_tokens(devices: Devices) -> None:
    scene = devices.scene
    pairing = await devices.pair()
    early = await refusal(devices.exchange(pairing.device_token))
    assert (early.code, early.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "DISPLAY_NOT_CONFIRMED")
    assert early.retry_seconds == 3
    display = await devices.confirm(pairing.pairing_code.lower())
    assert (display.name, display.clinic_id) == ("Waiting room 2", scene.clinic_id)
    answer = await devices.exchange(pairing.device_token)
    assert (answer.account_id, answer.expires_in, answer.clinic_ids) == (display.id, 900, [scene.clinic_id])
    claims = jwt.decode(answer.access_token, options={"verify_signature": False})
    assert (claims["sub"], claims["roles"]) == (display.id, ["display"])
    assert await scene.slots(client=scene.worker.stranger(answer.access_token))
    assert await devices.names() == ["Waiting room 2"]


async def test_a_screen_may_show_several_clinics_if_its_confirmer_works_for_all_of_them(devices: Devices) -> None:
    scene = devices.scene
    here, shared, foreign = scene.clinic_id, await scene.book.clinic(), await scene.book.clinic()
    both = await scene.worker.client("staff", clinic_ids=[here, shared])
    neighbour = await scene.worker.client("staff", clinic_ids=[shared])
    pairing = await devices.pair()
    refused = await refusal(devices.confirm(pairing.pairing_code, both, other_clinic_ids=[shared, foreign]))
    assert refused.code is grpc.StatusCode.PERMISSION_DENIED
    many = devices.confirm(pairing.pairing_code, both, other_clinic_ids=[str(uuid.uuid4()) for _ in range(10)])
    assert (await refusal(many)).code is grpc.StatusCode.INVALID_ARGUMENT
    kiosk = devices.confirm(pairing.pairing_code, both, other_clinic_ids=[shared], kind=DISPLAY_KIND_KIOSK)
    assert (await refusal(kiosk)).code is grpc.StatusCode.INVALID_ARGUMENT
    display = await devices.confirm(pairing.pairing_code, both, other_clinic_ids=[shared.upper(), here])
    assert (display.clinic_id, display.other_clinic_ids) == (here, [shared])
    answer = await devices.exchange(pairing.device_token)
    assert answer.clinic_ids == [here, shared]
    screen = scene.worker.stranger(answer.access_token)
    for clinic_id in (here, shared):
        await screen(screen.queue.ListLanes, queue_pb.ListLanesRequest(clinic_id=clinic_id))
    wanted = queue_pb.ListLanesRequest(clinic_id=foreign)
    assert (await refusal(screen(screen.queue.ListLanes, wanted))).code is grpc.StatusCode.PERMISSION_DENIED
    assert await devices.names() == ["Waiting room 2"]
    listed = await neighbour(neighbour.auth.ListDisplays, pb.ListDisplaysRequest(clinic_id=shared))
    assert [each.id for each in listed.displays] == [display.id]
    await devices.revoke(display.id, neighbour)
    assert await devices.names() == []


async def test_a_code_is_good_once_and_only_as_shown(devices: Devices) -> None:
    pairing = await devices.pair()
    await devices.confirm(pairing.pairing_code)
    for code in (pairing.pairing_code, "ABCDEFGH"):
        assert (await refusal(devices.confirm(code))).reason == "PAIRING_CODE_UNKNOWN"


FULL_WIDTH = {number: number + 0xFEE0 for number in range(ord("!"), ord("~") + 1)}


@pytest.mark.parametrize("between", [" ", "-", "\N{EN DASH}", "\N{IDEOGRAPHIC SPACE}"])
async def test_a_code_is_accepted_however_it_is_typed(devices: Devices, between: str) -> None:
    for spell in (str.lower, lambda code: code.translate(FULL_WIDTH)):
        code = spell((await devices.pair()).pairing_code)
        assert (await devices.confirm(f" {code[:4]}{between}{code[4:]} ")).name == "Waiting room 2"


async def test_a_confirmation_sent_twice_makes_one_display(devices: Devices) -> None:
    pairing, request_id = await devices.pair(), "019ab0c2-7d10-7c3e-9a4f-0242ac12000a"
    first = await devices.confirm(pairing.pairing_code, request_id=request_id)
    assert await devices.confirm(pairing.pairing_code, request_id=request_id) == first
    assert await devices.names() == ["Waiting room 2"]


async def test_a_revoked_display_gets_no_token_and_its_last_one_is_refused(devices: Devices) -> None:
    scene, pairing = devices.scene, await devices.pair()
    display = await devices.confirm(pairing.pairing_code)
    screen = scene.worker.stranger((await devices.exchange(pairing.device_token)).access_token)
    await scene.slots(client=screen)
    for _ in range(2):
        await devices.revoke(display.id)
    assert (await refusal(devices.exchange(pairing.device_token))).reason == "CREDENTIAL_INVALID"
    await scene.worker.parts.tokens.learn()
    late = await refusal(scene.slots(client=screen))
    assert (late.code, late.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")
    assert await devices.names() == []
    kinds = await scene.book.rows("SELECT kind FROM security_events WHERE account_id = %s ORDER BY kind", display.id)
    assert kinds == [("display_confirmed",), ("display_revoked",)]


async def test_a_made_up_device_token_is_refused(devices: Devices) -> None:
    refused = await refusal(devices.exchange("made-up"))
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_INVALID")


async def test_staff_care_for_the_displays_of_their_own_clinic(devices: Devices) -> None:
    display = await devices.confirm((await devices.pair()).pairing_code)
    for name, client in (await everyone(devices.scene)).items():
        code = (await devices.pair()).pairing_code
        if name in {"staff", "admin"}:
            await devices.confirm(code, client, name=name)
        else:
            assert (await refusal(devices.confirm(code, client))).reason == "NOT_ALLOWED", name
            expected = "DISPLAY_NOT_FOUND" if name == "staff elsewhere" else "NOT_ALLOWED"
            assert (await refusal(devices.revoke(display.id, client))).reason == expected, name
    assert await devices.names() == ["Waiting room 2", "admin", "staff"]


async def test_a_display_needs_a_clinic_that_there_is(devices: Devices) -> None:
    admin = await devices.scene.worker.client("admin")
    code = (await devices.pair()).pairing_code
    refused = await refusal(devices.confirm(code, admin, clinic_id="019ab0c2-7d10-7c3e-9a4f-0242ac120001"))
    assert refused.reason == "CLINIC_NOT_FOUND"


async def test_a_hospital_system_exchanges_its_credential_for_tokens(devices: Devices) -> None:
    scene = devices.scene
    admin = await scene.worker.client("admin")
    request = pb.CreateServiceAccountRequest(
        name="Laboratory", clinic_ids=[scene.clinic_id], request_id="019ab0c2-7d10-7c3e-9a4f-0242ac12000b"
    )
    made = await admin(admin.auth.CreateServiceAccount, request)
    assert await admin(admin.auth.CreateServiceAccount, request) == made
    answer = await devices.exchange(made.device_token)
    system = scene.worker.stranger(answer.access_token)
    assert answer.account_id == made.account_id
    assert (await scene.list(client=system, clinic_id=scene.clinic_id, date="2026-03-03")).appointments == []
    kept = await scene.book.rows("SELECT response FROM idempotency_keys")
    assert kept
    assert not any(made.device_token.encode() in bytes(row[0]) for row in kept)  # type: ignore[call-overload]


async def test_only_admins_make_service_accounts(devices: Devices) -> None:
    request = pb.CreateServiceAccountRequest(name="Laboratory", all_clinics=True)
    for name, client in (await everyone(devices.scene)).items():
        if name != "admin":
            assert (await refusal(client(client.auth.CreateServiceAccount, request))).reason == "NOT_ALLOWED", name


async def test_without_the_token_store_displays_go_on_but_none_is_paired(devices: Devices, database_url: str) -> None:
    scene, pairing = devices.scene, await devices.pair()
    await devices.confirm(pairing.pairing_code)
    key = scene.worker.key_encryption_key
    async with wired(settings_for(database_url, key_encryption_key=key), scene.book.clock) as parts:
        port = await parts.server.start("127.0.0.1:0")
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            alone = Devices(replace(scene, worker=replace(scene.worker, channel=channel, parts=parts)))
            lost = await refusal(alone.pair())
            assert (lost.code, lost.reason) == (grpc.StatusCode.UNAVAILABLE, "TOKEN_STORE_UNAVAILABLE")
            assert lost.retry_seconds == 2
            assert (await alone.exchange(pairing.device_token)).access_token
        await parts.server.stop(0)


async def test_what_happened_to_accounts_stays_as_it_was_written(devices: Devices) -> None:
    await devices.confirm((await devices.pair()).pairing_code)
    for statement in (
        "UPDATE security_events SET actor = 'nobody'",
        "DELETE FROM security_events",
        "TRUNCATE security_events",
    ):
        with pytest.raises(ConstraintViolated):
            await devices.scene.book.run(statement)
    [[count]] = await devices.scene.book.rows("SELECT count(*) FROM security_events WHERE actor <> 'nobody'")
    assert count == 1
