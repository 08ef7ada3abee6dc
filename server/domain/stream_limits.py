"""How many streams may be open at a time."""

from collections.abc import Iterable

from server.domain.identity import Role

OF_ACCOUNT = {
    Role.PATIENT: 6,
    Role.DOCTOR: 12,
    Role.STAFF: 24,
    Role.ADMIN: 24,
    Role.DISPLAY: 4,
    Role.SYSTEM: 200,
    Role.KIOSK: 4,
    Role.VISITOR: 2_000,
}
"""Enough for the tabs and devices of a person, for a screen that reconnects before its old stream is known to have
ended, and for a hospital system that follows clinics for its own users. All visitors together count as one account."""

OF_VISITORS_OF_ADDRESS = 20
"""How many of the streams of an address may be opened without a token."""
DAYS_OF_VISITOR = 7
"""How many days a stream without a token may follow, all of one doctor: the week that is shown."""

OF_ADDRESS = 1_000
"""Enough for a hospital behind one address, with its displays, desks and the phones of waiting patients."""


def of_account(roles: Iterable[Role]) -> int:
    """How many an account with these roles may have open; of several roles, the one with the highest limit counts."""
    return max((OF_ACCOUNT[role] for role in roles), default=OF_ACCOUNT[Role.PATIENT])
