"""One recording: lock and journal while it goes on, one atomic replacement of the cassette when it ends well."""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from fcproxy.core.deck import Deck
from fcproxy.core.errors import CannotStart, RecordingRefused
from fcproxy.core.message import Interaction
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.server.appending import appended, redacted_anew
from fcproxy.server.check import Check
from fcproxy.server.finishing import Finished, judged
from fcproxy.server.journal import Journal, JournalReader
from fcproxy.server.log import Tell, silent
from fcproxy.server.provenance import provenance_of
from fcproxy.server.rescue import rescue
from fcproxy.server.store import Lock, exists, journal_path, replace_file
from fcproxy.server.threads import to_its_end
from fcproxy.vcr_format.document import MAX_BYTES

__all__ = ["Recording"]


class Recording:
    """Holds the lock and the journal of one cassette until `commit`, `keep_journal` or `abort`."""

    def __init__(
        self,
        cassette: Path,
        deck: Deck,
        check: Check,
        *,
        fsync: str = "always",
        on_failure: Callable[[str], None] = lambda _: None,
        tell: Tell = silent,
        playable: int = MAX_BYTES,
    ) -> None:
        """Raises CannotStart when the folder, the lock or the journal is not to be had, RecordingRefused when what a
        killed recording left must not be kept. ``fsync``, ``on_failure``: see Journal. ``tell``: see `open_deck`.
        ``playable``: octets of the largest cassette that would be loaded again; a larger one is written, and told."""
        self.cassette = cassette
        self._deck = deck
        self._check = check
        self._tell = tell
        self._playable = playable
        self._count = 0
        self._first: tuple[int, str | None] | None = None
        self.clients: set[str] = set()
        """Names of the clients that were recorded, for the provenance."""
        _make_folder(cassette.parent)
        self._lock = Lock(cassette)
        try:
            self.rescued = rescue(cassette, check, deck.redactor.book)
            self._journal = Journal(journal_path(cassette), fsync, on_failure)
        except BaseException:
            self._lock.release()
            raise

    @property
    def failed(self) -> str | None:
        """Why the disk takes no more, or None."""
        return self._journal.failed

    def expect(self, more: int) -> None:
        """``more`` interactions than before are under way that will be appended, as a rule: see Journal."""
        self._journal.under_way += more

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
        loop = asyncio.get_running_loop()

        def tell(done: str) -> None:
            loop.call_soon_threadsafe(self._tell, f"{self.cassette}: {done}", "info")

        try:
            # A thread of its own: a server goes on answering while one of its decks is written.
            count = await to_its_end(partial(self._write, tell))
        except OSError as error:
            self._lock.release()
            raise CannotStart(
                f"{self.cassette}: not written: {error.strerror}; the recording is kept in {self._journal.path}"
            ) from None
        except RecordingRefused:
            self._discard()
            raise
        except BaseException:
            # A defect of ours must not cost a recording: its journal is left to the next start.
            self._lock.release()
            raise
        self._discard()
        self._tell_of_size()
        return count

    def _tell_of_size(self) -> None:
        size = self.cassette.stat().st_size
        if size > self._playable:
            told = f"{(size >> 20) + 1} MiB: to be played it needs --max-cassette {(size >> 20) + 1}"
            self._deck.note(told)
            self._tell(f"{self.cassette}: {told}", "warning")

    def _write(self, tell: Callable[[str], None]) -> int:
        deck = self._deck
        judge = self._check(str(self.cassette), deck.redactor.ledger.learned)
        with JournalReader(self._journal.path) as journal:
            finished = Finished(deck, journal, tell)
            date = self._first[1] if self._first else None
            provenance = provenance_of(finished.versions, deck.redactor, date, self.clients)
            if deck.mode is Mode.AUTO and exists(self.cassette):
                old = self.cassette.read_bytes()
                data = appended(old, list(finished), provenance, lambda stored: redacted(deck, stored))
                try:
                    judge(data)
                except RecordingRefused:
                    # What was there may hold, in the middle of a text, what only the new interactions tell to be a
                    # secret. In one recording both would be replaced.
                    data = redacted_anew(old, provenance, lambda stored: _together(deck, stored, finished.undrawn()))
                    judge(data)
                    deck.note("the cassette held what now turned out to be a secret: all of it was redacted again")
                replace_file(self.cassette, [data])
            else:
                replace_file(self.cassette, judged(finished, provenance, judge))
            return len(finished)

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


def _together(
    deck: Deck, stored: Sequence[Interaction], new: Sequence[RedactedInteraction]
) -> list[RedactedInteraction]:
    """What was stored and what is new, with one numbering of placeholders."""
    redactor = deck.redactor
    return redactor.settle([*map(redactor.redact, stored), *new], stored)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"{folder}: cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CannotStart(f"{folder}: cannot be written to")
