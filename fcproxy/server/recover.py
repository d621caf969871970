"""Finding what killed recordings left behind, and making cassettes of it on demand."""

import os
from collections.abc import Iterable
from pathlib import Path

from fcproxy.core.errors import UsageError
from fcproxy.core.rules import RuleBook
from fcproxy.server.check import Check
from fcproxy.server.rescue import rescue
from fcproxy.server.store import Lock, exists, journal_path
from fcproxy.stripe.secrets import RULES

__all__ = ["left_behind", "recover"]

_ENDING = ".journal"


def left_behind(paths: Iterable[Path]) -> list[Path]:
    """The cassettes whose recordings were cut short, sorted: each of ``paths`` is a cassette, a journal or a folder.

    Raises UsageError for a path that is none of these.
    """
    found: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found.update(journal.with_name(journal.name.removesuffix(_ENDING)) for journal in path.rglob("*" + _ENDING))
            continue
        cassette = path.with_name(path.name.removesuffix(_ENDING))
        if os.path.exists(journal_path(cassette)):  # where that name is too long, there is none
            found.add(cassette)
        elif not exists(cassette):
            raise UsageError(f"{path}: no such cassette, journal or folder")
    return sorted(found)


def recover(cassette: Path, check: Check, book: RuleBook = RULES) -> Path | None:
    """Makes a cassette from the journal beside ``cassette``; gives its path, or None if there was nothing to save.

    Raises CannotStart while the recording still goes on, and when the folder does not take the new file;
    RecordingRefused when ``check`` finds in it what must not be kept.
    """
    lock = Lock(cassette)
    try:
        return rescue(cassette, check, book)
    finally:
        lock.release()
