"""What came of the calls of a run, as the program that makes them hands it on."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

KINDS = ("slots", "list", "create", "cancel")
SLOT_TAKEN = "SLOT_TAKEN"


@dataclass
class Calls:
    """Those of one kind. Seconds count from the moment that a call was planned for to the end of its answer."""

    planned: int = 0
    seconds: list[float] = field(default_factory=list)
    """Of those that were done."""
    refusals: dict[str, int] = field(default_factory=dict)
    """By reason: what another call of the run had made impossible."""
    errors: dict[str, int] = field(default_factory=dict)
    """By reason, else by status: all other answers."""

    @property
    def failed(self) -> int:
        """Errors, and what was never answered."""
        return self.planned - len(self.seconds) - sum(self.refusals.values())


@dataclass
class Tally:
    """Everything."""

    calls: dict[str, Calls] = field(default_factory=lambda: {kind: Calls() for kind in KINDS})
    late: list[float] = field(default_factory=list)
    """Seconds by which each call was started after its planned moment."""
    booked: list[str] = field(default_factory=list)
    """The appointments of all acknowledged bookings, those of the warm-up too."""
    cancelled: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """What the first errors said."""

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> "Tally":
        values = json.loads(path.read_text())
        return cls(**values | {"calls": {kind: Calls(**each) for kind, each in values["calls"].items()}})


def percentile(values: list[float], share: float) -> float:
    """The least of the values that so large a share of them does not exceed; 0 if there are none."""
    ranked = sorted(values)
    return ranked[max(0, -int(-share * len(ranked) // 1) - 1)] if ranked else 0.0
