"""Which addresses and numbers of a patient must be confirmed before they are used, and what guards that."""

from collections.abc import Callable
from datetime import timedelta

CodeMaker = Callable[[], str]
"""Makes a code of six digits that nobody can foretell."""

CODE_LASTS = timedelta(hours=24)
TRIES = 5
"""How many codes may be tried for a change."""
CODES_TO_ADDRESS = 5
"""How many codes, and how many warnings, one address or number gets within PERIOD, whoever asks."""
CODES_OF_PATIENT = 10
"""How many codes are sent for one patient within PERIOD."""
PERIOD = timedelta(hours=24)


def needs_confirmation(old: str, new: str, *, vouched: bool) -> bool:
    """Whether a new address or number is used only once it is confirmed.

    The first one of its kind counts at once if staff or a hospital system took it down (`vouched`), as at registration.
    """
    return new not in {"", old} and bool(old or not vouched)
