"""What a body is, whatever its labels say; and content codings, stacked, cut and swollen."""

import gzip
import json
import zlib
from collections.abc import Callable
from functools import partial

import pytest

from fcproxy.codings import DECODERS
from fcproxy.core.body import BodyKind, media_type, open_body
from fcproxy.core.content import MAX_DECODED, MAX_LAYERS, Unopenable, coding_names, decode
from fcproxy.core.message import Headers

zipped = partial(gzip.compress, mtime=0)
"""The same octets at any time: they name tests."""

TEXT = json.dumps({"note": "caf\u00e9 and more"}, ensure_ascii=False)
JSON = TEXT.encode()


def opened(data: bytes, *fields: tuple[str, str]) -> tuple[str, str, bytes]:
    """Kind, charset and opened bytes; "unopenable" and why not."""
    try:
        one = open_body(Headers(fields), data, DECODERS)
    except Unopenable as error:
        return "unopenable", error.reason, b""
    return one.kind.value, one.charset, one.data


TYPE, CODING = "Content-Type", "Content-Encoding"

SNIFFED = [
    (b"", None, "empty", "utf-8"),
    (JSON, "application/json", "json", "utf-8"),
    (JSON, None, "json", "utf-8"),
    (JSON, "text/html", "json", "utf-8"),
    (JSON, "image/png", "json", "utf-8"),
    (JSON, "application/x-www-form-urlencoded", "json", "utf-8"),
    (b"\xef\xbb\xbf" + JSON, "application/json", "json", "utf-8"),
    (TEXT.encode("utf-16"), None, "json", "utf-16"),
    (TEXT.encode("utf-16-le"), None, "json", "utf-16-le"),
    (TEXT.encode("utf-16-be"), "application/json", "json", "utf-16-be"),
    (TEXT.encode("utf-32"), None, "json", "utf-32"),
    (TEXT.encode("latin-1"), "application/json; charset=ISO-8859-1", "json", "iso-8859-1"),
    (TEXT.encode("latin-1"), "application/json", "json", "utf-8"),
    (TEXT.encode("utf-16-le"), "application/json; charset=utf-16-le", "json", "utf-16-le"),
    (b'{"a": 1, "a": 2}', None, "json", "utf-8"),
    (b"true", "application/json", "json", "utf-8"),
    (b"a=1&b=2", None, "form", "utf-8"),
    (b"a=1&b=2", "application/json", "form", "utf-8"),
    (b"a=1&b=two words", "application/x-www-form-urlencoded", "form", "utf-8"),
    (b"hello", "application/x-www-form-urlencoded", "form", "utf-8"),
    (b"hello", None, "text", "utf-8"),
    (b"https://x.test/?a=1", None, "text", "utf-8"),
    (b"caf\xe9", "text/plain", "text", "utf-8"),
    (b'{"a": 1}\n{"b": 2}\n', None, "lines", "utf-8"),
    (b'{"a": 1}\n{"b": 2}\n', "application/x-ndjson", "lines", "utf-8"),
    (b"event: x\ndata: 1\n\n", "text/event-stream", "lines", "utf-8"),
    (b": comment\n\n", "text/event-stream", "text", "utf-8"),
    (b"\x00\x01\x02\x03", None, "binary", "utf-8"),
    (b"%PDF-1.7\n\x00\x01", "application/pdf", "binary", "utf-8"),
    (b"--x--", "multipart/form-data; boundary=x", "multipart", "utf-8"),
    (b"--x--", "multipart/form-data; BOUNDARY=\"x y\"", "multipart", "utf-8"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "label", "kind", "charset"), SNIFFED)
def test_what_a_body_is(data: bytes, label: str | None, kind: str, charset: str) -> None:
    assert opened(data, *([(TYPE, label)] if label else [])) == (kind, charset, data)


