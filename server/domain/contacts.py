"""Which new addresses and numbers of a patient must be confirmed before use, and the limits on the codes for that."""

from collections.abc import Callable
from datetime import timedelta

CodeMaker = Callable[[], str]
"""Makes an unpredictable code of six digits."""

CODE_LASTS = timedelta(hours=24)
TRIES = 5
"""How many times a code may be entered for one change."""
CODES_TO_ADDRESS = 5
"""How many codes, and how many warnings, are sent to one address or number within PERIOD, whoever asks."""
CODES_OF_PATIENT = 10
"""How many codes are sent for one patient within PERIOD."""
PERIOD = timedelta(hours=24)


def needs_confirmation(old: str, new: str, *, vouched: bool) -> bool:
    """Whether a new address or number must be confirmed before it is used.

    A patient's first address or number is used at once if staff or a hospital system entered it (`vouched`), as at
    registration.
    """
    return new not in {"", old} and bool(old or not vouched)
