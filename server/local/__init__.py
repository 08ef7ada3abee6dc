"""The whole system on one machine: real servers as child processes, listening on loopback only."""

from pathlib import Path

HOME = Path(__file__).resolve().parents[2] / ".yoyaku"
"""The directory in which the stack of this checkout keeps data, logs, secrets and state."""


class LocalError(Exception):
    """The local stack cannot start or continue; the text says why and what to do."""
