"""Addresses of hosts, and those at which processes listen, written `HOST:PORT`."""

import re
from ipaddress import ip_address

_ADDRESS = re.compile(r"(\[(?P<bare>[0-9a-fA-F.]*:[0-9a-fA-F:.]*)\]|(?P<host>[^\s:/\[\]]+)):(?P<port>[0-9]{1,5})")
_HIGHEST_PORT = 65_535


def host_and_port(text: str, *, lowest: int = 1) -> tuple[str, int]:
    """The host, without the brackets of an IPv6 address, and the port of `HOST:PORT` (ValueError).

    With 0 as the `lowest`, the port may be 0: any that is free.
    """
    found = _ADDRESS.fullmatch(text)
    if found and lowest <= int(found["port"]) <= _HIGHEST_PORT and (not found["bare"] or is_ip(found["bare"])):
        return found["bare"] or found["host"], int(found["port"])
    raise ValueError("must be HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051")


def is_ip(text: str) -> bool:
    """Whether it is the address of a host, of IPv4 or IPv6 without brackets."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
