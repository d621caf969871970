"""Markers, their settling into numbers, and the stand-ins for what was not stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcproxy.core import marker
from fcproxy.core.marker import Marker
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.settling import settle
from fcproxy.core.standins import NOT_STORED, file_standin, is_standin, reason_of, standin
from fcproxy.stripe.secrets import RULES

TEXTS = st.text(st.sampled_from("ab%\ue000\ue001\ue002\ue003\u00e9") | st.characters(codec="utf-8"), max_size=20)
ONE = Marker("secret", 7, "sk_test_")


@given(TEXTS)
def test_delimiters_that_came_with_the_traffic_come_back(text: str) -> None:
    escaped = marker.escape(text)
    assert not any(char in escaped for char in "\ue000\ue001\ue002")
    assert marker.unescape(escaped) == text


@given(TEXTS, TEXTS)
def test_markers_are_found_and_left_alone(before: str, after: str) -> None:
    text = f"{marker.escape(before)}{ONE}{marker.escape(after)}"
    assert marker.find(text) == [ONE]
    assert marker.outside(text, lambda _: "") == str(ONE)
    assert (
        marker.substitute(text, lambda mark: "*" * mark.number)
        == f"{marker.escape(before)}*******{marker.escape(after)}"
    )


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("0", "a b"), ("1", "a%20b"), ("2", "a%2520b"), ("b", "YSBiOg=="), ("o", "97,32,98")],
)
def test_a_marker_is_written_as_its_place_needs_it(encoding: str, written: str) -> None:
    assert ONE._replace(encoding=encoding).encode("a b") == written


@pytest.mark.parametrize(("encoding", "deeper"), [("0", "1"), ("1", "2"), ("9", "9"), ("b", "b"), ("o", "o")])
def test_what_is_percent_encoded_around_a_marker_encodes_it_too(encoding: str, deeper: str) -> None:
    text = f"a b{ONE._replace(encoding=encoding)}"
    assert marker.bump(text, lambda part: part.replace(" ", "%20")) == f"a%20b{ONE._replace(encoding=deeper)}"


def one(*, url: str = "/v1/x", sent: str = "", received: str = "", **headers: str) -> Interaction:
    fields = Headers([(name.replace("_", "-"), value) for name, value in headers.items()])
    return Interaction(Request("POST", url, fields, sent.encode()), Response(200, Headers(), received.encode()))


def mark(number: int, kind: str = "secret", hint: str = "", encoding: str = "0") -> str:
    return str(Marker(kind, number, hint, encoding))


def test_numbers_go_by_first_sight_in_the_order_of_a_reader() -> None:
    done = settle(RULES, [one(url=f"/{mark(9)}", sent=mark(5), Request_Id=mark(8)), one(received=mark(3) + mark(5))])
    first, second = done
    assert first.request.url == "/REDACTED~1"
    assert first.request.body == b"REDACTED~2"
    assert first.request.headers.get("Request-Id") == "REDACTED~3"
    assert second.response.body == b"REDACTED~4REDACTED~2"


def test_each_prefix_counts_for_itself() -> None:
    text = mark(1, hint="sk_test_") + " " + mark(2, hint="rk_test_") + " " + mark(3, hint="sk_test_")
    assert (
        settle(RULES, [one(sent=text)])[0].request.body == b"sk_test_REDACTED~1 rk_test_REDACTED~1 sk_test_REDACTED~2"
    )


@pytest.mark.parametrize("there", ["REDACTED~1", "a%3DREDACTED~1", ",".join(map(str, b"REDACTED~1"))])
def test_numbers_that_stand_there_are_not_given_out_again(there: str) -> None:
    assert settle(RULES, [one(sent=mark(1))], [one(sent=there)])[0].request.body == b"REDACTED~2"
    assert settle(RULES, [one(sent=mark(1)), one(received=there)])[0].request.body == b"REDACTED~2"


def test_the_length_follows_the_body() -> None:
    assert (
        settle(RULES, [one(sent=f"a={mark(1)}", Content_Length="3")])[0].request.headers.get("Content-Length") == "12"
    )
    assert settle(RULES, [one(sent="a=1", Content_Length="9")])[0].request.headers.get("Content-Length") == "9"


def test_delimiters_of_the_traffic_itself_survive_settling() -> None:
    sent = marker.escape("\ue000 \ue003") + mark(1)
    assert settle(RULES, [one(sent=sent)])[0].request.body.decode() == "\ue000 \ue003REDACTED~1"


def test_a_stand_in_is_marked_and_known_again() -> None:
    headers = standin(Headers([("Content-Length", "9"), ("Content-Encoding", "gzip"), ("A", "1")]), "truncated", 9)
    assert list(headers) == [("A", "1"), (NOT_STORED, "not-stored; reason=truncated; bytes=9")]
    assert is_standin(headers)
    assert reason_of(headers) == "truncated"
    assert standin(headers, "json", 4).get_all(NOT_STORED) == ["not-stored; reason=json; bytes=4"]


@pytest.mark.parametrize(
    "value", ["", "not-stored", "not-stored; reason=a1; bytes=1", "not-stored; reason=x; bytes=1; more", "x"]
)
def test_whatever_else_an_upstream_writes_there_is_no_stand_in(value: str) -> None:
    assert not is_standin(Headers([(NOT_STORED, value)]))
    assert reason_of(Headers([(NOT_STORED, value)])) == ""


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n" + b"x" * 99, b"GIF89a" + b"x" * 99, b"%PDF-1.7", b"", b"text"]
)
def test_a_file_is_replaced_by_one_of_its_kind_or_a_line(content: bytes) -> None:
    done = file_standin(content)
    assert file_standin(done) == done
    assert done[:4] == content[:4] if content[:4] in (b"\x89PNG", b"GIF8") else done.startswith(b"[fcproxy: file not")
    assert len(done) < 100
