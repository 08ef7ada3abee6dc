"""A queue whose owners take turns."""

from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

Owner = TypeVar("Owner", bound=Hashable)
T = TypeVar("T")


class FairQueue(Generic[Owner, T]):
    """What waits, by owner: one thing of each owner in turn, so who asks for much does not delay who asks for little.

    Taking costs the same however much waits.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[Owner, deque[T]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, owner: Owner, item: T) -> None:
        """Add a thing behind what the owner has waiting."""
        self._waiting.setdefault(owner, deque()).append(item)

    def take(self) -> T:
        """The next thing of the owner whose turn it is; KeyError if nothing waits."""
        owner, items = self._waiting.popitem(last=False)
        item = items.popleft()
        if items:
            self._waiting[owner] = items
        return item
