"""Answers of the hot path are the bytes that every other way writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcproxy.core.deck import Replay
from fcproxy.core.message import Headers, Response
from fcproxy.core.retries import REUSED_KEY
from fcproxy.server.prepared import Prepared
from fcproxy.server.wire import whole

NAMES = st.sampled_from(["Content-Length", "content-length", "Transfer-Encoding", "Request-Id", "X-A"])
VALUES = st.sampled_from(["0", "2", "2 ", "chunked", "req_1", "a\r\nb", "\x00", "é", "\udce9", "\xa0", ""])
RESPONSES = st.builds(
    Response,
    st.sampled_from([200, 201, 204, 304, 402, 599]),
    st.lists(st.tuples(NAMES, VALUES), max_size=4).map(Headers),
    st.sampled_from([b"", b"ok"]),
    st.sampled_from(["", "OK", "bad\r\nreason"]),
)

PREPARED = Prepared()


@given(RESPONSES, st.integers(min_value=0, max_value=10**6), st.booleans())
def test_they_are_what_is_written_anywhere_else(response: Response, index: int, again: bool) -> None:
    expected = whole(response, [("Fcproxy-Hit", str(index))])
    assert PREPARED.get(Replay(index, response, again)) == expected
    assert PREPARED.get(Replay(index, response, again=True)) == expected


def answer(number: int) -> Response:
    return Response(200, Headers([("Request-Id", f"req_{number}"), ("Content-Length", "2")]), b"ok", "OK")


def test_what_is_given_again_is_kept() -> None:
    prepared, one = Prepared(), answer(1)
    assert prepared.get(Replay(0, one, again=False)) is not prepared.get(Replay(0, one, again=True))
    assert prepared.get(Replay(0, one, again=True)) is prepared.get(Replay(0, one, again=True))


def test_one_answer_to_several_requests_names_each_of_them() -> None:
    prepared = Prepared()
    for index in (3, 4, 3):
        assert f"Fcproxy-Hit: {index}\r\n".encode() in prepared.get(Replay(index, REUSED_KEY, again=True))


@pytest.mark.parametrize("length", [10, 1000])
def test_no_memory_grows_without_end(length: int) -> None:
    prepared = Prepared()
    for number in range(5000):
        fields = [("Request-Id", f"{number:0{length}}"), (f"X-{number}", "a"), ("Content-Length", "2")]
        response = Response(200, Headers(fields), b"ok", f"{number}")
        assert prepared.get(Replay(0, response, again=False)) == whole(response, [("Fcproxy-Hit", "0")])
    assert max(len(prepared._shapes), len(prepared._firsts)) <= 256
