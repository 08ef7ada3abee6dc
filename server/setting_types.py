"""Kinds of settings that are checked when a process starts. What is wrong is said without the value."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, SecretStr
from pydantic_core import ErrorDetails

from server.addresses import host_and_port

_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(:\d+)?")


def _is_url_of(*schemes: str, or_empty: bool = False) -> AfterValidator:
    def check(url: SecretStr) -> SecretStr:
        if not (or_empty and not url.get_secret_value()) and not _is_url(url.get_secret_value(), schemes):
            example = f"{schemes[0]}://USER:PASSWORD@HOST:PORT/NAME"
            raise ValueError(f"must be like {example}, with special characters of the password as %XX")
        return url

    return AfterValidator(check)


def _is_url(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    hosts = parts.netloc.rpartition("@")[2].split(",")
    return parts.scheme in schemes and all(_HOST.fullmatch(host) for host in hosts)


def is_address(*, or_empty: bool = False) -> AfterValidator:
    """Of a setting that must be HOST:PORT; the port may be 0."""

    def check(address: str) -> str:
        if address or not or_empty:
            host_and_port(address, lowest=0)
        return address

    return AfterValidator(check)


DatabaseUrl = Annotated[SecretStr, _is_url_of("postgresql")]
DatabaseUrlOrNone = Annotated[SecretStr, _is_url_of("postgresql", or_empty=True)]
ValkeyUrl = Annotated[SecretStr, _is_url_of("redis", "rediss", "unix")]
LogLevel = Annotated[str, Field(pattern="^(debug|info|warning|error)$", description="debug, info, warning or error")]
LogFormat = Annotated[
    Literal["auto", "json", "console"], Field(description="of logs; auto: console in a terminal, else JSON lines")
]


def problem(kind: type[BaseModel], error: ErrorDetails) -> str:
    """Which setting is wrong, how, and what it is for; never its value."""
    name = str(error["loc"][0])
    return f"{name.upper()} {_wrong(error)} ({kind.model_fields[name].description})"


def _wrong(error: ErrorDetails) -> str:
    match error["type"]:
        case "missing":
            return "is not set"
        case "string_pattern_mismatch":
            return "is malformed"
    return error["msg"].removeprefix("Value error, ").replace("Input should", "should")
