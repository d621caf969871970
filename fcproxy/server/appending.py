"""Adding interactions to a cassette file without touching what is there."""

from collections.abc import Callable, Sequence

from fcproxy.codings import DECODERS
from fcproxy.core.errors import CassetteUnreadable
from fcproxy.core.message import Interaction
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.vcr_format import ParsedCassette, Provenance, parse_text, render
from fcproxy.vcr_format.document import decode

__all__ = ["appended", "redacted_anew"]

_END = b"version: 1\n"
_BEGIN = b"interactions:\n"


def appended(
    old: bytes,
    new: Sequence[RedactedInteraction],
    provenance: Provenance,
    redact: Callable[[Sequence[Interaction]], list[RedactedInteraction]],
) -> bytes:
    """The file ``old`` with ``new`` behind its interactions.

    What is there stays byte for byte, also its provenance, which is still true of it. Only where the old file has
    another layout than VCR.py's (JSON, flow style) is it written anew, through ``redact``.
    """
    parsed = _parsed(old)
    before = parsed.interactions
    if old.endswith(b"\n" + _END):
        added = render(new, style=parsed.style).removeprefix(_BEGIN)
        joined = old.removesuffix(_END) + added
        try:
            after = _parsed(joined).interactions
        except CassetteUnreadable:
            after = []
        if after == [*before, *new]:
            return joined
    return render([*redact(before), *new], provenance, style=parsed.style)


def redacted_anew(
    old: bytes,
    provenance: Provenance,
    settle: Callable[[Sequence[Interaction]], list[RedactedInteraction]],
) -> bytes:
    """The file ``old`` written anew. ``settle`` gives all that goes into it for the interactions that are there.

    When it was recorded, by whom and with what stays as it was told.
    """
    parsed = _parsed(old)
    told = parsed.provenance
    if told is not None:
        provenance = told._replace(rules=provenance.rules, hits=provenance.hits, disabled=provenance.disabled)
    return render(settle(parsed.interactions), provenance, style=parsed.style)


def _parsed(data: bytes) -> ParsedCassette:
    # Of any length: what is appended to was loaded already.
    return parse_text(decode(data, "the cassette", len(data)), "the cassette", decoders=DECODERS)
