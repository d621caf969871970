"""What is read of an upstream's answers without aiohttp is what aiohttp reads, and what is not plain is left to it."""

import asyncio
from unittest.mock import Mock

import pytest
from aiohttp.http import HttpResponseParser
from hypothesis import given
from hypothesis import strategies as st

from fcproxy.server.plain import MAX_FIELDS, MAX_HEAD
from fcproxy.server.plain_answers import PlainAnswer, PlainAnswerReader
from fcproxy.server.wire import decode_raw


def raw(*lines: str, first: str = "HTTP/1.1 200 OK", body: bytes = b"") -> bytes:
    return "".join(f"{line}\r\n" for line in (first, *lines, "")).encode("latin-1") + body


def by_aiohttp(data: bytes) -> PlainAnswer | None:
    """The one whole answer that ``data`` is; None where it is anything else."""
    loop = asyncio.new_event_loop()
    try:
        parser = HttpResponseParser(
            Mock(), loop, 2**16, read_until_eof=True, auto_decompress=False, max_line_size=2**16, max_field_size=2**16
        )
        try:
            messages, upgraded, tail = parser.feed_data(data)
        except Exception:
            return None
        if len(messages) != 1 or upgraded or tail:
            return None
        message, payload = messages[0]
        if not payload.is_eof() or payload.exception() is not None or message.should_close:
            return None
        headers = decode_raw(message.raw_headers)
        return PlainAnswer(message.code, message.reason or "", headers, payload.read_nowait(-1))
    finally:
        loop.close()


def test_an_answer_is_read_with_its_fields_in_order() -> None:
    data = raw(
        "server: nginx", "X-Repeat: one", "Content-Length:  2 ", "x-repeat: two", "Empty:", "Request-Id: r", body=b"ok"
    )
    answer = PlainAnswerReader().read(data)
    assert answer is not None
    assert (answer.status, answer.reason, answer.body) == (200, "OK", b"ok")
    assert list(answer.headers) == [
        ("server", "nginx"),
        ("X-Repeat", "one"),
        ("Content-Length", "2"),
        ("x-repeat", "two"),
        ("Empty", ""),
        ("Request-Id", "r"),
    ]
    assert answer.headers.names == ("server", "x-repeat", "content-length", "x-repeat", "empty", "request-id")


ODD = {
    "nothing": b"",
    "half a head": raw("Content-Length: 2")[:-2],
    "half a body": raw("Content-Length: 3", body=b"ok"),
    "more than one answer": raw("Content-Length: 0") + raw("Content-Length: 0"),
    "more body than was announced": raw("Content-Length: 1", body=b"ok"),
    "no length": raw(body=b"ok"),
    "two lengths": raw("Content-Length: 2", "Content-Length: 2", body=b"ok"),
    "a signed length": raw("Content-Length: +2", body=b"ok"),
    "a list of lengths": raw("Content-Length: 2, 2", body=b"ok"),
    "chunks": raw("Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "chunks and a length": raw("Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "a connection that will be closed": raw("Connection: close", "Content-Length: 2", body=b"ok"),
    "fields of the hop": raw("Connection: X-Mine", "X-Mine: 1", "Content-Length: 2", body=b"ok"),
    "another version": raw("Content-Length: 2", first="HTTP/1.0 200 OK", body=b"ok"),
    "an interim answer": raw("Content-Length: 0", first="HTTP/1.1 103 Early Hints"),
    "a switch of protocols": raw("Upgrade: x", "Content-Length: 0", first="HTTP/1.1 101 Switching Protocols"),
    "no body by its status": raw("Content-Length: 2", first="HTTP/1.1 204 No Content", body=b"ok"),
    "not modified": raw("Content-Length: 2", first="HTTP/1.1 304 Not Modified", body=b"ok"),
    "no blank after the status": raw("Content-Length: 2", first="HTTP/1.1 200", body=b"ok"),
    "a status of two digits": raw("Content-Length: 2", first="HTTP/1.1 20 OK", body=b"ok"),
    "a status of four digits": raw("Content-Length: 2", first="HTTP/1.1 2000 OK", body=b"ok"),
    "a reason beyond ASCII": raw("Content-Length: 2", first="HTTP/1.1 200 caf\xe9", body=b"ok"),
    "a value beyond ASCII": raw("X: caf\xe9", "Content-Length: 2", body=b"ok"),
    "a folded line": raw("X: a", " b", "Content-Length: 2", body=b"ok"),
    "a blank before the colon": raw("Content-Length : 2", body=b"ok"),
    "a bare line feed": raw("X: a\nContent-Length: 2", body=b"ok"),
    "a null octet": raw("X: a\0", "Content-Length: 2", body=b"ok"),
    "a long head": raw("X: " + "x" * MAX_HEAD, "Content-Length: 2", body=b"ok"),
    "many fields": raw(*(f"X: {number}" for number in range(MAX_FIELDS)), "Content-Length: 2", body=b"ok"),
    "no HTTP": b"SSH-2.0-whatever\r\n\r\n",
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_not_plain_is_left_alone(name: str) -> None:
    reader = PlainAnswerReader()
    assert [reader.read(ODD[name]), reader.read(ODD[name])] == [None, None]


FIRST = st.one_of(
    st.just("HTTP/1.1 200 OK"),
    st.from_regex(r"HTTP/1\.[01] [0-9]{3}( [ -~\t]{0,9})?", fullmatch=True),
)
LINE = st.one_of(
    st.sampled_from(["Content-Length: 2", "Content-Length: 0", "content-length:2\t", "Connection: keep-alive"]),
    st.sampled_from(["Content-Type: application/json", "Server: a", "Connection: close", "Transfer-Encoding: chunked"]),
    st.from_regex(r"[!-~]{1,6} ?: ?[ -~\t]{0,8}", fullmatch=True),
)


@given(st.lists(st.tuples(FIRST, st.lists(LINE, max_size=5), st.sampled_from([b"", b"ok", b"okay"])), min_size=1))
def test_whatever_it_reads_aiohttp_reads_alike(answers: list[tuple[str, list[str], bytes]]) -> None:
    reader = PlainAnswerReader()
    for first, lines, body in answers:
        data = raw(*lines, first=first, body=body)
        answer = reader.read(data)
        if answer is not None:
            assert answer == by_aiohttp(data)


def test_nothing_is_kept_without_end() -> None:
    reader = PlainAnswerReader()
    for number in range(5000):
        data = raw(f"X-{number}: {number}", "Content-Length: 0", first=f"HTTP/1.1 200 {number}")
        answer = reader.read(data)
        assert answer is not None
        assert (answer.reason, list(answer.headers)) == (
            str(number),
            [(f"X-{number}", str(number)), ("Content-Length", "0")],
        )
    assert max(len(reader._heads), len(reader._heads.lines), len(reader._firsts)) <= 2048
