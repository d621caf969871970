"""Interactions -> a cassette as VCR.py's JSON serializer writes it, for files that are such."""

import json
from collections.abc import Sequence

from fcproxy.core.message import Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.vcr_format.shape import ascii_url, grouped, orders_of

__all__ = ["json_text"]


def json_text(interactions: Sequence[RedactedInteraction]) -> str:
    """The file's text, ASCII. Raises ValueError for octets that are no text: JSON has no way to write them."""
    pairs = [
        {"request": _request(one.request), "response": _response(one.response, one.request)} for one in interactions
    ]
    return json.dumps({"version": 1, "interactions": pairs}, indent=4) + "\n"


def _request(request: Request) -> dict[str, object]:
    return {
        "method": request.method,
        "uri": ascii_url(request.url),
        "body": request.body.decode() if request.body else None,
        "headers": grouped(request.headers),
    }


def _response(response: Response, request: Request) -> dict[str, object]:
    orders = orders_of(request.headers, response.headers)
    return {
        "status": {"code": response.status, "message": response.reason},
        "headers": grouped(response.headers),
        "body": {"string": response.body.decode()},
        **({"fcproxy": orders} if orders else {}),
    }
