"""Where a call comes from, as the edge saw it."""

from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

import grpc

_HEADER = "x-envoy-external-address"
_SITE_BITS = 64
"""What one customer of a provider has at least."""


def client_address(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """The address of the client, of an IPv6 one its network; empty for a call that did not come through the edge.

    Envoy sets the header itself, whatever the client sent; workers are out of reach for everybody else.
    """
    for key, value in context.invocation_metadata() or ():
        if key == _HEADER:
            return _network(str(value))
    return ""


def _network(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and not address.ipv4_mapped:
        return str(IPv6Network((address, _SITE_BITS), strict=False))
    return str(address)
