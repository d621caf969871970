"""A client's request as it comes from aiohttp -> a Request with the upstream's public URL, and the deck it asks for."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from urllib.parse import unquote

from aiohttp import web

from fcproxy.core.expression import expression
from fcproxy.core.message import Headers, Request, Response
from fcproxy.server.answers import bad_request
from fcproxy.server.hop import HOP_BY_HOP, end_to_end
from fcproxy.server.large import LargeBody
from fcproxy.server.wire import decode_raw

__all__ = [
    "DECK_HEADER",
    "DUMMY_KEY",
    "PREFIX",
    "SELECTORS",
    "BadRequest",
    "build",
    "deck_of_key",
    "is_reserved",
    "read_body",
    "target_of",
]

_WORD = "_fcproxy"
PREFIX = f"/{_WORD}/"
"""The one reserved prefix: nothing below it is recorded or forwarded."""

DECK_HEADER = "Fcproxy-Deck"
SELECTORS = frozenset({"authorization", "fcproxy-deck"})
"""Lower-case names of the headers by which a request chooses its deck."""

DUMMY_KEY = "sk_" + "test_" + "fcproxy"
"""What a client may use as its key; with ``_{id}`` behind it, it names a deck."""

_NOT_FORWARDED = HOP_BY_HOP | {DECK_HEADER.lower(), "expect", "host"}
# Expect is answered here, where the body is read whole; Host is the proxy's own address.


_AFTER_AUTHORITY = expression(r"[/?#].*", re.DOTALL)


class BadRequest(Exception):
    """Carries the answer to a request that cannot be taken."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def target_of(request: web.BaseRequest) -> str:
    """The raw target as path and query. The host of an absolute one is ignored: it is no say over the upstream.

    Raises BadRequest for the forms that a reverse proxy has no use for.
    """
    target = request.raw_path
    if not target.startswith("/"):
        scheme, found, rest = target.partition("://")
        if not found or scheme.lower() not in {"http", "https"}:
            raise BadRequest(bad_request(400, "bad_target", "the request target must be a path"))
        # RFC 3986 section 3.2: a question mark ends the authority, too.
        path = _AFTER_AUTHORITY.search(rest)
        target = path[0] if path else "/"
        if not target.startswith("/"):
            target = "/" + target
    if "#" in target:
        raise BadRequest(bad_request(400, "bad_target", "the request target must have no fragment"))
    return target


def is_reserved(target: str) -> bool:
    """Whether the target lies below the prefix, in whatever spelling a careless upstream might take for it."""
    if target.startswith(PREFIX):
        return True
    path = target.partition("?")[0]
    if "%" not in path and _WORD not in path.lower():
        return False
    first = next((part for part in unquote(unquote(path)).split("/") if part not in {"", "."}), "")
    return first.lower() == _WORD


async def read_body(request: web.BaseRequest, limit: int) -> bytes | LargeBody:
    """The whole body, or what stands for one of more than ``limit`` bytes; after answering an expectation (RFC 9110
    section 10.1.1). Raises BadRequest, ConnectionError."""
    expectation = request.headers.get("Expect")
    if expectation is not None and request.version >= (1, 1):
        if expectation.strip().lower() != "100-continue":
            raise BadRequest(bad_request(417, "expectation", "the only expectation that can be met is 100-continue"))
        if request.can_read_body:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if not request.can_read_body:
        return b""
    try:
        return await _read(request, limit)
    except web.RequestPayloadError:
        raise BadRequest(bad_request(400, "bad_body", "the request body is not framed as it should be")) from None


async def _read(request: web.BaseRequest, limit: int) -> bytes | LargeBody:
    length = request.content_length
    if length is not None:
        return await request.content.read() if length <= limit else LargeBody(request, b"")
    pieces, size = [], 0
    async for piece in request.content.iter_any():
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            return LargeBody(request, b"".join(pieces))
    return b"".join(pieces)


def build(method: str, headers: Headers, target: str, body: bytes, public_url: Callable[[str, str], str]) -> Request:
    """The request as it is compared, recorded and forwarded: end-to-end headers in their order, public URL."""
    kept = end_to_end(headers, _NOT_FORWARDED)
    return Request(method, public_url(method, target), kept, body)


_DECK_KEY = expression(re.escape(DUMMY_KEY) + r"_([0-9A-Za-z-]{1,64})\Z")


def deck_of_key(headers: Headers) -> str | None:
    """The deck's id in an API key of the form ``sk_test_fcproxy_{id}``, sent as Bearer or as Basic user."""
    value = headers.get("Authorization")
    if value is None:
        return None
    if value.startswith("Bearer ") and DUMMY_KEY not in value:
        return None  # as nearly all are
    scheme, _, rest = value.partition(" ")
    key = rest.strip()
    if scheme.lower() == "basic":
        try:
            key = b64decode(key, validate=True).decode("ascii").partition(":")[0]
        except (Base64Error, ValueError):
            return None
    match = _DECK_KEY.match(key)
    return match[1] if match else None


def raw_headers(request: web.BaseRequest) -> Headers:
    """The request's header fields as sent."""
    return decode_raw(request.raw_headers)
