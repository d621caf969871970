"""Today's rules applied to cassettes that are already there: ours and VCR.py's, in place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fcproxy import __version__
from fcproxy.codings import DECODERS
from fcproxy.core.audit_report import Coverage
from fcproxy.core.errors import CannotStart, CassetteUnreadable
from fcproxy.core.redaction import RedactedInteraction, Redactor
from fcproxy.core.rules import RuleBook
from fcproxy.server.audit_files import find_files
from fcproxy.server.store import Lock, read_file, replace_file
from fcproxy.stripe.secrets import RULES
from fcproxy.vcr_format import ParsedCassette, Provenance, parse, render

__all__ = ["Redaction", "cassettes_in", "redact_file"]

_SUFFIXES = (".yaml", ".yml", ".json")
_WRITABLE = 0o222
"""Permission bits, of which one at least lets somebody write."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """What was done with one file. ``hits``: replacements by rule id; ``not_stored``: bodies that were emptied."""

    path: Path
    interactions: int
    changed: int
    hits: Mapping[str, int]
    not_stored: int
    written: bool = False

    def text(self, *, verb: str = "changed") -> str:
        """What was done, in a line."""
        if not self.changed:
            done = "now under today's rules" if self.written else "nothing to redact"
            return f"{self.path}: {done} in {self.interactions} interactions"
        rules = ", ".join(f"{rule} {count}" for rule, count in sorted(self.hits.items()))
        done = f"{verb} {self.changed} of {self.interactions} interactions ({rules or 'headers that are not stored'})"
        lost = f"; {self.not_stored} bodies could not be opened and are not stored any more" if self.not_stored else ""
        return f"{self.path}: {done}{lost}"


def cassettes_in(paths: Iterable[Path]) -> list[Path]:
    """The files named, and those below folders that may be cassettes. Raises OSError for what is not there."""
    found: list[Path] = []
    for path in paths:
        files = find_files([path], Coverage())
        found += [file for file in files if not path.is_dir() or file.suffix.lower() in _SUFFIXES]
    return list(dict.fromkeys(found))


def redact_file(path: Path, book: RuleBook = RULES, *, write: bool = True, restamp: bool = False) -> Redaction:
    """Redacts the cassette at ``path``. A file in which nothing changes is not touched, unless ``restamp`` and
    it says that it was recorded under other rules.

    Raises CassetteUnreadable, or CannotStart where it is being recorded, is read-only or cannot be written.
    """
    if not write:
        return _redacted(path, book)[0]
    if path.exists() and not path.stat().st_mode & _WRITABLE:
        # Renaming asks the folder and not the file, and root is asked nothing: yet somebody meant this one to stay.
        raise CannotStart(f"{path}: not written: it is read-only")
    lock = Lock(path)
    try:
        done, data, old = _redacted(path, book)
        if done.changed or (restamp and old):
            replace_file(path, [data])
            done = replace(done, written=True)
    except OSError as error:
        raise CannotStart(f"{path}: not written: {error.strerror}") from None
    finally:
        lock.release()
    return done


def _redacted(path: Path, book: RuleBook) -> tuple[Redaction, bytes, bool]:
    """What there is to do, the file's new contents, and whether it was recorded under other rules."""
    try:
        parsed = parse(read_file(path), str(path), decoders=DECODERS)
    except OSError as error:
        raise CassetteUnreadable(str(path), f"cannot be read: {error.strerror}") from None
    redactor = Redactor(book, DECODERS)
    after = redactor.settle([redactor.redact(one) for one in parsed.interactions])
    changed = sum(old != new for old, new in zip(parsed.interactions, after, strict=True))
    done = Redaction(path, len(after), changed, dict(redactor.ledger.hits), redactor.not_stored)
    old = parsed.provenance is not None and parsed.provenance.rules != book.version
    return done, render(after, _provenance(parsed, after, redactor), style=parsed.style), old


def _provenance(parsed: ParsedCassette, after: list[RedactedInteraction], redactor: Redactor) -> Provenance:
    """What was known of the recording stays true of it; rules and hits are today's."""
    old = parsed.provenance or Provenance(
        stripe_versions=tuple(
            sorted({version for one in after if (version := one.response.headers.get("Stripe-Version"))})
        )
    )
    return Provenance(
        recorder=f"fcproxy {__version__}",
        rules=redactor.book.version,
        hits=dict(redactor.ledger.hits),
        stripe_versions=old.stripe_versions,
        clients=old.clients,
        recorded_at=old.recorded_at,
        disabled=redactor.book.disabled,
    )
