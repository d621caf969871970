"""What a killed recording left -> a cassette of its own."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from fcproxy.codings import DECODERS
from fcproxy.core.errors import CannotStart, RecordingRefused
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import Redactor
from fcproxy.core.rules import RuleBook
from fcproxy.server.check import Check
from fcproxy.server.finishing import Finished, judged
from fcproxy.server.journal import JournalReader
from fcproxy.server.provenance import provenance_of
from fcproxy.server.store import journal_path, replace_file, sweep
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import RULES

__all__ = ["rescue"]


def rescue(cassette: Path, check: Check, book: RuleBook = RULES) -> Path | None:
    """Makes a cassette of its own from the journal that a killed recording left; gives its path, or None.

    Not put in the cassette's place: a recording that was cut short is not better than the whole one before it.
    The caller holds the lock; ``book`` has the rules for it. An unreadable journal is moved aside, never deleted.
    Raises CannotStart, and RecordingRefused where ``check`` finds something: the journal then stays for its owner to
    look at and delete.
    """
    with suppress(OSError):
        sweep(cassette)
    with suppress(OSError):
        journal_path(cassette).with_name(journal_path(cassette).name + ".tmp").unlink()
    journal = journal_path(cassette)
    if not journal.exists():
        return None
    fresh = next(path for path in _names(cassette) if not path.exists())
    try:
        redactor = Redactor(book, DECODERS)
        deck = stripe_deck(Mode.RECORD, redactor, None, cassette=str(cassette))
        with JournalReader(journal) as reader:
            found = Finished(deck, reader)
            if not len(found):
                _put_aside(journal, fresh)
                return None
            provenance = provenance_of(found.versions, redactor, None)
            replace_file(fresh, judged(found, provenance, check(str(journal), ())))
        journal.unlink()
    except OSError as error:
        raise CannotStart(f"{journal}: left by a killed recording, cannot be rescued: {error.strerror}") from None
    except RecordingRefused as error:
        raise RecordingRefused(error.rule, f"{journal}: left by a killed recording; {error}; delete it") from None
    return fresh


def _put_aside(journal: Path, fresh: Path) -> None:
    if journal.stat().st_size == 0:
        journal.unlink()
    else:
        journal.rename(fresh.with_suffix(".unreadable"))


def _names(cassette: Path) -> Iterator[Path]:
    number = 1
    while True:
        yield cassette.with_name(f"{cassette.stem}.rescued-{number}{cassette.suffix or '.yaml'}")
        number += 1
