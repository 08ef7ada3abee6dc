"""How far the primary had written at which time, from which follows how long a replica has been behind.

Times are seconds of a monotonic clock; positions are bytes of WAL.
"""

from bisect import bisect_right

_KEPT = 600


class ReplayProgress:
    """Polled positions of the primary. While the primary writes nothing, no replica falls behind."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._positions: list[int] = []
        self.polled_at = 0.0
        """When the primary was last asked."""

    def note(self, at: float, position: int) -> None:
        """Record that the primary reported this position at that time."""
        self.polled_at = at
        if not self._positions or position > self._positions[-1]:
            self._times.append(at)
            self._positions.append(position)
        if len(self._positions) > _KEPT:
            # The oldest entry that is left is precise enough for a long lag.
            del self._times[: _KEPT // 2], self._positions[: _KEPT // 2]

    def lag(self, position: int, now: float) -> float:
        """Seconds since the first polled position that a replica at `position` has not replayed; 0 if there is none."""
        index = bisect_right(self._positions, position)
        return now - self._times[index] if index < len(self._times) else 0.0

    def staleness(self, position: int, now: float) -> float:
        """Seconds: a replica at `position` has all writes older than this, and may lack newer ones."""
        index = bisect_right(self._positions, position)
        if index == len(self._times):
            return now - self.polled_at
        return now - self._times[max(index - 1, 0)]
