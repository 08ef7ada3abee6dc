"""How far a replica is behind, from the positions that were seen."""

from db.postgres.cluster.replication_lag import ReplayProgress


def test_lag_is_the_age_of_what_a_replica_has_not_replayed() -> None:
    progress = ReplayProgress()
    assert progress.lag(0, 100.0) == 0.0
    for at, position in [(1.0, 10), (2.0, 20), (3.0, 20), (4.0, 30)]:
        progress.note(at, position)
    assert [progress.lag(position, 5.0) for position in (30, 25, 20, 15, 5)] == [0.0, 1.0, 1.0, 3.0, 4.0]
    # A primary that writes nothing for an hour leaves nobody behind.
    assert progress.lag(30, 3_600.0) == 0.0


def test_staleness_counts_from_when_a_replica_surely_had_everything() -> None:
    progress = ReplayProgress()
    for at, position in [(1.0, 10), (2.0, 20), (3.0, 20), (4.0, 30)]:
        progress.note(at, position)
    assert [progress.staleness(position, 5.0) for position in (30, 25, 20, 10)] == [1.0, 3.0, 3.0, 4.0]
