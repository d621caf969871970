"""Recorded answers as bytes that go on the wire, for the hot path.

Most answers are given once, so they have to be made quickly: one that is stored as it is sent needs no new headers.
Only what is asked for a second time is kept.
"""

from fcproxy.core.deck import Replay
from fcproxy.core.message import Headers, Response
from fcproxy.server.wire import head_bytes, whole, without_body

__all__ = ["Prepared"]

_BYTES = 64 * 1024 * 1024
"""Most bytes of answers that are kept."""

_SHAPES = 256
"""How many sequences of field names are known, and how many first lines."""


class Prepared:
    """Writes answers as `wire.whole` does, with ``Fcproxy-Hit`` at the end of their heads."""

    def __init__(self) -> None:
        self._answers: dict[int, tuple[Response, int, bytes]] = {}
        self._kept = 0
        self._shapes: dict[tuple[str, ...], int | None] = {}
        self._firsts: dict[tuple[int, str], str] = {}

    def get(self, replay: Replay) -> bytes:
        """The whole answer to an HTTP/1.1 client that keeps its connection and sent no HEAD."""
        response, index = replay.response, replay.index
        # By identity: a deck gives the very response that its cassette holds, and the reference here keeps it alive.
        kept = self._answers.get(id(response))
        if kept is not None and kept[1] == index:
            return kept[2]
        data = self._written(response, index)
        if replay.again:
            self._kept += len(data)
            if self._kept > _BYTES:
                self._answers.clear()
                self._kept = len(data)
            self._answers[id(response)] = (response, index, data)
        return data

    def _written(self, response: Response, index: int) -> bytes:
        headers, body = response.headers, response.body
        fields = headers.fields
        at = self._length_at(tuple([name for name, _ in fields]))
        first = self._firsts.get((response.status, response.reason)) or self._first(response)
        # What is not stored as it is sent is left to the function that everything else is written by.
        if not first or at is None or fields[at][1] != str(len(body)):
            return whole(response, [("Fcproxy-Hit", str(index))])
        return b"%bFcproxy-Hit: %d\r\n\r\n%b" % (head_bytes(first, headers)[:-2], index, body)

    def _length_at(self, names: tuple[str, ...]) -> int | None:
        """The number of the one Content-Length; None where there is not one, or the head cannot be sent as it is."""
        if names in self._shapes:
            return self._shapes[names]
        lower = [name.lower() for name in names]
        one = lower.count("content-length") == 1 and "transfer-encoding" not in lower
        if len(self._shapes) >= _SHAPES:
            self._shapes.clear()
        self._shapes[names] = at = lower.index("content-length") if one else None
        return at

    def _first(self, response: Response) -> str:
        """The first line; empty where there is no body."""
        status, reason = response.status, response.reason
        line = whole(Response(status, Headers(), b"", reason)).partition(b"\r\n")[0].decode("utf-8", "surrogateescape")
        if len(self._firsts) >= _SHAPES:
            self._firsts.clear()
        self._firsts[status, reason] = first = "" if without_body("GET", status) else line
        return first
