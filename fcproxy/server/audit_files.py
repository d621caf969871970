"""Auditing files: finding and reading them, spreading them over processors. Reports come in the order of files."""

import multiprocessing
import os
import re
import secrets
import stat
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from pathlib import Path

from fcproxy.codings import DECODERS
from fcproxy.core.audit import Auditor, Item
from fcproxy.core.audit_codings import open_bytes, open_text
from fcproxy.core.audit_copies import Copies
from fcproxy.core.audit_report import Coverage, Finding, Report
from fcproxy.core.errors import CannotStart
from fcproxy.server.audit_reading import file_items, quick_report, without_counts
from fcproxy.stripe.detectors import DETECTORS
from fcproxy.vcr_format.provenance import read_provenance

__all__ = ["MAX_FILE", "Settings", "audit_bytes", "audit_files", "auditor_for", "find_files", "random_key"]

MAX_FILE = 1024 * 1024 * 1024
"""Largest file, in bytes, that is read. Larger ones are reported as unreadable."""

PARALLEL_FROM = 2 * 1024 * 1024
"""Least bytes, all files together, for which starting processes is worth their start."""

SKIPPED_FOLDERS = frozenset(
    (".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".mypy_cache")
)


@dataclass(frozen=True, slots=True)
class Settings:
    """``key`` for fingerprints; ``rules``: today's version of the redaction rules (None: not compared)."""

    key: bytes
    rules: str | None = None


def random_key() -> bytes:
    """A key for one run."""
    return secrets.token_bytes(32)


def auditor_for(settings: Settings) -> Auditor:
    """An auditor with the Stripe detectors and all decoders."""
    return Auditor(DETECTORS, DECODERS, settings.key)


def audit_bytes(
    data: bytes,
    name: str,
    *,
    settings: Settings | None = None,
    auditor: Auditor | None = None,
    known: Copies | None = None,
) -> Report:
    """The report on a file's bytes, shown under ``name``. ``known``: secrets' copies, which are findings anywhere."""
    settings = settings or Settings(random_key())
    auditor = auditor or auditor_for(settings)
    opened = open_bytes(data, [], DECODERS)
    text, charset = open_text(opened.data)
    quick = quick_report(text, name, auditor, known) if not opened.layers else None
    if quick is not None:
        report, problem = quick, None
        report.coverage.bytes = len(data)
    else:
        items, problem = file_items(text, name)
        if opened.problem or charset is None:
            items = [Item(data if opened.problem else opened.data, "file")]
        report = auditor.items(
            name, items, raw=without_counts(text) if problem is None else "", known=known, size=len(data), quick=True
        )
    findings = list(report.findings)
    shown = findings[0].file if findings else auditor.shown(name)
    for layer in opened.layers:
        report.coverage.opened(layer)
    if problem is not None and charset is not None:
        report.coverage.unreadable += 1
        findings.append(_unreadable(shown, problem.reason, problem.line or 0))
    if settings.rules is not None and (line := _old_rules(text, settings.rules)):
        findings.append(Finding(shown, None, "provenance", "old-rules", "", line, 1))
    for found in auditor.scanner.shapes(name):
        findings.append(Finding(shown, None, "file name", found.rule, auditor.fingerprint(found.value)))
    return replace(report, findings=tuple(findings))


def _unreadable(shown: str, reason: str, line: int = 0) -> Finding:
    return Finding(shown, None, "file", "unreadable", "", reason, line)


def _old_rules(text: str, rules: str) -> str:
    provenance = read_provenance(text)
    if provenance is None or provenance.rules == rules:
        return ""
    older = provenance.rules if re.fullmatch(r"[0-9.]{1,12}", provenance.rules) else "unknown"
    return f"recorded under redaction rules {older}, today's are {rules}: run `fcproxy redact`"


def find_files(paths: Iterable[Path], coverage: Coverage) -> Iterator[Path]:
    """The files under ``paths``, folders entered in the order of names. Links inside folders are not followed."""
    for path in paths:
        if path.is_dir():
            yield from _under(path, coverage)
        else:
            yield path


def _under(folder: Path, coverage: Coverage) -> Iterator[Path]:
    # os.walk leaves out what it may not read; here that is an error, raised by the file that is not there to read.
    def refuse(error: OSError) -> None:
        raise error

    for where, folders, files in os.walk(folder, onerror=refuse):
        kept = sorted(
            name for name in folders if name not in SKIPPED_FOLDERS and not os.path.islink(os.path.join(where, name))
        )
        coverage.skipped += len(folders) - len(kept)
        folders[:] = kept
        for name in sorted(files):
            path = Path(where, name)
            if path.is_symlink() and not path.exists():
                coverage.skipped += 1
            elif path.is_file():
                yield path
            else:
                coverage.skipped += 1


def audit_file(path: Path, settings: Settings, auditor: Auditor) -> Report:
    """The report on one file."""
    name = path.as_posix()
    try:
        about = path.stat()
        # A pipe or a device may never end.
        regular = stat.S_ISREG(about.st_mode)
        reason = "" if regular and about.st_size <= MAX_FILE else f"larger than {MAX_FILE} bytes"
        data = b"" if reason else path.read_bytes()
    except OSError as error:
        regular, reason = True, error.strerror or "cannot be read"
    if reason:
        why = reason if regular else "no regular file"
        return Report((_unreadable(auditor.shown(name), why),), Coverage(files=1, unreadable=1))
    return audit_bytes(data, name, settings=settings, auditor=auditor)


def audit_files(
    paths: Sequence[Path], settings: Settings, advance: Callable[[], None] = lambda: None, jobs: int = 0
) -> Report:
    """The joined report on ``paths``. ``advance`` is called for each; ``jobs`` = processes, 0 = as many as pay off.

    Raises CannotStart where one of the processes is killed.
    """
    workers = min(jobs or _processors(), len(paths))
    if workers > 1 and (jobs or _total(paths) >= PARALLEL_FROM):
        return _spread(paths, settings, advance, workers)
    auditor = auditor_for(settings)
    reports = []
    for path in paths:
        reports.append(audit_file(path, settings, auditor))
        advance()
    return Report.joined(reports)


def _spread(paths: Sequence[Path], settings: Settings, advance: Callable[[], None], workers: int) -> Report:
    reports = []
    # Forked, a worker has all that was loaded here; with threads about, which fork would cut off, it starts anew.
    alone = sys.platform == "linux" and threading.active_count() == 1
    if alone:
        _worker[:] = [(settings, auditor_for(settings))]
    context = multiprocessing.get_context("fork" if alone else "spawn")
    try:
        with ProcessPoolExecutor(workers, context, _start_worker, (settings,)) as pool:
            for report in pool.map(_work, paths, chunksize=max(1, min(32, len(paths) // (workers * 4)))):
                reports.append(report)
                advance()
    except BrokenProcessPool:
        raise CannotStart(
            "a process of the audit was killed: nothing is cleared (--jobs 1 takes less memory)"
        ) from None
    return Report.joined(reports)


_worker: list[tuple[Settings, Auditor]] = []


def _start_worker(settings: Settings) -> None:
    if not _worker:
        _worker.append((settings, auditor_for(settings)))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed audit would leave its forked workers for ever: each has the pipe open that tells the others of its
    end."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _work(path: Path) -> Report:
    settings, auditor = _worker[-1]
    return audit_file(path, settings, auditor)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _total(paths: Sequence[Path]) -> int:
    total = 0
    for path in paths:
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return total
