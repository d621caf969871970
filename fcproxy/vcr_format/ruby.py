"""Ruby VCR's cassettes (`http_interactions:`, vcr gem 2 and later), YAML or JSON -> interactions.

Layout: the gem's documentation, "Cassette format". A body is `{encoding, string}` or `{encoding, base64_string}`.
"""

import base64
import binascii
from collections.abc import Mapping

from fcproxy.core.content import Decoder
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.vcr_format.document import Document
from fcproxy.vcr_format.imported import Imported, assembled
from fcproxy.vcr_format.values import Place, header_items, number, octets, text

__all__ = ["read_ruby"]


def read_ruby(document: Document, name: str, decoders: Mapping[str, Decoder]) -> Imported:
    """Raises CassetteUnreadable."""
    top = Place(name, 0, None).mapping(document.data, "the file")
    items = top.get("http_interactions")
    if not isinstance(items, list):
        raise Place(name, 0, None).error("http_interactions is no list")
    lines = document.lines.get("http_interactions", [])
    found = []
    for index, item in enumerate(items):
        place = Place(name, index, lines[index] if len(lines) == len(items) else None)
        found.append(_interaction(place.mapping(item, "the interaction"), place, decoders))
    return Imported(found)


def _interaction(item: Mapping[object, object], place: Place, decoders: Mapping[str, Decoder]) -> Interaction:
    asked = place.mapping(item.get("request"), "request")
    answer = place.mapping(item.get("response"), "response")
    status = place.mapping(answer.get("status"), "response.status")
    reason = status.get("message")
    request = Request(
        method=text(asked.get("method"), "request.method", place).lstrip(":").upper(),
        url=text(asked.get("uri"), "request.uri", place),
        headers=_headers(asked, place),
        body=_body(asked.get("body"), "request.body", place),
    )
    response = Response(
        status=number(status.get("code"), "response.status.code", place),
        headers=_headers(answer, place),
        body=_body(answer.get("body"), "response.body", place),
        reason="" if reason is None else text(reason, "response.status.message", place),
    )
    return assembled(request, response, decoders)


def _headers(message: Mapping[object, object], place: Place) -> Headers:
    return header_items(message.get("headers"), None, place)


def _body(value: object, what: str, place: Place) -> bytes:
    if not isinstance(value, dict):
        return octets(value, what, place)
    if "base64_string" in value:
        try:
            return base64.b64decode(octets(value["base64_string"], what, place))
        except binascii.Error:
            raise place.error(f"{what}.base64_string is no base64") from None
    string = value.get("string")
    if isinstance(string, str):
        # The gem writes UTF-8 and names the encoding that the string had; reading, it converts back.
        return _encoded(string, str(value.get("encoding") or "utf-8"), what, place)
    return octets(string, what, place)


def _encoded(string: str, encoding: str, what: str, place: Place) -> bytes:
    try:
        return string.encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return octets(string, what, place)
