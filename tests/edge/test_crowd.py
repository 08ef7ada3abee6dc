"""A crowd of patients and the desk: who gets slots, who is told to come back, and that the desk goes on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from server.config import Settings
from tests.bench.flash_crowd import people
from tests.edge.clinic import Stack
from tests.edge.envoys import NEVER, NO_LIMITS, Edge, running_envoy, wait_for_readyz
from tests.edge.rest import Rest
from tests.edge.test_breakers import still
from tests.fixtures.waiting import eventually

DOCTORS, SLOTS, PATIENTS = 2, 6, 150


@pytest.fixture(scope="module")
def edge(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """Envoy keeps a worker in use that hangs: this is about the calls to it."""
    directory, workers = tmp_path_factory.mktemp("an edge"), [("127.0.0.1", stack.port)]
    with running_envoy(directory, workers=workers, limits=NO_LIMITS, unhealthy_threshold=NEVER) as edge:
        wait_for_readyz(edge, 200)
        yield edge


def test_patients_whose_calls_wait_take_no_place_of_the_desk(edge: Edge, stack: Stack) -> None:
    many = httpx.Limits(max_connections=None)
    with httpx.Client(base_url=edge.url, timeout=20, limits=many) as http, ThreadPoolExecutor(PATIENTS + 3) as pool:
        rest = Rest(http, stack)
        eventually(lambda: rest("patient", "GET", "/api/doctors").status_code == 200)  # it has the keys
        with still(stack):
            crowd = [pool.submit(rest, "patient", "GET", "/api/doctors") for _ in range(PATIENTS)]
            refused = eventually(lambda: [each.result() for each in crowd if each.done()])
            desk = [pool.submit(rest, who, "GET", "/api/doctors") for who in ("staff", "doctor", "system")]
            more = pool.submit(rest, "patient", "GET", "/api/doctors").result()
        assert {each.status_code for each in (*refused, more)} == {429}
        assert more.headers["retry-after"] == "1"
        assert 429 not in {each.result().status_code for each in desk}


async def test_a_crowd_gets_all_slots_once_and_the_desk_goes_on(edge: Edge, stack: Stack) -> None:
    named = {name.removeprefix("YOYAKU_").lower(): value for name, value in stack.environment.items()}
    settings = Settings.model_validate(named)
    clinic = await people.made(settings, doctors=DOCTORS, slots=SLOTS, patients=PATIENTS, desk=2)
    _, desk, crowd = await people.together(urlsplit(edge.url).port or 0, clinic, within=0.5)
    assert len(crowd.booked) == len(set(crowd.booked)) == DOCTORS * SLOTS
    assert crowd.refused_for_good == []
    assert desk.seconds
    assert desk.refused_for_good == []
    assert desk.statuses[429] == 0
