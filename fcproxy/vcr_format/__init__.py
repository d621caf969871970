"""Cassette files: VCR.py's YAML (or JSON) <-> interactions. The only importer of vcr and yaml.

`parse` and `render` are the native format; the other formats are what `fcproxy convert` reads and writes.
"""

from fcproxy.vcr_format.native import ParsedCassette, parse
from fcproxy.vcr_format.provenance import Provenance
from fcproxy.vcr_format.writer import render

__all__ = ["ParsedCassette", "Provenance", "parse", "render"]
