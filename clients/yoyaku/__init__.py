"""Client of yoyaku, the appointment backend of a hospital group; messages and stubs are in yoyaku.v1."""

from yoyaku.blocking import BlockingClient
from yoyaku.client import Client
from yoyaku.connection import Tls
from yoyaku.errors import (
    AlreadyExists,
    AmbiguousTime,
    DeadlineExceeded,
    EtagMismatch,
    FeedCompacted,
    InvalidRequest,
    NotAllowed,
    NotFound,
    PatientBusy,
    Refused,
    ServerFault,
    SlotTaken,
    Unauthenticated,
    Unavailable,
    YoyakuError,
    error_of_status,
)
from yoyaku.tokens import DeviceToken, TokenStore

__all__ = [
    "AlreadyExists",
    "AmbiguousTime",
    "BlockingClient",
    "Client",
    "DeadlineExceeded",
    "DeviceToken",
    "EtagMismatch",
    "FeedCompacted",
    "InvalidRequest",
    "NotAllowed",
    "NotFound",
    "PatientBusy",
    "Refused",
    "ServerFault",
    "SlotTaken",
    "Tls",
    "TokenStore",
    "Unauthenticated",
    "Unavailable",
    "YoyakuError",
    "error_of_status",
]
