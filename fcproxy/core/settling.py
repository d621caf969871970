"""Settling: markers become placeholders, numbered in the order in which the finished cassette shows them.

Interactions end in any order; their numbers must not depend on it (promise 3: the same conversation, the same bytes).
"""

from collections.abc import Sequence
from urllib.parse import unquote_plus

from fcproxy.core import marker
from fcproxy.core.encodings import runs
from fcproxy.core.expression import expression
from fcproxy.core.marker import Marker
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.rules import RuleBook

__all__ = ["Settling", "settle"]

_TAKEN_LIMIT = 1_000_000
_IN_OCTETS = ",".join(map(str, b"REDACTED"))
"""How placeholders stand in lists of octets."""
_REMEMBERED = 1_000
"""Placeholders kept as they were drawn: most secrets stand in a few interactions that follow each other."""


def settle(
    book: RuleBook, interactions: Sequence[Interaction], reserved: Sequence[Interaction] = ()
) -> list[Interaction]:
    """``interactions`` with placeholders for markers.

    Numbers of placeholders that stand literally in them or in ``reserved`` are not given out again.
    """
    settling = Settling(book)
    for interaction in (*reserved, *interactions):
        settling.reserve(interaction)
    return [settling.interaction(interaction) for interaction in interactions]


class Settling:
    """Interactions are drawn in order, once all have been reserved."""

    def __init__(self, book: RuleBook) -> None:
        self._book = book
        self._taken: dict[str, set[str]] = {}
        self._literals = [
            (kind.name, _sign_of(kind.literal), expression(kind.literal))
            for kind in book.kinds.values()
            if kind.literal is not None
        ]
        self._drawn: dict[tuple[str, int, str], str] = {}
        self._numbers: dict[tuple[str, str], dict[int, int]] = {}
        self._next: dict[tuple[str, str], int] = {}

    def reserve(self, interaction: Interaction) -> None:
        """Numbers of placeholders that stand literally in ``interaction`` are not given out."""
        request, response = interaction.request, interaction.response
        texts = [request.url]
        texts.extend(value for headers in (request.headers, response.headers) for _, value in headers)
        texts.extend(body.decode("utf-8", "replace") for body in (request.body, response.body) if body)
        # In forms and URLs they stand percent-encoded, `@` among other things.
        texts.extend([unquote_plus(text) for text in texts if "%" in text])
        texts.extend([run.decoded for text in texts if _IN_OCTETS in text for run in runs(text)])
        whole = "\n".join(texts)
        for name, sign, pattern in self._literals:
            if sign in whole and (found := pattern.findall(whole)):
                self._taken.setdefault(name, set()).update(found)

    def draw(self, mark: Marker) -> str:
        """The placeholder for ``mark`` in its encoding."""
        key = (mark.kind, mark.number, mark.hint)
        text = self._drawn.get(key)
        if text is None:
            if len(self._drawn) >= _REMEMBERED:
                self._drawn.clear()
            text = self._drawn[key] = self._book.kinds[mark.kind].draw(self._number(mark), mark.hint)
        return mark.encode(text)

    def _number(self, mark: Marker) -> int:
        kind = self._book.kinds[mark.kind]
        group = mark.kind, mark.hint if kind.per_hint else ""
        numbers = self._numbers.setdefault(group, {})
        number = numbers.get(mark.number)
        if number is None:
            number = self._next.get(group, 0) + 1
            taken = self._taken.get(mark.kind, set())
            while number < _TAKEN_LIMIT and kind.draw(number, mark.hint) in taken:
                number += 1
            self._next[group] = numbers[mark.number] = number
        return number

    def text(self, text: str) -> str:
        return marker.unescape(marker.substitute(text, self.draw))

    def headers(self, headers: Headers, before: bytes, after: bytes) -> Headers:
        """Headers drawn; Content-Length follows the body's when drawing changed it."""
        drawn = Headers((name, self.text(value)) for name, value in headers)
        if len(before) != len(after) and "Content-Length" in drawn:
            return drawn.replaced("Content-Length", str(len(after)))
        return drawn

    def body(self, body: bytes) -> bytes:
        if marker.OPEN.encode() not in body and marker.ESCAPE.encode() not in body:
            return body
        return self.text(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def interaction(self, interaction: Interaction) -> Interaction:
        request, response = interaction.request, interaction.response
        # Request before response; in each, as in the file, the body before the headers.
        method = self.text(request.method)
        url = self.text(request.url)
        sent = self.body(request.body)
        sent_headers = self.headers(request.headers, request.body, sent)
        reason = self.text(response.reason)
        received = self.body(response.body)
        received_headers = self.headers(response.headers, response.body, received)
        return Interaction(
            Request(method, url, sent_headers, sent),
            Response(response.status, received_headers, received, reason),
        )


_SIGNS = ("REDACTED~", "edacted")


def _sign_of(literal: str) -> str:
    """What stands in every text that ``literal`` can match: cheaper to look for."""
    return next((sign for sign in _SIGNS if sign in literal), "")
