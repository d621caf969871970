"""From a journal to the bytes of a cassette, a part at a time: a long recording takes no more memory than a short."""

import time
from collections.abc import Callable, Iterable, Iterator

from fcproxy.core.deck import Deck
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.server.check import Judge
from fcproxy.server.journal import JournalReader
from fcproxy.vcr_format import CLOSING, Provenance, opening, written

__all__ = ["Finished", "judged"]

_PART = 1 << 20
"""Octets of a cassette that are judged at once, and held until they were."""

_TOLD_EVERY = 5.0
"""Seconds."""


class Finished:
    """The interactions of a recording that has ended, drawn while they are gone through. Once only: drawing counts."""

    def __init__(self, deck: Deck, journal: JournalReader, tell: Callable[[str], None] = lambda _: None) -> None:
        """Reads ``journal`` once. ``tell`` is told now and then how far it has come."""
        self._journal = journal
        self._draft = deck.draft()
        self._tell = tell
        for sequence, interaction in journal:
            self._draft.see(sequence, interaction)
        self._order = self._draft.order()
        self.versions = self._draft.versions
        """Stripe-Versions seen."""
        deck.note_failures(self._draft.overloads())

    def __len__(self) -> int:
        return len(self._order)

    def undrawn(self) -> list[RedactedInteraction]:
        """All of them as the journal has them, with markers where placeholders will be."""
        return [self._journal[sequence] for sequence in self._order]

    def __iter__(self) -> Iterator[RedactedInteraction]:
        told = time.monotonic()
        for number, sequence in enumerate(self._order):
            if time.monotonic() - told > _TOLD_EVERY:
                told = time.monotonic()
                self._tell(f"{number:,} of {len(self):,} interactions audited and written")
            yield self._draft.draw(self._journal[sequence])


def judged(interactions: Iterable[RedactedInteraction], provenance: Provenance, judge: Judge) -> Iterator[bytes]:
    """The cassette's bytes; each part is given out when ``judge`` has found nothing in it. Raises RecordingRefused."""
    begin = whole = opening(provenance)
    part: list[bytes] = []
    size = 0
    for interaction in interactions:
        text = written(interaction)
        part.append(text)
        size += len(text)
        if size >= _PART:
            judge(b"".join((begin, *part, CLOSING)))
            yield from (whole, *part)
            begin, whole, part, size = opening(), b"", [], 0
    judge(b"".join((begin, *part, CLOSING)))
    yield from (whole, *part, CLOSING)
