"""aiohttp's low-level server with prepared bytes: the limit of anything that goes through it.

Usage: low_level.py PORT [uvloop]
"""

import asyncio
import sys

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

BODY = b'{"object": "financial_connections.session", "filler": "' + b"x" * 650 + b'"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


class Sent(web.StreamResponse):
    @property
    def keep_alive(self) -> bool:
        return True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        return


async def handle(request: web.BaseRequest) -> web.StreamResponse:
    await request.read()
    await request.writer.write(ANSWER)
    return Sent()


async def serve(port: int) -> None:
    runner = web.ServerRunner(web.Server(handle, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[2:] == ["uvloop"]:
        import uvloop

        uvloop.run(serve(int(sys.argv[1])))
    else:
        asyncio.run(serve(int(sys.argv[1])))
