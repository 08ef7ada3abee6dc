"""A circuit breaker: stops calling a failing provider, and later tries it with a few probes."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

Seconds = Callable[[], float]
"""A clock that never goes back."""

CALLS = 10
"""How many of the last calls the breaker considers."""
FAILURES = CALLS // 2
"""How many failures among them open it."""
PROBES = 3
"""How many calls go through while it is half open; all must succeed to close it."""
ASK_AGAIN_SECONDS = 0.05


@dataclass(slots=True)
class ProviderBreaker:
    """The breaker of one mail or SMS provider: opens when half of the last calls failed, closes after good probes."""

    seconds: Seconds
    open_seconds: float = 30.0
    _results: deque[bool] = field(default_factory=lambda: deque(maxlen=CALLS))
    _opened_at: float | None = None
    _probes: int = 0
    _round: int = 0

    def wait(self) -> float:
        """Seconds until a call may go through, as far as known; 0 if one may go through now."""
        if self._opened_at is None:
            return 0
        left = self._opened_at + self.open_seconds - self.seconds()
        if left > 0:
            return left
        return 0 if self._probes < PROBES else ASK_AGAIN_SECONDS

    def enter(self) -> "ProviderCall":
        """Begin a call, once `wait` has returned 0."""
        probe = self._opened_at is not None
        self._probes += probe
        return ProviderCall(self, self._round, probe)

    def count(self, number: int, *, succeeded: bool) -> None:
        """Count how a call of a round ended; calls that began before the breaker's last change are ignored."""
        if number != self._round:
            return
        self._results.append(succeeded)
        if self._opened_at is None:
            if len(self._results) == CALLS and self._results.count(False) >= FAILURES:
                self._turn(self.seconds())
        elif not succeeded:
            self._turn(self.seconds())
        elif len(self._results) == PROBES:
            self._turn(None)

    def release(self, number: int) -> None:
        """End a call that never reached the provider."""
        if number == self._round and self._opened_at is not None:
            self._probes -= 1

    def _turn(self, opened_at: float | None) -> None:
        self._opened_at, self._probes, self._round = opened_at, 0, self._round + 1
        self._results.clear()


@dataclass(slots=True)
class ProviderCall:
    """One call through a breaker; a call without a result does not count."""

    breaker: ProviderBreaker
    number: int
    probe: bool
    """Whether the call probes if a failed provider works again."""
    counted: bool = False

    def __enter__(self) -> "ProviderCall":
        return self

    def __exit__(self, *_: object) -> None:
        if not self.counted:
            self.breaker.release(self.number)

    def ended(self, *, succeeded: bool) -> None:
        """Record how the provider answered."""
        self.counted = True
        self.breaker.count(self.number, succeeded=succeeded)
