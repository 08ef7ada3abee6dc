"""What has changed so lately that access tokens from before may still be valid, and which of them it ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from server.domain.identity import Caller


@dataclass(frozen=True, slots=True)
class LateChanges:
    """Ended sessions, and rights to act for others that began or were ended."""

    generations: Mapping[str, int] = field(default_factory=dict)
    """Of accounts all of whose sessions were ended, by account."""
    sessions: frozenset[str] = frozenset()
    """Those that were ended one by one."""
    ended: frozenset[str] = frozenset()
    """Representatives that were ended."""
    began: Mapping[str, datetime] = field(default_factory=dict)
    """When an account last began to act for somebody, by account."""

    def revoke(self, caller: Caller) -> bool:
        """Whether the caller's session, or all of the account's, were ended after the token was issued."""
        return caller.generation < self.generations.get(caller.id, 0) or caller.session_id in self.sessions

    def outdate(self, caller: Caller) -> bool:
        """Whether a right to act for somebody was given to the caller, or ended, after the token was issued."""
        # Tokens know whole seconds: one of the same second may have been issued afterwards, and is not refused.
        if (began := self.began.get(caller.id)) and caller.issued_at < int(began.timestamp()):
            return True
        return bool(self.ended) and any(each.representative_id in self.ended for each in caller.represents.values())

    def and_also(self, known: "LateChanges") -> "LateChanges":
        """Together with what was known before."""
        generations = {each: max(number, self.generations.get(each, 0)) for each, number in known.generations.items()}
        began = {each: max(at, self.began.get(each, at)) for each, at in known.began.items()}
        return LateChanges(
            {**self.generations, **generations},
            self.sessions | known.sessions,
            self.ended | known.ended,
            {**self.began, **began},
        )
