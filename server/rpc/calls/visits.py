"""Calls without a token, which have limits of their own."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from server.domain.methods import COSTLY
from server.rpc.calls.addresses import client_address
from server.rpc.calls.call_lifecycle import VISITED, VisitorGate

A = TypeVar("A")


def within_limits(
    answer: Callable[..., Coroutine[Any, Any, A]], visitors: VisitorGate, method: str
) -> Callable[..., Coroutine[Any, Any, A]]:
    """What answers a method, as it answers visitors: while there are places for them (OVERLOADED)."""
    if method not in VISITED:
        return answer
    costly = method.removeprefix("/yoyaku.v1.") in COSTLY

    async def limited(this: object, context: Any, *others: Any) -> A:
        async with visitors.place(client_address(context), costly=costly):
            return await answer(this, context, *others)

    return limited
