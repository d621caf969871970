"""Every recording that can be read, told apart by what it holds and not by its name."""

from collections.abc import Callable, Mapping

from fcproxy.core.content import Decoder
from fcproxy.core.errors import CassetteUnreadable
from fcproxy.vcr_format.document import Document, read_document
from fcproxy.vcr_format.har import read_har
from fcproxy.vcr_format.imported import Imported
from fcproxy.vcr_format.native import interactions_of
from fcproxy.vcr_format.playback import read_playback
from fcproxy.vcr_format.ruby import read_ruby

__all__ = ["READERS", "read_any"]

Reader = Callable[[Document, str, Mapping[str, Decoder]], Imported]


def _read_cassette(document: Document, name: str, decoders: Mapping[str, Decoder]) -> Imported:
    return Imported(interactions_of(document, name, decoders))


READERS: Mapping[str, Reader] = {
    "cassette": _read_cassette,
    "ruby": read_ruby,
    "playback": read_playback,
    "har": read_har,
}
"""Format's word -> its reader: VCR.py and fcproxy, Ruby VCR, stripe playback, HTTP archive."""


def _kind(data: object) -> str:
    if isinstance(data, dict) and "interactions" not in data:
        return "ruby" if "http_interactions" in data else "har" if "log" in data else "cassette"
    if isinstance(data, list) and data and isinstance(data[0], dict) and "type" in data[0]:
        return "playback"
    return "cassette"


def read_any(
    data: bytes, name: str, decoders: Mapping[str, Decoder] | None = None, kind: str | None = None
) -> tuple[str, Imported]:
    """The format's word and what the file holds. ``kind`` says the format where the file does not. Raises
    CassetteUnreadable, also where the file is none of these."""
    document = read_document(data, name)
    kind = kind or _kind(document.data)
    if kind not in READERS:
        raise CassetteUnreadable(name, f"no reader for {kind!r}; there are: {', '.join(READERS)}")
    return kind, READERS[kind](document, name, decoders or {})
