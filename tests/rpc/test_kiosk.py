"""Kiosks check patients in."""

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.rpc.test_queue import arrived, ask, lane
from yoyaku.v1 import auth_service_pb2 as auth
from yoyaku.v1.display_pb2 import DisplayKind


async def test_a_kiosk_is_paired_as_displays_are_and_checks_patients_in_around_the_start(scene: Scene) -> None:
    stranger = scene.worker.stranger()
    pairing = await stranger(stranger.auth.PairDisplay, auth.PairDisplayRequest())
    fields = {"pairing_code": pairing.pairing_code, "clinic_id": scene.clinic_id, "name": "Entrance"}
    request = auth.ConfirmDisplayRequest(kind=DisplayKind.DISPLAY_KIND_KIOSK, **fields)
    confirmed = (await scene.staff(scene.staff.auth.ConfirmDisplay, request)).display
    exchange = auth.ExchangeDeviceTokenRequest(device_token=pairing.device_token)
    answer = await stranger(stranger.auth.ExchangeDeviceToken, exchange)
    kiosk = scene.worker.stranger(answer.access_token)
    listing = auth.ListDisplaysRequest(clinic_id=scene.clinic_id)
    [listed] = (await scene.staff(scene.staff.auth.ListDisplays, listing)).displays
    assert listed == confirmed
    assert listed.kind == DisplayKind.DISPLAY_KIND_KIOSK

    assert (await arrived(scene, "09:00", kiosk)).label == "A1"
    assert (await ask(scene, "RegisterWalkIn", kiosk)).ticket.label == "A2"
    assert (await refusal(arrived(scene, "11:00", kiosk))).reason == "TOO_EARLY"
    assert (await refusal(ask(scene, "CallNext", kiosk, room="Room 1"))).reason == "NOT_ALLOWED"
    elsewhere = await scene.book.doctor(await scene.book.clinic())
    assert (await refusal(ask(scene, "RegisterWalkIn", kiosk, lane_id=elsewhere))).reason == "NOT_ALLOWED"
    assert not (await lane(scene, kiosk)).waiting[0].appointment_id
