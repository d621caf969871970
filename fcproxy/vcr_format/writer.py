"""Interactions -> the bytes of a cassette file: VCR.py's layout, version 1.

Keys stand in the order in which vcrpy sorts them. What VCR.py has no place for goes under a key `fcproxy` inside
`response`: vcrpy keeps unknown keys there, loses them elsewhere, and crashes on them inside `request`.
"""

from collections.abc import Iterable, Sequence

from fcproxy.core.message import Headers, Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.vcr_format.layout import lay_out
from fcproxy.vcr_format.provenance import Provenance, provenance_line
from fcproxy.vcr_format.scalars import binary, block, inline

__all__ = ["grouped", "render"]

_SIMPLE_KEY = 1000
"""Longest key, in characters, that is written as `key:`; YAML 1.1 section 7.2 allows 1,024."""


def render(interactions: Sequence[RedactedInteraction], provenance: Provenance | None = None) -> bytes:
    """The file's bytes: ASCII, lines end with LF; the same for the same arguments on every machine."""
    out = [provenance_line(provenance)] if provenance else []
    out.append("interactions:\n" if interactions else "interactions: []\n")
    for interaction in interactions:
        out.append(_request(interaction.request))
        out.append(_response(interaction.response, interaction.request))
    out.append("version: 1\n")
    return "".join(out).encode("ascii")


def _request(request: Request) -> str:
    return (
        "- request:\n"
        f"    body: {_body(request.body, 6) if request.body else 'null'}\n"
        f"{_headers(request.headers)}"
        f"    method: {inline(request.method)}\n"
        f"    uri: {inline(_url(request.url))}\n"
    )


def _url(url: str) -> str:
    """``url`` with bytes that are no UTF-8 percent-encoded: vcrpy can load a `!!binary` URI of ASCII only."""
    if url.isascii():
        return url
    raw = url.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)


def _response(response: Response, request: Request) -> str:
    body, headers, extra = response.body, response.headers, ""
    laid_out = _laid_out(body)
    if laid_out:
        body, name = laid_out
        extra += f"      layout: {name}\n"
        if "Content-Length" in headers:
            # The other players of this file count the bytes that stand in it.
            headers = headers.replaced("Content-Length", str(len(body)))
    extra += _order("request_order", request.headers) + _order("order", headers)
    return (
        "  response:\n"
        "    body:\n"
        f"      string: {_body(body, 8)}\n"
        + (f"    fcproxy:\n{extra}" if extra else "")
        + _headers(headers)
        + f"    status:\n      code: {response.status}\n      message: {inline(response.reason)}\n"
    )


def _laid_out(body: bytes) -> tuple[bytes, str] | None:
    try:
        done = lay_out(body.decode())
    except UnicodeDecodeError:
        return None
    return (done[0].encode(), done[1]) if done else None


def _body(body: bytes, indent: int) -> str:
    try:
        return block(body.decode(), indent)
    except UnicodeDecodeError:
        return binary(body, indent)


def grouped(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Headers as VCR.py keeps them: name -> values. Names that differ only by case stay apart."""
    groups: dict[str, list[str]] = {}
    for name, value in headers:
        groups.setdefault(name, []).append(value)
    return groups


def _headers(headers: Headers) -> str:
    groups = grouped(headers)
    if not groups:
        return "    headers: {}\n"
    lines = ["    headers:\n"]
    for name, values in groups.items():
        key = inline(name)
        lines.append(f"      {key}:\n" if len(key) <= _SIMPLE_KEY else f"      ? {key}\n      :\n")
        lines.extend(f"      - {inline(value)}\n" for value in values)
    return "".join(lines)


def _order(key: str, headers: Headers) -> str:
    """The names' order where grouping by name would lose it."""
    names = [name for name, _ in headers]
    if names == [name for name, values in grouped(headers).items() for _ in values]:
        return ""
    return f"      {key}:\n" + "".join(f"      - {inline(name)}\n" for name in names)
