"""Parsed files -> what to inspect. One lenient reader for every recorder's layout; what it does not know is kept.

Known: VCR.py (YAML, JSON), Ruby VCR, stripe playback, HAR and what is built on it. In all of them an interaction is a
mapping with a `request`, in a list. Whatever stands beside the known keys is inspected as well, as the rest.
"""

import base64
import binascii

from fcproxy.core.audit import Item, Tree
from fcproxy.core.audit_tree import Pairs
from fcproxy.core.message import Headers, Interaction, Request, Response

__all__ = ["document_items"]

_SEARCH_DEPTH = 4
_BODY_KEYS = ("string", "base64_string", "text", "data", "content")


def document_items(tree: object) -> list[Item]:
    """The interactions in ``tree``, numbered, and the rest of it."""
    found: list[Item] = []
    rest = _rest(tree, found, 0)
    if isinstance(rest, str | bytes):
        # A file that is one scalar and no more: nothing names it, so it is text.
        found.append(Item(rest, "document"))
    elif rest is not None:
        found.append(Item(Tree(rest), "document"))
    return found


def _rest(node: object, found: list[Item], depth: int) -> object:
    """Takes the interactions out of ``node``; what remains, or None."""
    if isinstance(node, Pairs):
        if _is_interaction(node):
            number = found[-1].number + 1 if found and found[-1].number is not None else 0
            reader = _Reader()
            found.append(Item(reader.interaction(node), number=number))
            found.extend(Item(Tree(more), place, number) for place, more in reader.more)
            return None
        if depth > _SEARCH_DEPTH:
            return node
        return Pairs((key, _rest(value, found, depth + 1)) for key, value in node)
    if isinstance(node, list) and depth <= _SEARCH_DEPTH:
        return [kept for item in node if (kept := _rest(item, found, depth + 1)) is not None]
    return node


def _is_interaction(node: Pairs) -> bool:
    keys = {key for key, value in node if isinstance(value, Pairs)}
    return "request" in keys and ("response" in keys or any(key == "response" for key, _ in node))


class _Reader:
    """Reads one interaction; ``more`` collects (place, contents) of what has no place in an `Interaction`."""

    def __init__(self) -> None:
        self.more: list[tuple[str, object]] = []

    def interaction(self, node: Pairs) -> Interaction:
        request = _first(node, "request")
        response = _first(node, "response")
        self._rest(node, ("request", "response"), "interaction")
        return Interaction(
            self._request(request if isinstance(request, Pairs) else Pairs()),
            self._response(response if isinstance(response, Pairs) else Pairs()),
        )

    def _request(self, node: Pairs) -> Request:
        url = _first(node, "uri") or _first(node, "url")
        body = self._body(_first(node, "body"), "request.body") or self._body(_first(node, "postData"), "request.body")
        headers = self._headers(node, "request.headers")
        self._rest(node, ("uri", "url", "body", "postData", "headers", "cookies", "method"), "request")
        return Request(_word(_first(node, "method")), self._url(url), headers, body)

    def _response(self, node: Pairs) -> Response:
        body = self._body(_first(node, "body"), "response.body") or self._body(_first(node, "content"), "response.body")
        status = _first(node, "status")
        reason = _first(status, "message") if isinstance(status, Pairs) else _first(node, "statusText")
        code = _first(status, "code") if isinstance(status, Pairs) else status or _first(node, "status_code")
        self._rest(status if isinstance(status, Pairs) else Pairs(), ("code", "message"), "response.status")
        headers = self._headers(node, "response.headers")
        self._rest(node, ("body", "content", "headers", "cookies", "status", "statusText", "status_code"), "response")
        number = _word(code)
        return Response(int(number) if number.isdigit() and len(number) < 4 else 0, headers, body, _word(reason))

    def _url(self, node: object) -> str:
        if not isinstance(node, Pairs):
            return _word(node)
        # Go's url.URL, field by field, as stripe playback stored it.
        parts = {str(key).lower(): _word(value) for key, value in node if not isinstance(value, Pairs | list)}
        self._rest(node, (), "request.url")
        query = f"?{parts['rawquery']}" if parts.get("rawquery") else ""
        return f"{parts.get('scheme') or 'https'}://{parts.get('host', '')}{parts.get('path', '')}{query}"

    def _headers(self, node: Pairs, place: str) -> Headers:
        items: list[tuple[str, str]] = []
        for key, value in node:
            if key == "headers":
                items += _header_items(value)
                for each in value if isinstance(value, list) and not isinstance(value, Pairs) else ():
                    self._rest(each if isinstance(each, Pairs) else Pairs(), ("name", "value"), place)
            elif key == "cookies" and isinstance(value, list):
                pairs = [(_first(each, "name"), _first(each, "value")) for each in value if isinstance(each, Pairs)]
                items += [("Cookie", f"{_word(name)}={_word(text)}") for name, text in pairs]
                self.more.append((f"{place} Cookie", Pairs([("cookies", value)])))
        return Headers(items)

    def _body(self, node: object, place: str) -> bytes:
        if node is None or isinstance(node, str | bytes):
            return _octets(node)
        if numbers := _numbers(node):
            return numbers
        pairs = node if isinstance(node, Pairs) else Pairs()
        key = next(
            (
                str(key)
                for key, value in pairs
                if key in _BODY_KEYS and (isinstance(value, str | bytes) or _numbers(value))
            ),
            None,
        )
        if key is None:
            # Some recorders store the parsed body itself.
            self.more.append((place, node))
            return b""
        self._rest(pairs, (key,), place)
        value = _numbers(_first(pairs, key)) or _octets(_first(pairs, key))
        coded = key == "base64_string" or _first(pairs, "encoding") == "base64"
        return _unbase64(value) if coded else value

    def _rest(self, node: Pairs, known: tuple[str, ...], place: str) -> None:
        rest = Pairs((key, value) for key, value in node if key not in known)
        if rest:
            self.more.append((place, rest))


def _header_items(node: object) -> list[tuple[str, str]]:
    items: list[tuple[str, str]] = []
    if isinstance(node, Pairs):
        for key, value in node:
            values = value if isinstance(value, list) and not isinstance(value, Pairs) else [value]
            items += [(_word(key), _word(each)) for each in values]
    elif isinstance(node, list):
        items = [
            (_word(_first(each, "name")), _word(_first(each, "value"))) for each in node if isinstance(each, Pairs)
        ]
    return items


def _unbase64(value: bytes) -> bytes:
    try:
        return base64.b64decode(value)
    except binascii.Error:
        return value


def _first(node: object, name: str) -> object:
    return next((value for key, value in node if key == name), None) if isinstance(node, Pairs) else None


def _octets(value: object) -> bytes:
    return value if isinstance(value, bytes) else _word(value).encode("utf-8", "surrogatepass")


def _numbers(value: object) -> bytes:
    """A list of octets (Go's []byte, a Buffer of node), "" for anything else."""
    if not isinstance(value, list) or isinstance(value, Pairs):
        return b""
    if not all(isinstance(one, str) and one.isdecimal() and len(one) < 4 and int(one) < 256 for one in value):
        return b""
    return bytes(map(int, value))


def _word(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else "" if value is None else str(value)
