"""What the shortcut reads by itself, and what it leaves to the general parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcproxy.server.plain import MAX_BODY, MAX_FIELDS, MAX_HEAD, MORE, Plain, PlainReader

COMPARED = frozenset({"authorization", "stripe-version"})


def raw(*lines: str, first: str = "GET /v1/x?a=1 HTTP/1.1", body: bytes = b"") -> bytes:
    if not any(line.startswith("Host") for line in lines):
        lines = ("Host: h", *lines)
    return bare(first, *lines, "").encode("latin-1") + body


def bare(*lines: str) -> str:
    return "".join(f"{line}\r\n" for line in lines)


def read(data: bytes) -> Plain | None:
    return PlainReader(COMPARED).read(data)


def test_a_get_is_read_with_its_compared_lines_in_order() -> None:
    plain = read(raw("Host: h", "Stripe-Version: 1", "User-Agent: u", "AUTHORIZATION: Bearer k", "Idempotency-Key: i"))
    assert plain is not None
    assert (plain.method, plain.target, plain.key, plain.body) == ("GET", "/v1/x?a=1", b"i", b"")
    assert plain.compared == (b"Stripe-Version: 1", b"AUTHORIZATION: Bearer k")
    assert list(plain.headers()) == [
        ("Host", "h"),
        ("Stripe-Version", "1"),
        ("User-Agent", "u"),
        ("AUTHORIZATION", "Bearer k"),
        ("Idempotency-Key", "i"),
    ]


def test_what_changes_in_each_request_is_not_compared() -> None:
    reader = PlainReader(COMPARED)
    one = reader.read(raw("Host: h", "Authorization: k", "Idempotency-Key: a", "X-Stripe-Client-Telemetry: 1"))
    two = reader.read(raw("Host: h", "Authorization: k", "Idempotency-Key: b", "X-Stripe-Client-Telemetry: 2"))
    assert one is not None
    assert two is not None
    assert (one.first, one.compared, one.body) == (two.first, two.compared, two.body)
    assert one.key != two.key


def test_a_body_is_read_when_it_is_whole() -> None:
    whole = raw("Content-Length: 3", first="POST /v1/x HTTP/1.1", body=b"a=1")
    plain = read(whole)
    assert plain is not None
    assert plain.body == b"a=1"
    assert plain.size == len(whole)


@given(st.integers(min_value=0, max_value=62))
def test_every_beginning_of_a_plain_request_waits_for_more(end: int) -> None:
    whole = raw("Host: h", "Content-Length: 3", first="POST /v1/x HTTP/1.1", body=b"a=1")
    assert read(whole[: min(end, len(whole) - 1)]) is MORE


ODD = {
    "another version": raw(first="GET / HTTP/1.0"),
    "a HEAD, whose answer has no body": raw(first="HEAD / HTTP/1.1"),
    "an absolute target": raw(first="GET http://h/ HTTP/1.1"),
    "a fragment": raw(first="GET /#a HTTP/1.1"),
    "two blanks": raw(first="GET  / HTTP/1.1"),
    "chunks": raw("Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "chunks and a length": raw("Transfer-Encoding: chunked", "Content-Length: 5", body=b"0\r\n\r\n"),
    "an expectation": raw("Expect: 100-continue", "Content-Length: 3"),
    "an upgrade": raw("Connection: Upgrade", "Upgrade: h2c"),
    "a connection to be closed": raw("Connection: close"),
    "headers of the hop": raw("Connection: Stripe-Version", "Stripe-Version: 1"),
    "two lengths": raw("Content-Length: 3", "Content-Length: 3", body=b"abc"),
    "a signed length": raw("Content-Length: +3", body=b"abc"),
    "a length that is no number": raw("Content-Length: 3, 3", body=b"abc"),
    "two idempotency keys": raw("Idempotency-Key: a", "Idempotency-Key: b"),
    "a folded line": raw("Host: h", " folded"),
    "a blank before the colon": raw("Host : h"),
    "a bare line feed": raw("Host: h\nTransfer-Encoding: chunked"),
    "a bare carriage return": raw("Host: h\rX: y"),
    "a null octet": raw("Host: h\0"),
    "octets beyond ASCII": raw("X-Name: é"),
    "more than one request": raw("Host: h") + raw("Host: h"),
    "more body than was announced": raw("Content-Length: 1", body=b"ab"),
    "a long head": raw("X-Long: " + "x" * MAX_HEAD),
    "a long body": raw(f"Content-Length: {MAX_BODY + 1}"),
    "many fields": raw(*(f"X-Field: {number}" for number in range(MAX_FIELDS))),
    "no host": bare("GET / HTTP/1.1", "X-Name: y", "").encode(),
    "two hosts": raw("Host: h", "Host: h"),
    "the beginning of bare line feeds": b"GET / HTTP/1.1\nHost: h\n",
    "the beginning of no HTTP": b"\x16\x03\x01",
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_not_plain_is_left_alone(name: str) -> None:
    assert read(ODD[name]) is None


def test_a_reader_may_be_narrower() -> None:
    assert PlainReader(COMPARED, max_head=40).read(raw("X-Long: " + "x" * 40)) is None
    assert PlainReader(COMPARED, max_fields=2).read(raw("X-One: 1", "X-Two: 2")) is None


def test_it_says_the_same_of_a_line_that_it_has_seen() -> None:
    reader = PlainReader(COMPARED)
    data = raw("Transfer-Encoding: chunked", body=b"0\r\n\r\n")
    assert [reader.read(data), reader.read(data)] == [None, None]
    good = raw("Authorization: k", "Content-Length: 2", body=b"ab")
    assert reader.read(good) == reader.read(good) is not None


def test_a_field_with_ever_new_values_is_read_like_any_other() -> None:
    reader = PlainReader(COMPARED)
    for number in range(100):
        lines = (f"Host: {number}", "X-Old: a", f"X-New:  {number} ", f"Idempotency-Key: k{number}", "X-Empty:")
        plain = reader.read(raw(*lines, first=f"GET /{number} HTTP/1.1"))
        assert plain is not None
        assert (plain.target, plain.key) == (f"/{number}", f"k{number}".encode())
        assert list(plain.headers()) == [
            ("Host", f"{number}"),
            ("X-Old", "a"),
            ("X-New", f"{number}"),
            ("Idempotency-Key", f"k{number}"),
            ("X-Empty", ""),
        ]
        assert plain.headers().names == ("host", "x-old", "x-new", "idempotency-key", "x-empty")
    for line in ("Host: evil.example", "X-New: é", "X-New: \0", "X-New : 1", "User-Agent: a\r\nUser-Agent: b"):
        assert reader.read(raw(line if line.startswith("Host") else f"Host: h\r\n{line}")) is None


@pytest.mark.parametrize("name", ["Host", "User-Agent", "Idempotency-Key"])
def test_a_field_with_ever_new_values_may_still_be_sent_once_only(name: str) -> None:
    reader = PlainReader(COMPARED)
    for number in range(100):
        assert reader.read(raw("Host: h", f"{name}: {number}", f"{name}: {number + 1}")) is None


def test_lines_too_long_to_be_remembered_are_compared_all_the_same() -> None:
    reader = PlainReader(COMPARED)
    for _ in range(2):
        for value in ("a" * 2000, "b" * 2000):
            plain = reader.read(raw("Host: h", f"Authorization: {value}"))
            assert plain is not None
            assert plain.compared == (f"Authorization: {value}".encode(),)


def test_nothing_is_kept_without_end() -> None:
    reader = PlainReader(COMPARED)
    for number in range(5000):
        plain = reader.read(raw("Host: h", f"Authorization: {number}", first=f"GET /{number} HTTP/1.1"))
        assert plain is not None
        assert (plain.target, plain.compared) == (f"/{number}", (f"Authorization: {number}".encode(),))
    assert max(len(reader._heads.lines), len(reader._heads), len(reader._firsts)) <= 2048


def test_the_same_octets_are_the_same_request() -> None:
    reader = PlainReader(COMPARED)
    one, other = raw("Host: h", "Authorization: k"), raw("Host: h", "Authorization: l")
    first = reader.read(one)
    assert reader.read(one) is first
    second = reader.read(other)
    assert second is not None
    assert second.compared == (b"Authorization: l",)
    assert reader.read(one) == first
