"""The blocking client: the same methods, without a loop in sight."""

import asyncio
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from tests.client.stand_in import standing_in
from tests.fixtures.clinic import TUESDAY, Scene
from yoyaku import BlockingClient, Client
from yoyaku.methods import ClientMethod, Rows
from yoyaku.v1 import appointment_service_pb2 as pb

CLIENTS = Path(__file__).parents[2] / "clients"
SCRIPT = """
    import sys
    from datetime import date
    from yoyaku import BlockingClient, SlotTaken

    address, token, patient, doctor = sys.argv[1:]
    with BlockingClient(address, token=token) as client:
        day = client.list_available_slots(doctor, date(2026, 3, 3))
        for slot in day.slots[:3]:
            client.create_appointment(patient_id=patient, doctor_id=doctor, start=slot.start_time)
        try:
            client.within(2).create_appointment(patient_id=patient, doctor_id=doctor, start=day.slots[0].start_time)
        except SlotTaken as taken:
            print("instead", len(taken.alternatives), "in", taken.time_zone)
        print("booked", [row.time_slot for row in client.appointments(patient_id=patient, size=2)])
    try:
        client.get_doctor(doctor)
    except RuntimeError as error:
        print(error)
"""


async def test_a_script_books_and_lists(scene: Scene) -> None:
    token = await scene.worker.parts.tokens.issue(await scene.book.account("patient", patient_id=scene.patient_id))
    assert token
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", textwrap.dedent(SCRIPT),
        f"http://{scene.worker.address}", token, scene.patient_id, scene.doctor_id,
        env={"PYTHONPATH": str(CLIENTS)}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert (process.returncode, err.decode()) == (0, "")
    assert out.decode().splitlines() == [
        "instead 5 in Asia/Tokyo",
        "booked ['09:00', '09:30', '10:00']",
        "the client is closed: make a new one, or call it inside its `with` block",
    ]
    assert await scene.free(TUESDAY) == ["10:30", "11:00", "11:30"]


def test_both_clients_have_the_same_methods_with_their_documentation() -> None:
    def methods(kind: type) -> dict[str, object]:
        members = (item for base in kind.__mro__ for item in vars(base).items())
        return {name: getattr(kind, name) for name, member in members if isinstance(member, ClientMethod | Rows)}

    assert methods(Client) == methods(BlockingClient)
    assert len(methods(Client)) > 20
    assert all(method.__doc__ for method in methods(Client).values())


def test_a_blocking_client_is_closed_once_and_leaves_no_thread() -> None:
    before = threading.active_count()
    client = BlockingClient("http://127.0.0.1:1")
    client.close()
    client.close()
    assert threading.active_count() == before


async def test_threads_may_share_it() -> None:
    async with standing_in(pb.GetAppointmentResponse(revision=3)) as server:
        with BlockingClient(server.address) as client:
            calls = [asyncio.to_thread(client.get_appointment, f"{number}") for number in range(20)]
            answers = await asyncio.gather(*calls)
            with pytest.raises(TypeError):
                client.get_appointment()  # type: ignore[call-arg]
    assert {answer.revision for answer in answers} == {3}
    assert {request.appointment_id for request in server.requests} == {f"{number}" for number in range(20)}
