"""Cassette files: VCR.py's YAML (or JSON) <-> interactions. The only importer of vcr and yaml.

`parse` and `render` are the native format; the other formats are what `fcproxy convert` reads and writes.
"""

from fcproxy.vcr_format.formats import READERS, read_any
from fcproxy.vcr_format.har import render_har
from fcproxy.vcr_format.imported import Imported
from fcproxy.vcr_format.native import ParsedCassette, parse
from fcproxy.vcr_format.provenance import Provenance
from fcproxy.vcr_format.writer import STYLES, render

__all__ = ["READERS", "STYLES", "Imported", "ParsedCassette", "Provenance", "parse", "read_any", "render", "render_har"]
