"""Secrets in containers that hide them: stacked codings, cut and costly streams, other charsets, depth."""

import gzip
import json
import sys
import zlib

import brotli
import pytest

from fcproxy.core.message import Headers, Interaction, Request, Response
from tests.attacks.hunt import record, rng_for
from tests.attacks.prey import letters

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

KEY = "sk_" + "test_" + letters(rng_for("containers"), 24)
TEXT = json.dumps({"note": f"before {KEY} after"})
DOUBLE = zstd.compress(brotli.compress(gzip.compress(TEXT.encode())))
PACKED = gzip.compress(TEXT.encode())


def kept(body: bytes, *fields: tuple[str, str]) -> Response:
    headers = Headers([("Content-Type", "application/json"), *fields])
    request = Request("GET", "https://api.stripe.com/v1/things", Headers())
    return record(Interaction(request, Response(200, headers, body, "OK")))[0].response


def holds(data: bytes) -> bool:
    """Whether the key is there in any charset, or any good part of it."""
    plain = data.replace(b"\0", b"")
    return any(KEY[at : at + 10].encode() in plain for at in range(8, len(KEY) - 9))


def test_stacked_codings_are_opened() -> None:
    response = kept(DOUBLE, ("Content-Encoding", "gzip, br, zstd"))
    assert not holds(response.body)
    assert b"before" in response.body
    assert b"after" in response.body


@pytest.mark.parametrize("cut", [20, len(PACKED) // 2, len(PACKED) - 9, len(PACKED) - 1])
def test_a_cut_stream_leaves_nothing_raw(cut: int) -> None:
    response = kept(PACKED[:cut], ("Content-Encoding", "gzip"))
    assert not holds(response.body)
    assert not holds(zlib.decompressobj(31).decompress(response.body) if response.body[:2] == b"\x1f\x8b" else b"")


def test_a_bomb_becomes_a_stand_in() -> None:
    response = kept(gzip.compress(KEY.encode() + bytes(80_000_000), 1), ("Content-Encoding", "gzip"))
    assert response.body == b""
    assert (response.headers.get("Fcproxy-Body") or "").startswith("not-stored; reason=")


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("labelled", [True, False])
def test_wide_charsets_with_and_without_a_mark(charset: str, *, labelled: bool) -> None:
    fields = (("Content-Type", f"application/json; charset={charset}"),) if labelled else ()
    request = Request("GET", "https://api.stripe.com/v1/things", Headers())
    response = record(Interaction(request, Response(200, Headers(fields), TEXT.encode(charset), "OK")))[0].response
    assert not holds(response.body)


MISLABELLED = {
    "utf-16-le": TEXT.encode(),
    "utf-16-be": TEXT.encode(),
    "utf-16": TEXT.encode() + b" ",
    "cp500": f"see {KEY} there".encode(),
    "utf-7": f"see {KEY.replace('test', '+AHQ-est')} {KEY[8:]}".encode(),
    "shift_jis": b"\x81" + KEY.encode(),
    "iso-2022-jp": b"\x1b$B" + KEY.encode() + b"\x1b(B",
    "hz": b"~{" + KEY.encode() + b"~}",
    "": b"\xff\xfe" + TEXT.encode(),
}
"""By their labels these read as other letters than stand there."""


@pytest.mark.parametrize("media", ["application/json", "text/plain"])
@pytest.mark.parametrize("charset", MISLABELLED)
@pytest.mark.parametrize("pad", [b"", b" "])
def test_plain_text_under_the_label_of_another_charset(charset: str, media: str, pad: bytes) -> None:
    label = f"{media}; charset={charset}" if charset else media
    request = Request("GET", "https://api.stripe.com/v1/things", Headers())
    response = Response(200, Headers([("Content-Type", label)]), MISLABELLED[charset] + pad, "OK")
    assert holds(response.body)
    assert not holds(record(Interaction(request, response))[0].response.body)


def test_three_thousand_levels() -> None:
    assert not holds(kept(b"[" * 3000 + json.dumps(KEY).encode() + b"]" * 3000).body)


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "utf-32-be"])
def test_the_hunt_itself_finds_a_key(charset: str) -> None:
    assert holds(TEXT.encode(charset))
