"""If-Match: the HTTP header for what gRPC callers say in the field `etag`."""

from google.protobuf.message import Message

from server.domain.errors import invalid
from server.domain.etags import tag_in

IF_MATCH = "if-match"
PRECONDITION_FAILED = ("x-yoyaku-precondition", "failed")
"""Metadata of an answer whose HTTP status must be 412; the edge removes it."""
_ANY = "*"


def require_match(request: Message, if_match: str) -> Message:
    """The request, with the tag of an If-Match header as its etag (INVALID_REQUEST).

    `*` matches every version. If the request has no etag, the header is refused rather than ignored. The request
    may have the same tag in its body, but no other.
    """
    holder = _holder(request)
    if holder is None:
        raise invalid(IF_MATCH, "this call has no etag to compare: leave the header out")
    if if_match.strip() == _ANY:
        return request
    tag = tag_in(IF_MATCH, if_match)
    in_body = getattr(holder, "etag")  # noqa: B009  # mypy knows messages by their types only
    if in_body and tag_in("etag", in_body) != tag:
        raise invalid("etag", "differs from the header If-Match: send only one of them")
    setattr(holder, "etag", tag)  # noqa: B010
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
