"""What a body is, whatever its labels say: coded bytes -> opened bytes -> text and its kind. Lossless or refused."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from fcproxy.core import content, json_text, multipart
from fcproxy.core.content import Decoder, Unopenable
from fcproxy.core.expression import expression
from fcproxy.core.json_text import Document
from fcproxy.core.message import Headers

__all__ = ["BodyKind", "Opened", "media_type", "open_body"]


class BodyKind(StrEnum):
    """How a body is to be read."""

    EMPTY = "empty"
    FORM = "form"
    JSON = "json"
    LINES = "lines"
    """NDJSON and server-sent events: one text a line, each read for itself."""
    MULTIPART = "multipart"
    TEXT = "text"
    BINARY = "binary"


class Opened(NamedTuple):
    """An opened body. ``text`` decodes ``data`` as ``charset``; it is "" for multipart and binary ones.

    ``document`` is what a JSON body reads.
    """

    kind: BodyKind
    data: bytes
    text: str = ""
    charset: str = "utf-8"
    document: Document | None = None


_CHARSET = expression(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:\-]{1,40})", re.IGNORECASE)
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))
_BOMS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# A name with a colon or a slash in it is the beginning of a URL.
_FORM = expression(r"[^\s=&{}<>\":/]{1,200}=[^\s\"<>{}]*(?:&[^\s=&{}<>\"]{1,200}=[^\s\"<>{}]*)*")
_CONTROL = expression(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def media_type(headers: Headers) -> str:
    """The Content-Type's type and subtype in lower case, "" where there is none."""
    return (headers.get("Content-Type") or "").partition(";")[0].strip().lower()


def open_body(headers: Headers, body: bytes, decoders: Mapping[str, Decoder]) -> Opened:
    """Opens a body by its labels and, where these are missing or wrong, by what it holds.

    Raises Unopenable: what content.decode raises, and ``charset``, ``json``, ``multipart``, ``compressed`` (coded
    content without a label).
    """
    data = content.decode(body, content.coding_names(headers.get_all("Content-Encoding")), decoders)
    if not data:
        return Opened(BodyKind.EMPTY, data)
    if any(data.startswith(magic) for magic, _ in _MAGIC):
        raise Unopenable("compressed")
    declared = media_type(headers)
    if declared.startswith("multipart/"):
        boundary = multipart.boundary_of(headers.get("Content-Type") or "")
        if boundary is None:
            raise Unopenable("multipart")
        return Opened(BodyKind.MULTIPART, data)
    text, charset = _text(headers, data)
    if text is None:
        return Opened(BodyKind.BINARY, data)
    document = _document(text) if json_text.looks_like_json(text) or declared.endswith("json") else None
    if document is not None:
        return Opened(BodyKind.JSON, data, text, charset, document)
    return Opened(_kind(declared, text), data, text, charset)


def _text(headers: Headers, data: bytes) -> tuple[str | None, str]:
    label = _CHARSET.search(headers.get("Content-Type") or "")
    charset = next((name for bom, name in _BOMS if data.startswith(bom)), None) or (label[1].lower() if label else "")
    if not charset:
        charset = _wide(data) or "utf-8"
    try:
        text = data.decode(charset, "surrogateescape" if charset in _ASCII_STAYS else "strict")
    except (LookupError, UnicodeError):
        raise Unopenable("charset") from None
    if charset not in _ASCII_STAYS and not _is_all_read(data, text):
        raise Unopenable("charset")
    return (None if _CONTROL.search(text) else text), charset


_ASCII_STAYS = ("utf-8", "utf8", "us-ascii", "ascii")
_ASCII_RUN = expression(rb"[!-~]{6,}")


def _is_all_read(data: bytes, text: str) -> bool:
    """Whether what is plain in the bytes is plain in the text. In UTF-16, EBCDIC, Shift JIS or a shifted ISO 2022 ASCII
    reads as other letters: a secret behind such a label would be stored unread."""
    at = 0
    for run in _ASCII_RUN.findall(data):
        at = text.find(run.decode("ascii"), at)
        if at < 0:
            return False
        at += len(run)
    return True


def _wide(data: bytes) -> str | None:
    """UTF-16 without mark or label: every other byte of mostly Latin text is zero."""
    if len(data) < 4 or len(data) % 2:
        return None
    even, odd = data[0:400:2], data[1:400:2]
    if odd.count(0) * 10 > len(odd) * 7 and not even.count(0):
        return "utf-16-le"
    if even.count(0) * 10 > len(even) * 7 and not odd.count(0):
        return "utf-16-be"
    return None


def _document(text: str) -> Document | None:
    try:
        return json_text.read(text)
    except ValueError:
        return None


def _kind(declared: str, text: str) -> BodyKind:
    """Of a text that is no JSON as a whole."""
    if _lines(text):
        return BodyKind.LINES
    if json_text.looks_like_json(text) and declared.endswith("json") and not declared.endswith(("ndjson", "jsonl")):
        raise Unopenable("json")
    if declared == "application/x-www-form-urlencoded" or _FORM.fullmatch(text.strip()):
        return BodyKind.FORM
    return BodyKind.TEXT


def _lines(text: str) -> bool:
    """Whether every filled line is a JSON text of its own (NDJSON) or a field of an event stream (HTML standard)."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(json_text.looks_like_json(line) for line in lines):
        return True
    return (
        bool(lines)
        and any(line.startswith("data:") for line in lines)
        and all(line.startswith(("data:", "event:", "id:", "retry:", ":")) for line in lines)
    )
