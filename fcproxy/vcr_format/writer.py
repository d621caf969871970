"""Interactions -> the bytes of a cassette file: VCR.py's layout, version 1.

Keys stand in the order in which vcrpy sorts them. What VCR.py has no place for goes under a key `fcproxy` inside
`response`: vcrpy keeps unknown keys there, loses them elsewhere, and crashes on them inside `request`.
"""

from collections.abc import Sequence
from contextlib import suppress

from fcproxy.core.message import Headers, Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.vcr_format.allowed import commented, needs_comment
from fcproxy.vcr_format.json_layout import json_text
from fcproxy.vcr_format.layout import lay_out
from fcproxy.vcr_format.lines import compact_line
from fcproxy.vcr_format.provenance import Provenance, provenance_line
from fcproxy.vcr_format.scalars import binary, block, inline
from fcproxy.vcr_format.shape import SIMPLE_KEY, ascii_url, grouped, orders_of

__all__ = ["CLOSING", "STYLES", "opening", "render", "written"]

STYLES = ("readable", "compact")
"""For people and diffs; for large cassettes that must load fast."""


def render(
    interactions: Sequence[RedactedInteraction], provenance: Provenance | None = None, *, style: str = "readable"
) -> bytes:
    """The file's bytes: ASCII, lines end with LF; the same for the same arguments on every machine.

    ``style`` is one of STYLES, or "json": then there is no provenance, and what JSON cannot hold is written readable.
    """
    if style == "json":
        with suppress(ValueError):
            return json_text(interactions).encode("ascii")
    if not interactions:
        return opening(provenance).removesuffix(b"\n") + b" []\n" + CLOSING
    return b"".join((opening(provenance), *(written(one, style=style) for one in interactions), CLOSING))


CLOSING = b"version: 1\n"
"""What stands behind the interactions."""


def opening(provenance: Provenance | None = None) -> bytes:
    """What stands before the interactions of a cassette that has some."""
    return ((provenance_line(provenance) if provenance else "") + "interactions:\n").encode("ascii")


def written(interaction: RedactedInteraction, *, style: str = "readable") -> bytes:
    """One interaction as it stands in the file."""
    if style == "compact":
        return compact_line(interaction).encode("ascii")
    text = _request(interaction.request) + _response(interaction.response, interaction.request)
    return text.encode("ascii")


def _request(request: Request) -> str:
    return (
        "- request:\n"
        f"    body: {_body(request.body, 6) if request.body else 'null'}\n"
        f"{_headers(request.headers)}"
        f"    method: {inline(request.method)}\n"
        f"    uri: {inline(ascii_url(request.url))}\n"
    )


def _response(response: Response, request: Request) -> str:
    body, headers, extra = response.body, response.headers, ""
    laid_out = _laid_out(body)
    if laid_out:
        body, name = laid_out
        extra += f"      layout: {name}\n"
        if "Content-Length" in headers:
            # The other players of this file count the bytes that stand in it.
            headers = headers.replaced("Content-Length", str(len(body)))
    extra += "".join(_list(key, names) for key, names in orders_of(request.headers, headers).items())
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
        written = block(body.decode(), indent)
    except UnicodeDecodeError:
        written = binary(body, indent)
    return commented(written, indent) if needs_comment(body) else written


def _headers(headers: Headers) -> str:
    groups = grouped(headers)
    if not groups:
        return "    headers: {}\n"
    lines = ["    headers:\n"]
    for name, values in groups.items():
        key = inline(name)
        lines.append(f"      {key}:\n" if len(key) <= SIMPLE_KEY else f"      ? {key}\n      :\n")
        lines.extend(f"      - {inline(value)}\n" for value in values)
    return "".join(lines)


def _list(key: str, names: Sequence[str]) -> str:
    return f"      {key}:\n" + "".join(f"      - {inline(name)}\n" for name in names)
