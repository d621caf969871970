"""Cassettes of `stripe playback` (Stripe CLI 1.3 to 1.10) -> interactions.

Layout, as the CLI's YAML serializer wrote it: a list of {type, request {method, body, headers, url}, response {headers,
body, status_code}}, with Go's url.URL field by field. Type 1 is a webhook, sent to the app and not by it.
"""

import json
from collections.abc import Mapping

from fcproxy.core.content import Decoder
from fcproxy.core.message import Interaction, Request, Response
from fcproxy.stripe.hosts import public_host
from fcproxy.vcr_format.document import Document
from fcproxy.vcr_format.imported import Imported, assembled
from fcproxy.vcr_format.values import Place, header_items, number, octets, text

__all__ = ["read_playback"]

_WEBHOOK = "1"


def read_playback(document: Document, name: str, decoders: Mapping[str, Decoder]) -> Imported:
    """Raises CassetteUnreadable."""
    items = document.data if isinstance(document.data, list) else []
    found, skipped = [], 0
    for index, item in enumerate(items):
        place = Place(name, index, None)
        data = place.mapping(item, "the interaction")
        if str(data.get("type")) == _WEBHOOK:
            skipped += 1
        else:
            found.append(_interaction(data, place, decoders))
    return Imported(found, skipped)


def _interaction(item: Mapping[object, object], place: Place, decoders: Mapping[str, Decoder]) -> Interaction:
    asked = place.mapping(item.get("request"), "request")
    answer = place.mapping(item.get("response"), "response")
    method = text(asked.get("method"), "request.method", place)
    request = Request(
        method=method,
        url=_url(place.mapping(asked.get("url"), "request.url"), method, place),
        headers=header_items(asked.get("headers"), None, place),
        body=_body(asked.get("body"), "request.body", place),
    )
    response = Response(
        status=number(answer.get("status_code", answer.get("statuscode")), "response.status_code", place),
        headers=header_items(answer.get("headers"), None, place),
        body=_body(answer.get("body"), "response.body", place),
    )
    return assembled(request, response, decoders)


def _body(value: object, what: str, place: Place) -> bytes:
    # Versions before 1.4 kept the parsed JSON.
    return json.dumps(value).encode() if isinstance(value, dict) else octets(value, what, place)


def _url(url: Mapping[object, object], method: str, place: Place) -> str:
    def part(key: str) -> str:
        value = url.get(key)
        return "" if value is None else text(value, f"request.url.{key}", place)

    path = part("rawpath") or part("path") or "/"
    target = f"{path}?{part('rawquery')}" if part("rawquery") else path
    # A server's request has no host in its URL: the CLI forwarded to the API.
    return f"{part('scheme') or 'https'}://{part('host') or public_host(method, target)}{target}"
