"""If-Match: the HTTP header for what gRPC callers say in the field `etag`."""

import re

from google.protobuf.message import Message

from server.domain.errors import invalid

IF_MATCH = "if-match"
PRECONDITION_FAILED = ("x-yoyaku-precondition", "failed")
"""Metadata of an answer whose HTTP status must be 412; the edge removes it."""
_ANY = "*"
# Weak or strong: the tags of this system are version numbers, for which both forms mean the same.
_TAG = re.compile(r'(?:W/)?"([^",]{1,100})"')


def require_match(request: Message, if_match: str) -> Message:
    """The request, with the tag of an If-Match header as its etag (INVALID_REQUEST).

    `*` matches every version. If the request has no etag, the header is refused rather than ignored.
    """
    holder = _holder(request)
    if holder is None:
        raise invalid(IF_MATCH, "this call has no etag to compare: leave the header out")
    if if_match.strip() == _ANY:
        return request
    tag = _TAG.fullmatch(if_match.strip())
    if tag is None:
        raise invalid(IF_MATCH, 'send the one ETag that you have seen, in its quotes, such as W/"3"')
    if getattr(holder, "etag") not in {"", tag[1]}:  # noqa: B009  # mypy knows messages by their types only
        raise invalid("etag", "is another than that of the header If-Match: send one of them")
    setattr(holder, "etag", tag[1])  # noqa: B010
    return request


def _holder(request: Message) -> Message | None:
    """The message that has the `etag`: the request, or the new values in it; None if neither does."""
    for field in request.DESCRIPTOR.fields:
        if field.name == "etag":
            return request
        inner = field.message_type
        if inner and not field.is_repeated and "etag" in inner.fields_by_name:
            return getattr(request, field.name)  # type: ignore[no-any-return]
    return None
