"""A queue whose owners take turns."""

from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

Owner = TypeVar("Owner", bound=Hashable)
T = TypeVar("T")


class FairQueue(Generic[Owner, T]):
    """Waiting items by owner: each owner gets one item in turn, so that an owner with many does not delay one with few.

    Taking an item costs the same however many wait.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[Owner, deque[T]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, owner: Owner, item: T) -> None:
        """Add an item behind the owner's other waiting items."""
        self._waiting.setdefault(owner, deque()).append(item)

    def take(self) -> T:
        """The next item of the owner whose turn it is; KeyError if nothing waits."""
        owner, items = self._waiting.popitem(last=False)
        item = items.popleft()
        if items:
            self._waiting[owner] = items
        return item
