"""How far a primary had written at which time; by it, how long a replica has been behind is told.

Times are those of a monotonic clock, in seconds; positions are bytes of WAL.
"""

from bisect import bisect_right

_KEPT = 600


class Progress:
    """Positions of the primary as they were polled. A primary that writes nothing leaves nobody behind."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._positions: list[int] = []
        self.polled_at = 0.0
        """When the primary was last asked."""

    def note(self, at: float, position: int) -> None:
        """The primary said at that time that it had come so far."""
        self.polled_at = at
        if not self._positions or position > self._positions[-1]:
            self._times.append(at)
            self._positions.append(position)
        if len(self._positions) > _KEPT:
            # The oldest of what is left tells a long lag well enough.
            del self._times[: _KEPT // 2], self._positions[: _KEPT // 2]

    def lag(self, position: int, now: float) -> float:
        """For how long there has been a polled position that a replica, being at `position`, has not replayed."""
        index = bisect_right(self._positions, position)
        return now - self._times[index] if index < len(self._times) else 0.0

    def staleness(self, position: int, now: float) -> float:
        """What was written longer ago than this, a replica at `position` has; what is younger it may lack."""
        index = bisect_right(self._positions, position)
        if index == len(self._times):
            return now - self.polled_at
        return now - self._times[max(index - 1, 0)]
