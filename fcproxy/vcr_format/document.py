"""The text of a cassette file -> plain data, without ever building an object that the file asks for."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from fcproxy.core.errors import CassetteUnreadable
from fcproxy.core.expression import expression
from fcproxy.vcr_format.plain import Plain

__all__ = [
    "JSON",
    "MAX_BYTES",
    "Document",
    "Plain",
    "decode",
    "has_conflict",
    "read_document",
    "read_text",
    "read_yaml_text",
]

MAX_BYTES = 256 * 1024 * 1024
"""Largest file that is read."""

_CONFLICT = expression(r"^(?:<{7}|>{7}|\|{7})(?:[ \r]|$)|^={7}\r?$", re.MULTILINE)
_CONFLICT_MARKS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


class Document(NamedTuple):
    """``data`` holds dicts, lists, str, bytes, None (from JSON: numbers and booleans too).

    ``lines`` gives the line, from 1, on which each item of the list under a top-level key begins; empty for JSON.
    """

    data: object
    lines: Mapping[str, list[int]] = MappingProxyType({})


def read_document(data: bytes, name: str) -> Document:
    """Reads YAML or JSON. Raises CassetteUnreadable; no message quotes the file."""
    return read_text(decode(data, name), name)


def read_text(text: str, name: str) -> Document:
    """Reads YAML or JSON that is decoded already. Raises CassetteUnreadable."""
    _refuse_conflict(text, name)
    document = _read_json(text)
    if document is None:
        # Only now: PyYAML takes a tenth of the start, and cassettes in our own layout are read without it.
        from fcproxy.vcr_format.yaml_events import read_yaml

        document = Document(*read_yaml(text, name))
    return document


def too_large(name: str, most: int) -> CassetteUnreadable:
    """The error for a cassette of more than ``most`` octets."""
    advice = "serve it with a higher --max-cassette, or make several cassettes of it"
    return CassetteUnreadable(name, f"larger than {most >> 20} MiB; {advice}")


def decode(data: bytes, name: str, most: int = MAX_BYTES) -> str:
    """The file's text. Raises CassetteUnreadable for what no reader need look at; ``most``: longest, in octets."""
    if len(data) > most:
        raise too_large(name, most)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CassetteUnreadable(name, "UTF-16 text; save it as UTF-8", 1)
    try:
        # By hand: the codec that does it copies the whole file for it.
        text = data[len(BOM_UTF8) :].decode() if data.startswith(BOM_UTF8) else data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CassetteUnreadable(name, "not UTF-8 text; save it as UTF-8, or record it again", line) from None
    if not text or text.isspace():
        raise CassetteUnreadable(name, "an empty file; delete it, then record again")
    return text


def has_conflict(text: str) -> bool:
    """Whether there may be a merge conflict in ``text``."""
    return any(mark in text for mark in _CONFLICT_MARKS)


def _refuse_conflict(text: str, name: str) -> None:
    conflict = _CONFLICT.search(text) if has_conflict(text) else None
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        raise CassetteUnreadable(name, "unresolved merge conflict; resolve it, or record the cassette again", line)


def _without_comments(text: str) -> str:
    while text.startswith("#"):
        text = text.partition("\n")[2]
    return text


def _read_json(text: str) -> Document | None:
    """None for what is no JSON: YAML's flow style looks alike, and its reader knows the line of a mistake."""
    content = _without_comments(text)
    if content.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return Document(JSON.decode(content))
    except (ValueError, RecursionError):
        return None


def read_yaml_text(text: str) -> object:
    """The plain data in a piece of YAML; None where it cannot be read alone: broken, tagged, an alias to elsewhere."""
    from fcproxy.vcr_format.yaml_events import read_piece

    return read_piece(text)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("the same key twice")
    return found


def _no_constant(word: str) -> object:
    raise ValueError(f"{len(word)} letters that are no JSON")


JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_int=Plain, parse_float=Plain, parse_constant=_no_constant)
"""JSON as the YAML reader would read it: numbers stay the text they are, the same key twice is refused."""
