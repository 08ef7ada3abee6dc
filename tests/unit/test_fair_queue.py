"""A queue whose owners take turns."""

from server.usecases.schedules.live.fair_queue import FairQueue


def test_who_asks_for_little_does_not_wait_for_who_asks_for_much() -> None:
    queue: FairQueue[str, int] = FairQueue()
    for number in range(100):
        queue.put("many", number)
    for number in range(2):
        queue.put("few", number)
    assert [queue.take() for _ in range(6)] == [0, 0, 1, 1, 2, 3]


def test_what_is_taken_is_gone() -> None:
    queue: FairQueue[str, int] = FairQueue()
    queue.put("a", 1)
    assert queue
    assert queue.take() == 1
    assert not queue
