"""Writes as their senders identify them: by caller, request_id and content."""

from collections.abc import Callable
from typing import TypeVar

from google.protobuf.message import Message

from server.domain.identity import Caller
from server.rpc.calls.current_call import current
from server.usecases.idempotency import Write
from server.usecases.sealing import Seal

R = TypeVar("R")
M = TypeVar("M", bound=Message)


def idempotent_write(
    caller: Caller,
    request: Message,
    request_id: str,
    render: Callable[[R], M],
    answer: type[M],
    seal: Seal | None = None,
) -> Write[R, M]:
    """The write that a request asks for; `render` makes its answer, which is stored encrypted if there is a `seal`."""
    return Write(
        caller_id=caller.id,
        request_id=request_id.lower(),
        content=current().method.encode() + b"\0" + _content(request),
        render=render,
        dump=lambda message: (seal.seal if seal else bytes)(message.SerializeToString()),
        load=lambda kept: answer.FromString((seal.open if seal else bytes)(kept)),
    )


def _content(request: Message) -> bytes:
    """The request in canonical form: with lower-case ids, and without its request_id."""
    canonical = type(request)()
    canonical.CopyFrom(request)
    canonical.ClearField("request_id")
    _lower_ids(canonical)
    return canonical.SerializeToString(deterministic=True)


def _lower_ids(message: Message) -> None:
    for field, value in message.ListFields():
        if field.name.endswith("_id"):
            setattr(message, field.name, value.lower())
        elif field.name.endswith("_ids"):
            value[:] = [each.lower() for each in value]
        elif field.is_repeated and field.message_type:
            for each in value:
                _lower_ids(each)
