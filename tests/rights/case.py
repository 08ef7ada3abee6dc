"""What a method is asked, and how it treats what is not the caller's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from google.protobuf.message import Message

from server.domain.identity import Role
from server.domain.rights import Action
from tests.rights.world import Side, World


@dataclass(frozen=True)
class Case:
    """A request and what to expect of it."""

    request: Callable[[World, Side], Message]
    actions: Sequence[Action] = ()
    """Which it needs, if that is not the first that METHODS names."""
    any_action: bool = False
    """Whether one of them is enough."""
    sees: Action | None = None
    """What lets a caller know of the object without the right to do this to it."""
    objectless: bool = False
    """It is about no object of a side."""
    public: bool = False
    """It is about a clinic or a doctor, of whom everybody may know."""
    filtered: bool = False
    """What is not the caller's is left out instead of refused."""
    not_for: Role | None = None
    """Who may not ask for this much, though that role may call the method."""
    passed: Sequence[str] = ()
    """Reasons for which the call may fail all the same, once the rights were found sufficient."""
