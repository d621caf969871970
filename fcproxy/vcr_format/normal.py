"""Headers that lie about their body, set right.

vcrpy stores what the client library hands it: mostly the decoded body, under the Content-Encoding and Content-Length of
the compressed one.
"""

from collections.abc import Mapping

from fcproxy.core.content import STANDARD_DECODERS, Decoder, Unopenable, coding_names, decode
from fcproxy.core.message import Headers

__all__ = ["normalise"]

_MAGIC = {"gzip": (b"\x1f\x8b",), "x-gzip": (b"\x1f\x8b",), "zstd": (b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18")}
"""How a body so coded begins (RFC 1952, RFC 8878). Others have no magic: what does not decode was decoded before."""


def normalise(headers: Headers, body: bytes, decoders: Mapping[str, Decoder]) -> tuple[Headers, bytes]:
    """The body decoded, the headers without Content-Encoding and with the body's own Content-Length, if they had one.

    A body that claims a coding, begins like it and cannot be opened stays as it is, header included.
    """
    if "Content-Encoding" in headers:
        codings = [name for name in coding_names(headers.get_all("Content-Encoding")) if name != "identity"]
        opened = _open(body, codings, {**STANDARD_DECODERS, **decoders})
        if opened is not None:
            headers, body = headers.without("Content-Encoding"), opened
    length = str(len(body))
    if headers.get_all("Content-Length") not in ([], [length]):
        headers = headers.replaced("Content-Length", length)
    return headers, body


def _open(body: bytes, codings: list[str], decoders: Mapping[str, Decoder]) -> bytes | None:
    """The body with its codings undone, ``body`` itself where they were undone before, None where one cannot tell."""
    if not body or not codings:
        return body
    try:
        return decode(body, codings, decoders)
    except Unopenable as error:
        last = codings[-1]
        if last not in decoders or error.reason in ("layers", "too-large", "ratio"):
            return None
        return None if body.startswith(_MAGIC.get(last, ())) and last in _MAGIC else body
