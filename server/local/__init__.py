"""The whole system on one machine: real servers as child processes, all on loopback."""


class LocalError(Exception):
    """The local stack cannot start or go on; the text says why and what to do."""
