"""Small messages that would cost much: read within limits, or refused with a reason; the proxy goes on serving."""

import gzip
import json
import time
import zlib
from pathlib import Path

import brotli
import pytest

from fcproxy.codings import DECODERS
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.modes import Mode
from fcproxy.server.store import load
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import default_redactor
from tests.server.harness import passage, speak

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FORM = "application/x-www-form-urlencoded"
N = 8_000

REQUESTS: dict[str, tuple[str, bytes]] = {
    "brackets 10,000 deep": (FORM, b"a" + b"[a]" * 10_000 + b"=1"),
    "brackets 10,000 deep, unclosed": (FORM, b"a" + b"[a" * 10_000 + b"=1"),
    "deep brackets, many of them": (FORM, b"&".join(b"a" + b"[a]" * 60 + b"[%d]=1" % n for n in range(200))),
    "many keys": (FORM, b"&".join(b"k%d=v" % n for n in range(2_000))),
    "many elements": (FORM, b"&".join([b"a[]=v"] * 2_000)),
    "many hashes": (FORM, b"&".join([b"a[][b]=v&a[][c]=w"] * 2_000)),
    "an index of 5,000 digits": (FORM, b"a[" + b"9" * 5_000 + b"]=1&a[1]=2"),
    "percent signs": (FORM, b"a=" + b"%252525" * 1_000),
    "one long value": (FORM, b"a=" + b"x" * N),
    "only equals signs": (FORM, b"=" * N),
    "only ampersands": (FORM, b"&" * N),
    "JSON 100,000 deep": ("application/json", b"[" * 100_000 + b"]" * 100_000),
    "JSON within JSON": ("application/json", json.dumps({"a": json.dumps({"b": json.dumps({"c": "x" * N})})}).encode()),
    "a number of 30,000 digits": ("application/json", b"[" + b"9" * 30_000 + b"]"),
    "backslashes": ("application/json", b'{"a":"' + b"\\\\" * N + b'"}'),
    "parts without end": ('multipart/form-data; boundary="x"', b"--x\r\n\r\n" * 5_000),
    "10,000 parts": ('multipart/form-data; boundary="x"', b"--x\r\n\r\na\r\n" * 10_000 + b"--x--\r\n"),
    "ats and dots": ("text/plain", b"a@b." * (N // 4)),
    "heads of keys": ("text/plain", (b"sk_" + b"test_") * (N // 8)),
    "heads of tokens": ("text/plain", b"eyJ." * (N // 4)),
    "digits": ("text/plain", b"4242 " * (N // 5)),
    "heads of PEM": ("text/plain", b"-----BEGIN " * (N // 11)),
    "events": ("text/event-stream", b'data: {"a": 1}\n\n' * 500),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_costly_requests_are_recorded_or_marked_and_play_again(name: str, tmp_path: Path) -> None:
    kind, body = REQUESTS[name]
    head = f"POST /v1/x HTTP/1.1\r\nHost: p\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    started = time.process_time()
    async with passage(OK, Mode.RECORD, tmp_path) as (up, app):
        assert (await speak(app.url, head.encode() + body)).raw == OK
    assert up.requests[0].endswith(body)
    parsed = load(tmp_path / "c.yaml")
    assert parsed is not None
    playing = stripe_deck(
        Mode.REPLAY, default_redactor(DECODERS), parsed.interactions, cassette="c.yaml", decoders=DECODERS
    )
    request = Request("POST", "https://api.stripe.com/v1/x", Headers([("Content-Type", kind)]), body)
    assert type(playing.decide(request)).__name__ == "Replay"
    # Far above what it takes; quadratic costs are far above this.
    assert time.process_time() - started < 20


def squared(data: bytes) -> bytes:
    return gzip.compress(gzip.compress(data, mtime=0), mtime=0)


ZEROS = b"\0" * (100 << 20)

ANSWERS: dict[str, tuple[str, bytes, str]] = {
    "gzip": ("gzip", gzip.compress(ZEROS, mtime=0), "too-large"),
    "gzip in gzip": ("gzip, gzip", squared(ZEROS), "too-large"),
    "deflate": ("deflate", zlib.compress(ZEROS), "too-large"),
    "brotli": ("br", brotli.compress(ZEROS, quality=5), "too large"),
    "a ratio that is not believed": ("br", brotli.compress(b"\0" * (8 << 20), quality=5), "ratio"),
    "six codings": ("gzip, gzip, gzip, gzip, gzip, gzip", b"x", "layers"),
    "a coding nobody knows": ("rot13", b"x", "coding"),
    "cut short": ("gzip", gzip.compress(b"{}" * 5000)[:-9], "truncated"),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_decompression_bombs_pass_and_are_not_stored(name: str, tmp_path: Path) -> None:
    coding, body, reason = ANSWERS[name]
    answer = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    async with passage(answer, Mode.RECORD, tmp_path) as (_up, app):
        assert (await speak(app.url, b"GET /v1/x HTTP/1.1\r\nHost: p\r\n\r\n")).raw == answer
    assert (tmp_path / "c.yaml").stat().st_size < 3_000
    parsed = load(tmp_path / "c.yaml")
    assert parsed is not None
    response = parsed.interactions[0].response
    assert response.body == b""
    assert f"reason={reason};" in (response.headers.get("Fcproxy-Body") or "")


def test_a_bomb_costs_its_limit_and_no_more() -> None:
    redactor = default_redactor(DECODERS)
    headers = Headers([("Content-Encoding", "gzip, gzip")])
    request = Request("GET", "https://api.stripe.com/v1/x", Headers())
    started = time.process_time()
    done = redactor.redact(Interaction(request, Response(200, headers, squared(ZEROS))))
    assert done.response.body == b""
    assert time.process_time() - started < 15
