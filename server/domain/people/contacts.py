"""Which new addresses and numbers of a patient must be confirmed before use, and the limits on the codes for that."""

from collections.abc import Callable
from datetime import timedelta

CodeMaker = Callable[[], str]
"""Makes an unpredictable code of six digits."""

CODE_LASTS = timedelta(hours=24)
TRIES = 5
"""How many times an account may enter a code for one change, and anybody one for a registration."""
TRIES_OF_OTHERS = 20
"""How many times all accounts together may do so that are not the patient's own."""
CODES_TO_ADDRESS = 5
"""How many codes, and how many warnings, are sent to one address or number within PERIOD, whoever asks."""
CODES_OF_PATIENT = 10
"""How many codes are sent for one patient within PERIOD."""
CODES_BY_STRANGERS = 5
"""After how many of these only the patient and staff of the patient's clinics may cause more, so that some are left."""
REGISTRATION_LASTS = timedelta(hours=1)
"""How long the code of a registration confirms."""
PERIOD = timedelta(hours=24)
KNOWN_AFTER = timedelta(hours=24)
"""How long after the start of an appointment that a clinic booked itself the patient is one of the clinic's."""


def takes_messages(contact: str) -> bool:
    """Whether a code or a notice can be sent to an address or number: a number with an extension gets no messages."""
    return ";ext=" not in contact


def needs_confirmation(old: str, new: str, *, vouched: bool) -> bool:
    """Whether a new address or number must be confirmed before it is used.

    `old` is the current one or, if it was removed, the one before. A patient's first address or number is used at once
    if staff or a hospital system entered it (`vouched`), as at registration.
    """
    return new not in {"", old} and bool(old or not vouched)
