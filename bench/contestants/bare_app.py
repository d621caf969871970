"""The measure of all: a bare aiohttp application with one route. Imports aiohttp.web and nothing else of note.

Usage: bare_app.py PORT [uvloop]
"""

import asyncio
import sys

from aiohttp import web

BODY = b'{"object": "financial_connections.session", "filler": "' + b"x" * 650 + b'"}'


async def handle(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=BODY, content_type="application/json")


async def serve(port: int) -> None:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[2:] == ["uvloop"]:
        import uvloop

        uvloop.run(serve(int(sys.argv[1])))
    else:
        asyncio.run(serve(int(sys.argv[1])))
