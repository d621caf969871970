"""What the readers of other tools' recordings have in common."""

from collections.abc import Mapping
from typing import NamedTuple

from fcproxy.core.content import Decoder
from fcproxy.core.message import Interaction, Request, Response
from fcproxy.vcr_format.normal import normalise

__all__ = ["Imported", "assembled"]


class Imported(NamedTuple):
    """``skipped``: how many items are nothing that a proxy could answer with (webhooks, requests without an answer)."""

    interactions: list[Interaction]
    skipped: int = 0


def assembled(request: Request, response: Response, decoders: Mapping[str, Decoder]) -> Interaction:
    """The interaction with bodies decoded and headers that fit them."""
    headers, body = normalise(request.headers, request.body, decoders)
    if headers is not request.headers or body is not request.body:
        request = Request(request.method, request.url, headers, body)
    # An answer to HEAD, and a 304, name the length of a body they do not carry (RFC 9110 section 8.6).
    if response.body or (request.method.upper() != "HEAD" and response.status != 304):
        headers, body = normalise(response.headers, response.body, decoders)
        if headers is not response.headers or body is not response.body:
            response = Response(response.status, headers, body, response.reason)
    return Interaction(request, response)
