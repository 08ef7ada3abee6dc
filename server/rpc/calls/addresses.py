"""Where a call comes from, as the edge saw it, and what the client calls itself."""

from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

import grpc

_HEADER = "x-envoy-external-address"
_SITE_BITS = 64
"""The smallest network that a provider gives to one customer."""


def client_address(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """The client's address, or its network for IPv6; empty for a call that did not come through the edge.

    Envoy overwrites the header whatever the client sent, and nobody but Envoy can reach the workers.
    """
    for key, value in context.invocation_metadata() or ():
        if key == _HEADER:
            return _network(str(value))
    return ""


def user_agent(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """What the client calls itself; empty if it does not."""
    return next((str(value) for key, value in context.invocation_metadata() or () if key == "user-agent"), "")


def _network(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and not address.ipv4_mapped:
        return str(IPv6Network((address, _SITE_BITS), strict=False))
    return str(address)
