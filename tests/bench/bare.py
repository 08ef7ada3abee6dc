"""The limit: bare grpc.aio handlers that answer with ready bytes, in the process layout of a worker.

As a program, `python -m tests.bench.bare PORT FILE` answers with the bytes of a file; it needs only grpcio and uvloop,
to run with any version of them.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import grpc
import uvloop

HOST = "127.0.0.1"
UNARY = "/bench.Bare/Answer"
STREAM = "/bench.Bare/Stream"
_STREAM_SECONDS = 1.0

Handler = Callable[[bytes, Any], Awaitable[bytes]]


async def serve(port: int, unary: Mapping[str, Handler], streams: Mapping[str, Any] | None = None) -> None:
    """Serve the handlers, by their paths, until the process is ended."""
    # A uvloop of ours, one port, no port sharing: what `python -m server serve` does.
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]]
    handlers = {path: grpc.unary_unary_rpc_method_handler(handler) for path, handler in unary.items()}
    handlers |= {path: grpc.unary_stream_rpc_method_handler(handler) for path, handler in (streams or {}).items()}
    for path, handler in handlers.items():
        _, service, method = path.split("/")
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
    server.add_insecure_port(f"{HOST}:{port}")
    await server.start()
    await server.wait_for_termination()


def ready(answer: bytes) -> Handler:
    """A handler that does nothing but answer."""

    async def handle(request: bytes, context: Any) -> bytes:
        return answer

    return handle


def stream(answer: bytes) -> Callable[[bytes, Any], AsyncIterator[bytes]]:
    """A handler that answers at once, and once more a second later."""

    async def handle(request: bytes, context: Any) -> AsyncIterator[bytes]:
        yield answer
        await asyncio.sleep(_STREAM_SECONDS)
        yield answer

    return handle


if __name__ == "__main__":
    answer = Path(sys.argv[2]).read_bytes()
    uvloop.run(serve(int(sys.argv[1]), {UNARY: ready(answer)}, {STREAM: stream(answer)}))
