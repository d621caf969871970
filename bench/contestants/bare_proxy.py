"""The measure for forwarding: a bare aiohttp application with one shared ClientSession.

Usage: bare_proxy.py PORT UPSTREAM_PORT [uvloop]
"""

import asyncio
import sys
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

SESSION = web.AppKey("session", aiohttp.ClientSession)
HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "host", "content-length"})


async def handle(request: web.Request) -> web.Response:
    body = await request.read()
    headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
    url = f"http://127.0.0.1:{sys.argv[2]}{request.path_qs}"
    async with request.app[SESSION].request(request.method, url, headers=headers, data=body) as answer:
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
        return web.Response(status=answer.status, headers=kept, body=await answer.read())


async def session(app: web.Application) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0)) as shared:
        app[SESSION] = shared
        yield


async def serve(port: int) -> None:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    app.cleanup_ctx.append(session)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[3:] == ["uvloop"]:
        import uvloop

        uvloop.run(serve(int(sys.argv[1])))
    else:
        asyncio.run(serve(int(sys.argv[1])))
