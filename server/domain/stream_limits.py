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
}
"""Tabs and devices of a person, a screen that comes back before its last stream is seen to have ended, and a hospital
system that follows clinics for its own users."""

OF_ADDRESS = 1_000
"""A hospital behind one address, with its boards, desks and the phones of those who wait."""


def of_account(roles: Iterable[Role]) -> int:
    """How many an account with these roles may have open; of several roles the one that has more counts."""
    return max((OF_ACCOUNT[role] for role in roles), default=OF_ACCOUNT[Role.PATIENT])
