"""What has changed so lately that access tokens from before may still be valid, and which of them it ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.domain.identity import Caller

BEGINNING_LASTS = timedelta(minutes=1)
"""Longer than the write takes that gives a right, from reading the clock to COMMIT, and than clocks are apart."""


@dataclass(frozen=True, slots=True)
class LateChanges:
    """Ended sessions, and rights to act for others that began or were ended."""

    generations: Mapping[str, int] = field(default_factory=dict)
    """Of accounts all of whose sessions were ended, by account."""
    sessions: frozenset[str] = frozenset()
    """Those that were ended one by one."""
    ended: frozenset[str] = frozenset()
    """Representatives that were ended."""
    began: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    """Representatives that act now and began lately, and when they were added, by account."""

    def revoke(self, caller: Caller) -> bool:
        """Whether the caller's session, or all of the account's, were ended after the token was issued."""
        return caller.generation < self.generations.get(caller.id, 0) or caller.session_id in self.sessions

    def outdate(self, caller: Caller) -> bool:
        """Whether a right to act for somebody was given to the caller, or ended, after the token was issued."""
        began = self.began.get(caller.id)
        if not began and not self.ended:
            return False
        known = {each.representative_id for each in caller.represents.values()}
        if not self.ended.isdisjoint(known):
            return True
        # What the token contains decides, since one may be signed before COMMIT and after the time of the change. The
        # limit lets in tokens of a replica that lacks the change.
        return began is not None and any(
            each not in known and caller.issued_at <= (at + BEGINNING_LASTS).timestamp() for each, at in began.items()
        )

    def and_also(self, known: "LateChanges") -> "LateChanges":
        """Together with what was known before."""
        generations = {each: max(number, self.generations.get(each, 0)) for each, number in known.generations.items()}
        # What has ended since stays out: a token without it is right.
        began = {
            account: {
                **{each: at for each, at in added.items() if each not in self.ended},
                **self.began.get(account, {}),
            }
            for account, added in known.began.items()
        }
        return LateChanges(
            {**self.generations, **generations},
            self.sessions | known.sessions,
            self.ended | known.ended,
            {**self.began, **began},
        )
