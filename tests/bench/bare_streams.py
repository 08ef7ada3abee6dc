"""The limit of a stream: a bare grpc.aio handler that writes the same ready bytes to all open streams.

`python -m tests.bench.bare_streams PORT FILE` writes the bytes of the file at once, and again at every call of TELL.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvloop

from tests.bench.bare import serve

WATCH = "/bench.Streams/Watch"
TELL = "/bench.Told/Tell"


async def main(port: int, answer: bytes) -> None:
    """Serve until the process is ended."""
    told = asyncio.Event()

    async def watch(request: bytes, context: Any) -> AsyncIterator[bytes]:
        while True:
            event = told
            yield answer
            await event.wait()

    async def tell(request: bytes, context: Any) -> bytes:
        nonlocal told
        before, told = told, asyncio.Event()
        before.set()
        return b""

    await serve(port, {TELL: tell}, {WATCH: watch})


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), Path(sys.argv[2]).read_bytes()))
