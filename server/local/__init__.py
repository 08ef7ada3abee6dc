"""The whole system on one machine: real servers as child processes, all on loopback."""

from pathlib import Path

HOME = Path(__file__).resolve().parents[2] / ".yoyaku"
"""Where the stack of this checkout keeps data, logs, secrets and state."""


class LocalError(Exception):
    """The local stack cannot start or go on; the text says why and what to do."""
