"""Cassette files: VCR.py's YAML (or JSON) <-> interactions. The only importer of vcr and yaml.

`parse` and `render` are the native format; the other formats are what `fcproxy convert` reads and writes.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fcproxy.vcr_format.formats import READERS, read_any
    from fcproxy.vcr_format.har import render_har
    from fcproxy.vcr_format.imported import Imported
    from fcproxy.vcr_format.native import ParsedCassette, parse, parse_text
    from fcproxy.vcr_format.provenance import Provenance
    from fcproxy.vcr_format.writer import CLOSING, STYLES, opening, render, written

__all__ = [
    "CLOSING",
    "READERS",
    "STYLES",
    "Imported",
    "ParsedCassette",
    "Provenance",
    "opening",
    "parse",
    "parse_text",
    "read_any",
    "render",
    "render_har",
    "written",
]

_HOMES = {
    "CLOSING": "writer",
    "READERS": "formats",
    "STYLES": "writer",
    "Imported": "imported",
    "ParsedCassette": "native",
    "Provenance": "provenance",
    "opening": "writer",
    "parse": "native",
    "parse_text": "native",
    "read_any": "formats",
    "render": "writer",
    "render_har": "har",
    "written": "writer",
}
# Replay reads one format and writes none: what it has no use for is not even loaded (PEP 562).


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