UNOPENABLE = [
    (JSON[:-3], "application/json", "json"),
    (b"{" * 100, "application/json", "json"),
    (JSON, "application/json; charset=klingon", "charset"),
    (JSON, "application/json; charset=utf-16-be", "charset"),
    (b"\xff\xfe" + b"\x00\xd8" * 3, None, "charset"),
    # Plain text under a label by which it reads as other letters.
    (JSON + b" " * (len(JSON) % 2), "application/json; charset=utf-16-le", "charset"),
    (b"\xff\xfe" + JSON + b" " * (len(JSON) % 2), "application/json", "charset"),
    (b"a plain-text here", "text/plain; charset=cp500", "charset"),
    (b"\x81secret-word", "text/plain; charset=shift_jis", "charset"),
    (b"\x1b$Bsecret-words", "text/plain; charset=iso-2022-jp", "charset"),
    (b"sec+AHI-et-words", "text/plain; charset=utf-7", "charset"),
    (b"--x--", "multipart/form-data", "multipart"),
    (zipped(JSON), "application/json", "compressed"),
    (b"\x28\xb5\x2f\xfd\x00", None, "compressed"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "label", "reason"), UNOPENABLE)
def test_what_cannot_be_read_is_refused_with_one_word(data: bytes, label: str | None, reason: str) -> None:
    assert opened(data, *([(TYPE, label)] if label else [])) == ("unopenable", reason, b"")


def test_a_cut_json_text_of_another_type_is_text() -> None:
    assert opened(JSON[:-3], (TYPE, "text/plain"))[0] == "text"


def flushed(data: bytes) -> bytes:
    """gzip with a flush point in the middle, and the end."""
    packer = zlib.compressobj(wbits=31)
    half = len(data) // 2
    return (
        packer.compress(data[:half]) + packer.flush(zlib.Z_SYNC_FLUSH) + packer.compress(data[half:]) + packer.flush()
    )


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


CODED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", zipped),
    ("GZIP", zipped),
    ("x-gzip", flushed),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("identity", bytes),
    ("", bytes),
    ("gzip", lambda data: zipped(data[:5]) + zipped(data[5:])),
    ("gzip", lambda data: zipped(data) + b"\0" * 8),
    ("gzip, deflate", lambda data: zlib.compress(zipped(data))),
    ("gzip,gzip , gzip", lambda data: zipped(zipped(zipped(data)))),
]


@pytest.mark.parametrize(("label", "packed"), CODED)
def test_codings_are_undone_last_first(label: str, packed: Callable[[bytes], bytes]) -> None:
    assert opened(packed(JSON), (CODING, label)) == ("json", "utf-8", JSON)


def test_codings_may_stand_in_several_fields() -> None:
    assert opened(zlib.compress(zipped(JSON)), (CODING, "gzip"), (CODING, "deflate"))[2] == JSON


@pytest.mark.parametrize(
    ("data", "label", "reason"),
    [
        (JSON, "gzip", "corrupt"),
        (zipped(JSON)[:-1], "gzip", "truncated"),
        (zipped(JSON)[:12], "gzip", "truncated"),
        (flushed(JSON)[: len(flushed(JSON)) // 2 + 6], "gzip", "truncated"),
        (zipped(JSON) + b"more", "gzip", "trailing-data"),
        (zlib.compress(JSON) + b"more", "deflate", "trailing-data"),
        (JSON, "rot13", "coding"),
        (JSON, "gzip;q=1", "coding"),
        (zipped(b"\0" * (2 << 20)), "gzip", "ratio"),
        (zipped(b" " * (MAX_DECODED + 1)), "gzip", "too-large"),
        (JSON, ", ".join(["identity"] * (MAX_LAYERS + 1)), "layers"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_cannot_be_opened_is_refused_with_one_word(data: bytes, label: str, reason: str) -> None:
    assert opened(data, (CODING, label)) == ("unopenable", reason, b"")


def test_names_of_codings_and_types() -> None:
    assert coding_names(["GZip , br", "", " zstd"]) == ["gzip", "br", "zstd"]
    assert media_type(Headers([(TYPE, " Text/HTML ; charset=x")])) == "text/html"
    assert media_type(Headers()) == ""
    assert decode(b"", ["gzip"], DECODERS) == b""
    assert BodyKind("json") is BodyKind.JSON
