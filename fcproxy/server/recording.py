"""One recording: lock and journal while it goes on, one atomic replacement of the cassette when it ends well."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from fcproxy.codings import DECODERS
from fcproxy.core.deck import Deck
from fcproxy.core.errors import CannotStart
from fcproxy.core.message import Interaction
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.server.appending import appended
from fcproxy.server.journal import Journal, read_journal
from fcproxy.server.provenance import provenance_of
from fcproxy.server.store import Lock, exists, journal_path, replace_file
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import default_redactor
from fcproxy.vcr_format import render

__all__ = ["Check", "Recording", "rescue"]

Check = Callable[[bytes, str], None]
"""(final bytes, cassette's name): raises RecordingRefused when the bytes must not be kept."""


class Recording:
    """Holds the lock and the journal of one cassette until `commit`, `keep_journal` or `abort`."""

    def __init__(self, cassette: Path, deck: Deck, check: Check) -> None:
        """Raises CannotStart when the folder, the lock or the journal is not to be had."""
        self.cassette = cassette
        self._deck = deck
        self._check = check
        self._count = 0
        self._first: tuple[int, str | None] | None = None
        self.clients: set[str] = set()
        """Names of the clients that were recorded, for the provenance."""
        _make_folder(cassette.parent)
        self._lock = Lock(cassette)
        try:
            self.rescued = rescue(cassette)
            self._journal = Journal(journal_path(cassette))
        except BaseException:
            self._lock.release()
            raise

    @property
    def failed(self) -> str | None:
        """Why the disk takes no more, or None."""
        return self._journal.failed

    async def append(self, sequence: int, interaction: RedactedInteraction, date: str | None) -> bool:
        """Whether the interaction is on disk. ``date`` is the answer's Date field, which is not stored with it."""
        redactor = self._deck.redactor
        if redactor.stale:
            redactor.stale = False
            self._journal.revise(redactor.resweep)
        kept = await self._journal.append(sequence, interaction)
        self._count += kept
        if kept and (self._first is None or sequence < self._first[0]):
            self._first = (sequence, date)
        return kept

    async def commit(self) -> int:
        """Puts the new cassette in the old one's place, unless nothing was recorded; gives the interactions in it.

        Raises RecordingRefused or CannotStart, and then the old cassette stands and the journal is as `abort` and
        `keep_journal` leave it.
        """
        await self._journal.close()
        if self._count == 0:
            self._discard()
            return 0
        try:
            data = self._rendered()
            self._check(data, str(self.cassette))
            replace_file(self.cassette, [data])
        except OSError as error:
            self._lock.release()
            raise CannotStart(
                f"{self.cassette}: not written: {error.strerror}; the recording is kept in {self._journal.path}"
            ) from None
        except BaseException:
            self._discard()
            raise
        self._discard()
        return self._count

    def _rendered(self) -> bytes:
        deck = self._deck
        interactions = deck.settle(read_journal(self._journal.path))
        provenance = provenance_of(interactions, deck.redactor, self._first[1] if self._first else None, self.clients)
        if deck.mode is Mode.AUTO and exists(self.cassette):
            return appended(self.cassette.read_bytes(), interactions, provenance, lambda old: redacted(deck, old))
        return render(interactions, provenance)

    async def keep_journal(self) -> None:
        """Ends without a commit, leaving what is on disk to the next start's rescue."""
        await self._journal.close()
        self._lock.release()

    async def abort(self) -> None:
        """Drops the recording; the old cassette stands."""
        await self._journal.close()
        self._discard()

    def _discard(self) -> None:
        with suppress(OSError):
            self._journal.path.unlink()
        self._lock.release()


def redacted(deck: Deck, interactions: Sequence[Interaction]) -> list[RedactedInteraction]:
    """Stored interactions, by today's rules."""
    return deck.redactor.settle([deck.redactor.redact(interaction) for interaction in interactions])


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"{folder}: cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CannotStart(f"{folder}: cannot be written to")


def rescue(cassette: Path) -> Path | None:
    """Makes a cassette of its own from the journal that a killed recording left; gives its path, or None.

    Not put in the cassette's place: a recording that was cut short is not better than the whole one before it.
    The caller holds the lock. An unreadable or empty journal is moved aside, never deleted.
    """
    journal = journal_path(cassette)
    if not journal.exists():
        return None
    found: Sequence[tuple[int, RedactedInteraction]] = list(read_journal(journal))
    fresh = next(path for path in _names(cassette) if not path.exists())
    try:
        if not found:
            if journal.stat().st_size == 0:
                journal.unlink()
                return None
            journal.rename(fresh.with_suffix(".unreadable"))
            return None
        redactor = default_redactor(DECODERS)
        interactions = stripe_deck(Mode.RECORD, redactor, None, cassette=str(cassette)).settle(found)
        replace_file(fresh, [render(interactions, provenance_of(interactions, redactor, None))])
        journal.unlink()
    except OSError as error:
        raise CannotStart(f"{journal}: left by a killed recording, cannot be rescued: {error.strerror}") from None
    return fresh


def _names(cassette: Path) -> Iterator[Path]:
    number = 1
    while True:
        yield cassette.with_name(f"{cassette.stem}.rescued-{number}{cassette.suffix or '.yaml'}")
        number += 1
