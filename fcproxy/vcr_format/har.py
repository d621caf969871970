"""HTTP archives (HAR 1.2) <-> interactions. Browsers, proxies and load tools read and write them.

Layout: the HAR 1.2 specification. `encoding: base64` in `postData` is HAR 1.3's; without it binary requests are lost.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from fcproxy.core.content import Decoder
from fcproxy.core.form import encode_pairs
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.vcr_format.document import Document
from fcproxy.vcr_format.imported import Imported, assembled
from fcproxy.vcr_format.values import Place, number, octets, text

__all__ = ["read_har", "render_har"]

_PSEUDO = frozenset({":method", ":scheme", ":authority", ":path", ":status"})
"""HTTP/2's request line and status (RFC 9113 section 8.3), which some writers list among the headers."""

_NO_TIME = "1970-01-01T00:00:00.000Z"
"""The format demands a time; a cassette keeps none for each interaction."""


def read_har(document: Document, name: str, decoders: Mapping[str, Decoder]) -> Imported:
    """Raises CassetteUnreadable. Requests that got no answer (status 0) are skipped."""
    place = Place(name, 0, None)
    log = place.mapping(place.mapping(document.data, "the file").get("log"), "log")
    entries = log.get("entries")
    if not isinstance(entries, list):
        raise place.error("log.entries is no list")
    found, skipped = [], 0
    for index, item in enumerate(entries):
        place = Place(name, index, None)
        data = place.mapping(item, "the interaction")
        answer = place.mapping(data.get("response"), "response")
        if str(answer.get("status")) in ("0", "-1", "None"):
            skipped += 1
            continue
        request = _request(place.mapping(data.get("request"), "request"), place)
        found.append(assembled(request, _response(answer, place), decoders))
    return Imported(found, skipped)


def _request(data: Mapping[object, object], place: Place) -> Request:
    posted = data.get("postData")
    return Request(
        method=text(data.get("method"), "request.method", place),
        url=text(data.get("url"), "request.url", place).partition("#")[0],
        headers=_headers(data.get("headers"), place),
        body=_posted(posted, place) if isinstance(posted, dict) else b"",
    )


def _posted(posted: Mapping[object, object], place: Place) -> bytes:
    params = posted.get("params")
    if not posted.get("text") and isinstance(params, list):
        pairs = [place.mapping(param, "request.postData.params") for param in params]
        return encode_pairs((str(pair.get("name", "")), str(pair.get("value", ""))) for pair in pairs).encode()
    return _content(posted, "request.postData", place)


def _response(data: Mapping[object, object], place: Place) -> Response:
    content = data.get("content")
    return Response(
        status=number(data.get("status"), "response.status", place),
        headers=_headers(data.get("headers"), place),
        body=_content(content, "response.content", place) if isinstance(content, dict) else b"",
        reason=text(data.get("statusText") or "", "response.statusText", place),
    )


def _content(content: Mapping[object, object], what: str, place: Place) -> bytes:
    body = octets(content.get("text"), f"{what}.text", place)
    if content.get("encoding") != "base64":
        return body
    try:
        return base64.b64decode(body)
    except binascii.Error:
        raise place.error(f"{what}.text is no base64") from None


def _headers(value: object, place: Place) -> Headers:
    pairs = [place.mapping(item, "a header") for item in value] if isinstance(value, list) else []
    named = [
        (text(pair.get("name"), "a header's name", place), text(pair.get("value") or "", "a header's value", place))
        for pair in pairs
    ]
    return Headers((name, item) for name, item in named if name not in _PSEUDO)


def render_har(interactions: Sequence[RedactedInteraction], creator_version: str) -> bytes:
    """The archive's bytes: ASCII, two blanks of indentation."""
    log = {
        "version": "1.2",
        "creator": {"name": "fcproxy", "version": creator_version},
        "entries": [_entry(interaction) for interaction in interactions],
    }
    return json.dumps({"log": log}, indent=2).encode("ascii") + b"\n"


def _entry(interaction: Interaction) -> dict[str, object]:
    request, response = interaction.request, interaction.response
    asked: dict[str, object] = {
        "method": request.method,
        "url": request.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _named(request.headers),
        "queryString": _named(parse_qsl(urlsplit(request.url).query, keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        asked["postData"] = {"mimeType": request.headers.get("Content-Type") or "", **_text(request.body)}
    answer = {
        "status": response.status,
        "statusText": response.reason,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _named(response.headers),
        "content": {
            "size": len(response.body),
            "mimeType": response.headers.get("Content-Type") or "",
            **_text(response.body),
        },
        "redirectURL": response.headers.get("Location") or "",
        "headersSize": -1,
        "bodySize": len(response.body),
    }
    timings = {"send": 0, "wait": 0, "receive": 0}
    times = {"startedDateTime": _NO_TIME, "time": 0}
    return {**times, "request": asked, "response": answer, "cache": {}, "timings": timings}


def _named(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _text(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode(), "encoding": "base64"}
