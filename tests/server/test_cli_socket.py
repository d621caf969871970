"""The websocket of a listening CLI, spoken with aiohttp's client; and what happens in the fake without a request."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import stripe

from fcproxy.config import Config
from fcproxy.core.message import Headers, Request
from fcproxy.core.modes import Mode
from fcproxy.server import embedded
from fcproxy.server.app import App
from fcproxy.server.cli_socket import PROTOCOL
from tests.server.harness import KEY, origin, proxy

AUTH = {"Authorization": f"Bearer {KEY}"}


@asynccontextmanager
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with asyncio.timeout(20), aiohttp.ClientSession(trust_env=False) as session:
        yield session


async def post(session: aiohttp.ClientSession, base: str, path: str, data: dict[str, str], status: int = 200) -> Any:
    async with session.post(base + path, data=data, headers=AUTH) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def listen(session: aiohttp.ClientSession, base: str, feature: str = "webhooks") -> Any:
    return await post(session, base, "/v1/stripecli/sessions", {"device_name": "here", "websocket_features[]": feature})


def socket_url(made: Any) -> str:
    """As the CLI makes it."""
    return f"{made['websocket_url']}?websocket_feature={made['websocket_authorized_feature']}"


async def test_an_event_arrives_signed() -> None:
    log = StringIO()
    async with proxy(Mode.PASSTHROUGH, Config(), log=log) as app, client() as session:
        made = await listen(session, app.url)
        assert made["websocket_url"].startswith(f"ws://{urlsplit(app.url).netloc}/_fcproxy/")
        before = await post(session, app.url, "/v1/customers", {"name": "Ada"})
        async with session.ws_connect(socket_url(made), protocols=(PROTOCOL,)) as socket:
            assert socket.protocol == PROTOCOL
            for customer in (before, await post(session, app.url, "/v1/customers", {"name": "Grace"})):
                message = await socket.receive_json()
                assert message["type"] == "webhook_event"
                signature = message["http_headers"]["Stripe-Signature"]
                event = stripe.Webhook.construct_event(message["event_payload"], signature, made["secret"])
                assert (event["type"], event["data"]["object"]["id"]) == ("customer.created", customer["id"])
                await socket.send_json({"type": "event_ack", "event_id": event["id"]})
    assert "warning" not in log.getvalue()


async def test_a_thin_event_arrives_signed() -> None:
    async with proxy(Mode.PASSTHROUGH, Config()) as app, client() as session:
        made = await listen(session, app.url, "v2_events")
        async with session.ws_connect(socket_url(made), protocols=(PROTOCOL,)) as socket:
            await post(session, app.url, "/v1/customers", {})
            message = await socket.receive_json()
    signature = message["http_headers"]["Stripe-Signature"]
    assert stripe.WebhookSignature.verify_header(message["payload"], signature, made["secret"], 300)
    assert json.loads(message["payload"])["type"] == "v1.customer.created"


async def test_requests_are_told_as_they_come() -> None:
    async with proxy(Mode.PASSTHROUGH, Config()) as app, client() as session:
        made = await listen(session, app.url, "request_logs")
        async with session.ws_connect(socket_url(made), protocols=(PROTOCOL,)) as socket:
            await post(session, app.url, "/v1/customers/cus_x", {}, status=404)
            lines = [json.loads((await socket.receive_json())["event_payload"]) for _ in range(2)]
    assert [(line["url"], line["status"]) for line in lines] == [
        ("/v1/stripecli/sessions", 200),
        ("/v1/customers/cus_x", 404),
    ]


async def test_the_proxy_ends_the_socket_when_it_stops() -> None:
    async with client() as session:
        async with proxy(Mode.PASSTHROUGH, Config()) as app:
            made = await listen(session, app.url)
            socket = await session.ws_connect(socket_url(made), protocols=(PROTOCOL,))
            reading = asyncio.create_task(socket.receive())
        message = await reading
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)
        await socket.close()


async def test_a_client_that_went_leaves_nothing_behind() -> None:
    async with proxy(Mode.PASSTHROUGH, Config()) as app, client() as session:
        made = await listen(session, app.url)
        fake = app.decks.default.fake
        assert fake is not None
        async with session.ws_connect(socket_url(made), protocols=(PROTOCOL,)):
            assert len(fake.bells) == 1
        while fake.bells:
            await asyncio.sleep(0)
        assert (await post(session, app.url, "/v1/customers", {}))["object"] == "customer"


@asynccontextmanager
async def who_reads_nothing(url: str) -> AsyncIterator[None]:
    """A socket whose client takes its handshake's answer and nothing more; torn down at the end."""
    parts = urlsplit(url)
    lines = [
        f"GET {parts.path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        f"Sec-WebSocket-Protocol: {PROTOCOL}",
    ]
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1024)
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode())
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        yield
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def make_more_than_the_kernel_takes(app: App) -> None:
    fake = app.decks.default.fake
    assert fake is not None
    large = "&".join(f"metadata[{number}]={'x' * 500}" for number in range(50))
    for number in range(400):
        make_customer(app, f"name={number}&{large}".encode())
    fake.look()
    await asyncio.sleep(0)


async def test_what_was_not_sent_when_the_client_went_waits_for_its_next_socket() -> None:
    async with proxy(Mode.PASSTHROUGH, Config()) as app, client() as session:
        made = await listen(session, app.url)
        async with who_reads_nothing(made["websocket_url"]):
            await make_more_than_the_kernel_takes(app)
        names = [""]
        async with session.ws_connect(socket_url(made), protocols=(PROTOCOL,)) as socket:
            while names[-1] != "399":
                event = json.loads((await socket.receive_json())["event_payload"])
                names.append(event["data"]["object"]["name"])
        assert names[1:] == [str(number) for number in range(int(names[1]), 400)]


