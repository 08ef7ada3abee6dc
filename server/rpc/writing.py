"""Writes as their senders identify them: caller, request_id and content."""

from collections.abc import Callable
from typing import TypeVar

from google.protobuf.message import Message

from server.domain.identity import Caller
from server.rpc.calls import current
from server.usecases.writes import Write

R = TypeVar("R")
M = TypeVar("M", bound=Message)


def writing(
    caller: Caller, request: Message, request_id: str, render: Callable[[R], M], answer: type[M]
) -> Write[R, M]:
    """The write that a request asks for; `render` makes its answer."""
    return Write(
        caller_id=caller.id,
        request_id=request_id.lower(),
        content=current().method.encode() + b"\0" + request.SerializeToString(deterministic=True),
        render=render,
        dump=lambda message: message.SerializeToString(),
        load=answer.FromString,
    )
