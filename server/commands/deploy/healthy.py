"""`python -m server healthy`: the health check of a worker's container."""

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from server.addresses import host_and_port
from server.commands import app, fail, settings
from server.config import Settings

_TIMEOUT_SECONDS = 3.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # a worker may listen there


@app.command()
def healthy() -> None:
    """End with status 0 if the worker of this container, at YOYAKU_LISTEN, serves calls."""
    listen = settings(Settings).listen
    host, port = host_and_port(listen)
    here = _EVERYWHERE.get(host, host)
    with grpc.insecure_channel(f"[{here}]:{port}" if ":" in here else f"{here}:{port}") as channel:
        try:
            answer = HealthStub(channel).Check(HealthCheckRequest(), timeout=_TIMEOUT_SECONDS)
        except grpc.RpcError as error:
            raise fail(f"no worker answers at {listen} ({error.code().name}): its log says why") from None
    if answer.status != HealthCheckResponse.SERVING:
        raise fail(f"the worker at {listen} takes no calls: it is stopping")
