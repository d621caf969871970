"""The bytes of a VCR.py cassette file, ours or vcrpy's -> interactions."""

from collections.abc import Mapping
from typing import NamedTuple

from fcproxy.core.content import Decoder
from fcproxy.core.errors import CassetteUnreadable
from fcproxy.core.expression import expression
from fcproxy.core.message import Interaction, Request, Response
from fcproxy.vcr_format.document import Document, decode, read_text
from fcproxy.vcr_format.imported import assembled
from fcproxy.vcr_format.layout import restore
from fcproxy.vcr_format.provenance import Provenance, read_provenance
from fcproxy.vcr_format.quick import Unusual, quick_items
from fcproxy.vcr_format.values import Place, body_bytes, header_items, number, octets
from fcproxy.vcr_format.values import text as word

__all__ = ["ParsedCassette", "interactions_of", "parse", "parse_text"]

_VERSION = "1"
_COMPACT = expression(r"(?:#[^\n]*\n)*interactions:\n- \{")
_HEAD = 128 * 1024
_FOREIGN_KEYS = {
    "http_interactions": "a Ruby VCR cassette",
    "log": "an HTTP archive (HAR)",
}


class ParsedCassette(NamedTuple):
    """What a cassette file holds. ``provenance`` is None for files that fcproxy did not write last.

    ``style`` is the word for `render` that comes nearest to the file's.
    """

    interactions: list[Interaction]
    provenance: Provenance | None
    style: str = "readable"


def parse(data: bytes, name: str, decoders: Mapping[str, Decoder] | None = None) -> ParsedCassette:
    """Reads a VCR.py cassette, YAML or JSON. Bodies come decoded, without Content-Encoding and with their own length.

    ``decoders`` are for the content codings besides gzip and deflate. ``name`` is what messages call the file.
    Raises CassetteUnreadable.
    """
    return parse_text(decode(data, name), name, decoders)


def parse_text(text: str, name: str, decoders: Mapping[str, Decoder] | None = None) -> ParsedCassette:
    """The same of a file that is decoded already (`document.decode`)."""
    opening = decoders or {}
    try:
        interactions = [
            assembled(item.request, item.response, opening)
            if isinstance(item, Interaction)
            else _interaction(item, Place(name, index, line), opening)
            for index, (line, item) in enumerate(quick_items(text))
        ]
    except Unusual:
        interactions = interactions_of(read_text(text, name), name, decoders or {})
    style = "json" if text.startswith("{") else "compact" if _COMPACT.match(text) else "readable"
    return ParsedCassette(interactions, read_provenance(text[:_HEAD]), style)


def interactions_of(document: Document, name: str, decoders: Mapping[str, Decoder]) -> list[Interaction]:
    """The interactions of a document that is a VCR.py cassette. Raises CassetteUnreadable."""
    items = _interactions(document.data, name)
    lines = document.lines.get("interactions", [])
    interactions = []
    for index, item in enumerate(items):
        place = Place(name, index, lines[index] if len(lines) == len(items) else None)
        interactions.append(_interaction(item, place, decoders))
    return interactions


def _interactions(data: object, name: str) -> list[object]:
    if isinstance(data, list):
        raise CassetteUnreadable(name, _about_list(data))
    if not isinstance(data, dict):
        raise CassetteUnreadable(name, "not a cassette: it has no `interactions:` at the top")
    for key, what in _FOREIGN_KEYS.items():
        if key in data and "interactions" not in data:
            raise CassetteUnreadable(name, f"{what}, not a VCR.py cassette; `fcproxy convert` reads it")
    items = data.get("interactions")
    if not isinstance(items, list):
        raise CassetteUnreadable(name, "not a cassette: it has no list `interactions:` at the top")
    if "version" not in data:
        reason = "cut short: `version: 1` is missing at its end. Restore it, or record it again"
        raise CassetteUnreadable(name, reason)
    if str(data["version"]) != _VERSION:
        raise CassetteUnreadable(name, "a cassette format version that is not known; this reads version 1")
    return items


def _about_list(data: list[object]) -> str:
    first = data[0] if data else None
    if isinstance(first, dict) and "type" in first:
        return "a stripe playback cassette, not a VCR.py one; `fcproxy convert` reads it"
    if isinstance(first, dict) and "request" in first:
        return "a cassette from before VCR.py 1.0; record it again"
    return "not a cassette: a list, where `interactions:` is expected at the top"


def _interaction(item: object, place: Place, decoders: Mapping[str, Decoder]) -> Interaction:
    pair = place.mapping(item, "the interaction")
    answer = place.mapping(pair.get("response"), "response")
    extra = answer.get("fcproxy")
    hints: Mapping[object, object] = extra if isinstance(extra, dict) else {}
    request = _request(place.mapping(pair.get("request"), "request"), hints, place)
    return assembled(request, _response(answer, hints, place), decoders)


def _request(data: Mapping[object, object], hints: Mapping[object, object], place: Place) -> Request:
    headers = header_items(data.get("headers"), hints.get("request_order"), place)
    return Request(
        method=word(data.get("method"), "request.method", place),
        url=word(data.get("uri"), "request.uri", place),
        headers=headers,
        body=body_bytes(data.get("body"), headers, place),
    )


def _response(data: Mapping[object, object], hints: Mapping[object, object], place: Place) -> Response:
    status = data.get("status", data.get("status_code"))
    code: object = status
    reason: object = None
    if isinstance(status, dict):
        code, reason = status.get("code"), status.get("message")
    body: object = data.get("body", data.get("content"))
    if isinstance(body, dict):
        body = body.get("string")
    layout = hints.get("layout")
    if isinstance(body, str) and isinstance(layout, str):
        body = restore(body, layout)
    return Response(
        status=number(code, "response.status.code", place),
        headers=header_items(data.get("headers"), hints.get("order"), place),
        body=octets(body, "response.body.string", place),
        reason=word(reason, "response.status.message", place) if reason is not None else "",
    )
