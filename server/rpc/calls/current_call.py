"""The current call: its caller, its request id, and the headers of its answer."""

from contextvars import ContextVar
from dataclasses import dataclass, field

from db.postgres.cluster.routing import READ_MARK_CONTEXT, ReadMarkContext
from server.domain.identity import Caller, token_missing


@dataclass(slots=True)
class CurrentCall(ReadMarkContext):
    """One call in its task, and the writes that its caller must see."""

    method: str = ""
    request_id: str = ""
    authorization: str = ""
    """The header, empty if there is none."""
    certificate: str = ""
    """What Envoy says about the certificate of a caller without a token, if there is one."""
    is_sampled: bool = False
    """Whether spans of it are made."""
    callers_trace: str = ""
    """The header of a sampled call that names the caller's own trace."""
    over_rest: bool = False
    if_match: str | None = None
    """The header, if there is one."""
    caller: Caller | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    """Sent behind the answer, as trailing metadata; over REST the edge makes headers of it."""


_CURRENT: ContextVar[CurrentCall] = ContextVar("call")

set_current = _CURRENT.set
"""Makes a call the current one of the running task."""
current = _CURRENT.get
"""The current call of the running task."""


def identified(call: CurrentCall, caller: Caller) -> None:
    """Set the caller of a call: from now on, reads in the running task see what this caller wrote."""
    call.caller, call.caller_id = caller, "" if caller.is_visitor else caller.id  # visitors write nothing
    READ_MARK_CONTEXT.set(call)


def ids() -> dict[str, str]:
    """What log lines call the running call; nothing outside of calls."""
    call = _CURRENT.get(None)
    return {"request_id": call.request_id} if call else {}


def caller() -> Caller:
    """The verified caller (TOKEN_MISSING)."""
    found = _CURRENT.get().caller
    if found is None:
        raise token_missing()
    return found


def set_location(path: str, etag: str = "") -> None:
    """Say where the new object is; the edge turns it into 201 with Location and, if the object has one, ETag."""
    _CURRENT.get().headers.append(("location", path))
    if etag:
        set_etag(etag)


def set_etag(etag: str) -> None:
    """Give the answer the ETag of its object, a weak one: the edge drops strong ones when it compresses."""
    _CURRENT.get().headers.append(("etag", f'W/"{etag}"'))


def forbid_caching() -> None:
    """Keep the answer out of every cache on its way."""
    _CURRENT.get().headers.append(("cache-control", "no-store"))
