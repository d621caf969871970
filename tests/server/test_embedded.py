"""The embedded fake in the world: deliveries, forwarded calls, faults of the connection, time, state over restarts."""

import asyncio
import json
from pathlib import Path

import pytest

from fcproxy.config import Config
from fcproxy.core.errors import CannotStart, UsageError
from fcproxy.core.modes import Mode
from fcproxy.stripe.signature import SIGNATURE_HEADER
from tests.server.harness import answered, connected, control, origin, proxy, read_message, request, speak

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_an_event_is_delivered_signed_and_tried_again_after_a_failure() -> None:
    seen: asyncio.Queue[bytes] = asyncio.Queue()
    statuses = iter([b"500 No", b"200 OK"])

    async def endpoint(raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 " + next(statuses) + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        seen.put_nowait(raw)

    async with origin(endpoint) as app_under_test, proxy(Mode.PASSTHROUGH, Config()) as app:
        form = f"url={app_under_test.url}/hook&enabled_events[]=customer.created"
        made = answered(await speak(app.url, request("POST", "/v1/webhook_endpoints", form)))
        assert made["object"] == "webhook_endpoint", made
        await speak(app.url, request("POST", "/v1/customers", "description=x"))
        first = await asyncio.wait_for(seen.get(), 10)
        assert first.startswith(b"POST /hook HTTP/1.1\r\n")
        assert SIGNATURE_HEADER.encode() in first
        assert b'"type": "customer.created"' in first
        event = json.loads(first.partition(b"\r\n\r\n")[2])["id"]
        async with asyncio.timeout(10):
            # The failed try is known to the fake a moment after the endpoint has answered it.
            while seen.empty():
                await control(app.url, "clock", {"advance": 60})
        assert event.encode() in await seen.get()


async def test_nothing_is_delivered_to_other_machines() -> None:
    async with proxy(Mode.PASSTHROUGH, Config()) as app:
        form = "url=https://hooks.example.invalid/x&enabled_events[]=*"
        await speak(app.url, request("POST", "/v1/webhook_endpoints", form))
        await speak(app.url, request("POST", "/v1/customers", "description=x"))
        state = await control(app.url, "state")
    assert state["outbox"]


async def test_faults_of_the_connection(tmp_path: Path) -> None:
    async with proxy(Mode.RECORD, Config(cassette=str(tmp_path / "c.yaml"))) as app:
        for fault in ("reset", "cut"):
            async with connected(app.url) as (reader, writer):
                writer.write(request("POST", "/v1/customers", "description=x", f"Fcproxy-Fault: {fault}"))
                with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                    await read_message(reader)
        slow = await speak(
            app.url, request("POST", "/v1/customers", "description=x", "Fcproxy-Fault: slow; seconds=0.01")
        )
        assert slow.status == 200
        assert b"Fcproxy-Fault" not in slow.head
        assert (app.decks.verdict().recorded, app.decks.verdict().not_recorded) == (1, 2)


async def test_the_clock_and_the_seed() -> None:
    async with proxy(Mode.PASSTHROUGH, Config(clock="2030-01-02T03:04:05Z", seed="one")) as app:
        assert (await control(app.url, "clock"))["iso"] == "2030-01-02T03:04:05Z"
        one = answered(await speak(app.url, request("POST", "/v1/customers", "description=x")))["id"]
    async with proxy(Mode.PASSTHROUGH, Config(clock="real", seed="two")) as app:
        assert (await control(app.url, "clock"))["now"] > 1_700_000_000
        assert answered(await speak(app.url, request("POST", "/v1/customers", "description=x")))["id"] != one
    with pytest.raises(UsageError, match="--clock"):
        async with proxy(Mode.PASSTHROUGH, Config(clock="noon")):
            pass


async def test_state_is_kept_over_restarts(tmp_path: Path) -> None:
    config = Config(state=str(tmp_path / "state.json"))
    async with proxy(Mode.PASSTHROUGH, config) as app:
        made = answered(await speak(app.url, request("POST", "/v1/customers", "description=x")))["id"]
    async with proxy(Mode.PASSTHROUGH, config) as app:
        assert (await speak(app.url, request("GET", f"/v1/customers/{made}"))).status == 200
        other = answered(await speak(app.url, request("POST", "/v1/customers", "description=x")))["id"]
    assert other != made
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(CannotStart, match="state"):
        async with proxy(Mode.PASSTHROUGH, config):
            pass
    assert (tmp_path / "state.json").read_text() == "{"


async def test_the_openapi_document() -> None:
    async with proxy(Mode.PASSTHROUGH, Config()) as app:
        got = await speak(app.url, b"GET /_fcproxy/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert "/v1/financial_connections/sessions" in answered(got)["paths"]
