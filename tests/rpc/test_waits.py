"""What those who wait are told."""

from datetime import timedelta

from tests.fixtures.clinic import Scene
from tests.rpc.test_queue import call, lane, walk_in


async def test_waits_come_from_the_doctor_s_own_recent_visits_and_the_delay_from_who_is_due(scene: Scene) -> None:
    for _ in range(9):
        await walk_in(scene)
    assert not (await lane(scene)).waiting[8].HasField("expected_wait")
    for _ in range(6):
        await call(scene)
        scene.book.clock.advance(timedelta(minutes=2))
    found = await lane(scene)
    waits = [(each.expected_wait.shortest_minutes, each.expected_wait.longest_minutes) for each in found.waiting]
    # All are due three minutes from now; each visit took two minutes, and the present one is about to end.
    assert waits == [(3, 3), (3, 3), (4, 4)]
    assert found.delay_minutes == 0
    scene.book.clock.advance(timedelta(minutes=2, seconds=50))
    scene.staff = await scene.worker.client("staff", clinic_ids=[scene.clinic_id])
    scene.book.clock.advance(timedelta(minutes=7, seconds=10))
    assert (await lane(scene)).delay_minutes == 7
