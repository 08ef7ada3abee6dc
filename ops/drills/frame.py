"""What a drill is, what it finds, and which drills there are."""

import pkgutil
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import ops.drills


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a drill measured, and what was wrong at its end."""

    rpo_seconds: float
    """From the oldest acknowledged write that is missing to the loss; 0 if none is missing."""
    rto_seconds: float
    """From the loss until writes are acknowledged again."""
    acknowledged: int
    """How many writes were acknowledged to clients."""
    missing: int = 0
    """How many of them are not there at the end."""
    flaws: Sequence[str] = ()
    """Whatever contradicts: constraints, audit chains, double bookings, answers that nobody should get."""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One loss, the way back, and the goals. A module of ops.drills lists its own under `DRILLS`."""

    name: str
    """What `make drills DRILL=...` takes."""
    loss: str
    """What is lost, in a few words for the table."""
    run: Callable[[], Coroutine[Any, Any, Findings]]
    most_rpo_seconds: float = 0
    most_rto_seconds: float = 120
    why_missing: str = ""
    """If acknowledged writes may be missing by design: which. Empty: none may."""

    def failures(self, found: Findings) -> list[str]:
        """What of the findings is not as it should be."""
        wrong = [*found.flaws]
        if found.missing and not self.why_missing:
            wrong.append(f"{found.missing} acknowledged writes are missing")
        if found.rpo_seconds > self.most_rpo_seconds:
            wrong.append(f"RPO {found.rpo_seconds:.1f} s is over {self.most_rpo_seconds:.1f} s")
        if found.rto_seconds > self.most_rto_seconds:
            wrong.append(f"RTO {found.rto_seconds:.1f} s is over {self.most_rto_seconds:.1f} s")
        return wrong


def drills() -> Mapping[str, Drill]:
    """All drills by name, in the order of their modules' names."""
    names = sorted(module.name for module in pkgutil.iter_modules(ops.drills.__path__) if module.name != "__main__")
    modules = [import_module(f"ops.drills.{name}") for name in names]
    return {drill.name: drill for module in modules for drill in getattr(module, "DRILLS", ())}
