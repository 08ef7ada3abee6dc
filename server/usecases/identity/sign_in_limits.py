"""How often passwords may be guessed, without keeping out those who know theirs.

Only wrong passwords use attempts up. An account has some a minute at each address and some more in all. Wrong passwords
for other accounts at an address refuse nobody: after many of them, attempts there take turns, which slows whoever tries
one password with many accounts. An account that has signed in at an address lately neither takes turns there nor shares
the attempts that it has everywhere: only guesses of its own password at that very address count against it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from db.valkey.client import Valkey
from server.usecases.identity.attempts import Attempts

PER_ACCOUNT = 20
"""Wrong passwords per minute for an account, from everywhere."""
PER_ACCOUNT_AND_ADDRESS = 5
FAILURES_OF_ADDRESS = 60
"""Wrong passwords per minute from an address, after which attempts there take turns."""
TURN = timedelta(milliseconds=250)
LONGEST_WAIT = timedelta(seconds=3)
"""A call has five seconds."""
FAMILIAR = timedelta(days=30)
"""How long an address is familiar to an account after a sign-in there."""
_AT_ADDRESS, _OF_ACCOUNT = "password of an account at an address", "password of an account"
_OF_ADDRESS, _TURNS, _SIGNED_IN = "failures of an address", "turns of an address", "sign-in of an account at an address"


@dataclass(slots=True)
class Guess:
    """A password that is being compared."""

    is_wrong: bool = False


class SignInLimits:
    """Limits attempts to sign in, over all workers."""

    def __init__(self, store: Valkey) -> None:
        self._attempts = Attempts(store)

    @asynccontextmanager
    async def guess(self, email: str, address: str) -> AsyncIterator[Guess]:
        """The context in which a password is compared; it says so if the password is wrong.

        Raises TOO_MANY_ATTEMPTS and TOKEN_STORE_UNAVAILABLE.
        """
        pair = f"{address} {email}"
        familiar = bool(address) and await self._attempts.remembers(_SIGNED_IN, pair, FAMILIAR)
        guess, counted = Guess(), list[tuple[str, str]]()
        try:
            # Before the comparison, since others may be under way; in this order, so that one address cannot use up the
            # attempts that an account has from everywhere.
            for what, whose, most in _limits(pair, "" if familiar else email):
                await self._attempts.admit(what, whose, most)
                counted.append((what, whose))
            if not familiar and await self._attempts.noted(_OF_ADDRESS, address) >= FAILURES_OF_ADDRESS:
                await self._attempts.turn(_TURNS, address, TURN, LONGEST_WAIT)
            yield guess
        except Exception:
            await self._take_back(guess, counted)
            raise
        await self._take_back(guess, counted)
        if guess.is_wrong:
            await self._attempts.note(_OF_ADDRESS, address)
        elif address:
            await self._attempts.remember(_SIGNED_IN, pair, FAMILIAR)

    async def _take_back(self, guess: Guess, counted: Sequence[tuple[str, str]]) -> None:
        if not guess.is_wrong:
            for what, whose in counted:
                await self._attempts.take_back(what, whose)


def _limits(pair: str, email: str) -> Sequence[tuple[str, str, int]]:
    return (_AT_ADDRESS, pair, PER_ACCOUNT_AND_ADDRESS), (_OF_ACCOUNT, email, PER_ACCOUNT)