async def test_the_newer_of_two_sockets_of_a_session_is_told() -> None:
    async with proxy(Mode.PASSTHROUGH, Config()) as app, client() as session:
        made = await listen(session, app.url)
        async with (
            session.ws_connect(socket_url(made), protocols=(PROTOCOL,)) as older,
            session.ws_connect(socket_url(made), protocols=(PROTOCOL,)) as newer,
        ):
            assert (await older.receive()).type == aiohttp.WSMsgType.CLOSE
            await post(session, app.url, "/v1/customers", {})
            assert (await newer.receive_json())["type"] == "webhook_event"


async def test_a_client_that_reads_nothing_does_not_hold_up_the_stop() -> None:
    async with (
        client() as session,
        AsyncExitStack() as left,
        asyncio.timeout(None) as limit,
        proxy(Mode.PASSTHROUGH, Config()) as app,
    ):
        made = await listen(session, app.url)
        await left.enter_async_context(who_reads_nothing(made["websocket_url"]))
        await make_more_than_the_kernel_takes(app)
        limit.reschedule(asyncio.get_running_loop().time() + 5)  # requests in flight are given ten seconds


async def test_a_deck_has_its_own_socket_which_ends_with_it_and_is_not_recorded(tmp_path: Path) -> None:
    async with proxy(Mode.RECORD, Config(cassette=str(tmp_path / "c.yaml"))) as app, client() as session:
        async with session.post(f"{app.url}/_fcproxy/decks", json={"cassette": "d", "mode": "record"}) as answer:
            deck = await answer.json()
        made = await listen(session, deck["base_url"])
        async with session.ws_connect(socket_url(made), protocols=(PROTOCOL,)) as socket:
            await post(session, deck["base_url"], "/v1/customers", {})
            assert (await socket.receive_json())["type"] == "webhook_event"
            async with session.delete(f"{app.url}/_fcproxy/decks/{deck['id']}") as answer:
                assert (await answer.json())["recorded"] == 2
            assert (await socket.receive()).type == aiohttp.WSMsgType.CLOSE
        assert app.decks.verdict().recorded == 0


@pytest.mark.parametrize(
    ("session_id", "headers", "protocol", "status"),
    [
        ("{}", {"Host": "rebound.example"}, PROTOCOL, 403),
        ("{}", {"Origin": "https://page.example"}, PROTOCOL, 403),
        ("cliws_unknown", {}, PROTOCOL, 404),
        ("{}/more", {}, PROTOCOL, 404),
        ("{}", {}, "another", 400),
        ("{}", {"Sec-WebSocket-Version": "1"}, PROTOCOL, 400),
    ],
)
async def test_who_gets_no_socket(session_id: str, headers: dict[str, str], protocol: str, status: int) -> None:
    async with proxy(Mode.PASSTHROUGH, Config()) as app, client() as session:
        made = await listen(session, app.url)
        url = made["websocket_url"].replace(made["websocket_id"], session_id.format(made["websocket_id"]))
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(url, protocols=(protocol,), headers=headers)
    assert refused.value.status == status


async def test_a_session_that_is_gone_is_refused_in_the_words_at_which_the_cli_opens_another() -> None:
    shake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": PROTOCOL,
    }
    async with proxy(Mode.PASSTHROUGH, Config()) as app, client() as session:
        made = await listen(session, app.url)
        await session.post(f"{app.url}/_fcproxy/fake/reset", json={})
        async with session.get(made["websocket_url"].replace("ws:", "http:"), headers=shake) as answer:
            body = await answer.read()
    assert answer.status == 404
    assert json.loads(body)["error"]["message"] == "Unknown WebSocket ID."
    assert len(body) < 1024  # more of a refused handshake's body is not read


def make_customer(app: App, form: bytes = b"") -> None:
    """At the fake itself, so that no request passes."""
    fake = app.decks.default.fake
    assert fake is not None
    headers = Headers([*AUTH.items(), ("Content-Type", "application/x-www-form-urlencoded")])
    made = fake.fake.handle(Request("POST", "https://api.stripe.com/v1/customers", headers, form))
    assert made.status == 200


async def test_what_becomes_due_needs_no_request_where_the_clock_is_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "LOOK_SECONDS", 0.01)
    seen: asyncio.Queue[bytes] = asyncio.Queue()

    async def endpoint(raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        seen.put_nowait(raw)

    async with origin(endpoint) as hook, proxy(Mode.PASSTHROUGH, Config(clock="real")) as app, client() as session:
        await post(session, app.url, "/v1/webhook_endpoints", {"url": hook.url, "enabled_events[]": "*"})
        made = await listen(session, app.url)
        async with session.ws_connect(socket_url(made), protocols=(PROTOCOL,)) as socket:
            make_customer(app)
            assert b"customer.created" in await seen.get()
            assert "customer.created" in (await socket.receive_json())["event_payload"]


@pytest.mark.parametrize(("strict", "status"), [(False, 200), (True, 400)])
async def test_a_strict_fake_knows_only_what_it_made(strict: bool, status: int) -> None:
    form = {
        "account_holder[type]": "customer",
        "account_holder[customer]": "cus_NffrFeUfNV2Hib",
        "permissions[]": "balances",
    }
    async with proxy(Mode.PASSTHROUGH, Config(fake_strict=strict)) as app, client() as session:
        await post(session, app.url, "/v1/financial_connections/sessions", form, status)
