"""Addresses at which processes listen, written `HOST:PORT`."""

import re

_ADDRESS = re.compile(r"(\[(?P<bare>[0-9a-fA-F:.]+)\]|(?P<host>[^\s:/\[\]]+)):(?P<port>[0-9]{1,5})")
_HIGHEST_PORT = 65_535


def host_and_port(text: str, *, lowest: int = 1) -> tuple[str, int]:
    """The host, without the brackets of an IPv6 address, and the port of `HOST:PORT` (ValueError).

    With 0 as the `lowest`, the port may be 0: any that is free.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None or not lowest <= int(found["port"]) <= _HIGHEST_PORT:
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051")
    return found["bare"] or found["host"], int(found["port"])
