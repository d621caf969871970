"""Accepted findings: a JSON file of places, each with a reason and an owner, that later audits pass over.

Without a fixed key fingerprints differ from run to run; entries then hold none and stand for their place alone. With
one, an entry stands for that very value at that place, and another value there is a finding again. An entry may expire.
"""

import datetime
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from fcproxy.core.audit_report import UNREADABLE, Finding, Report
from fcproxy.core.errors import UsageError

__all__ = ["Entry", "apply_baseline", "parse_baseline", "render_baseline"]

VERSION = 1

SOON = 30
"""Days before its end from which on an entry is told to expire."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted finding. ``file`` is named from the baseline's folder. ``expires``: its last day, None for never."""

    file: str
    interaction: int | None
    place: str
    rule: str
    fingerprint: str | None
    reason: str = ""
    owner: str = ""
    expires: datetime.date | None = None

    def fits(self, finding: Finding, file: str) -> bool:
        """Whether ``finding`` is the accepted one, its file being named ``file`` from the baseline's folder."""
        same = (self.file, self.interaction, self.place, self.rule) == (
            file,
            finding.interaction,
            finding.place,
            finding.rule,
        )
        return same and self.fingerprint in (None, finding.fingerprint)

    def to_json(self) -> dict[str, object]:
        """JSON-ready, in a fixed order."""
        return {
            "file": self.file,
            "interaction": self.interaction,
            "place": self.place,
            "rule": self.rule,
            "fingerprint": self.fingerprint,
            "reason": self.reason,
            "owner": self.owner,
            **({"expires": self.expires.isoformat()} if self.expires else {}),
        }


def parse_baseline(data: bytes, name: str) -> list[Entry]:
    """The entries of a baseline file. Raises UsageError naming what is wrong with which entry."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise UsageError(f"{name}: not a baseline: no JSON") from None
    if (
        not isinstance(document, dict)
        or document.get("version") != VERSION
        or not isinstance(document.get("accepted"), list)
    ):
        raise UsageError(f'{name}: not a baseline: needs "version": {VERSION} and a list "accepted"')
    return [_entry(raw, f"{name}: accepted[{number}]") for number, raw in enumerate(document["accepted"])]


def _entry(raw: object, where: str) -> Entry:
    if not isinstance(raw, dict):
        raise UsageError(f"{where}: not an object")
    words = {key: raw.get(key) for key in ("file", "place", "rule")}
    optional = {key: raw.get(key) or "" for key in ("reason", "owner")}
    fingerprint, number = raw.get("fingerprint"), raw.get("interaction")
    good = all(isinstance(word, str) and word for word in words.values()) and all(
        isinstance(v, str) for v in optional.values()
    )
    if not good or not isinstance(fingerprint, str | None) or not isinstance(number, int | None):
        raise UsageError(
            f"{where}: needs texts file, place and rule; interaction is a number or null, fingerprint a text or null"
        )
    if words["rule"] == UNREADABLE:
        raise UsageError(f"{where}: what cannot be read cannot be accepted")
    try:
        expires = datetime.date.fromisoformat(raw["expires"]) if raw.get("expires") is not None else None
    except (TypeError, ValueError):
        raise UsageError(f"{where}: expires is no day like 2026-12-31") from None
    names = str(words["file"]), number, str(words["place"]), str(words["rule"]), fingerprint
    return Entry(*names, optional["reason"], optional["owner"], expires)


def _itself(name: str) -> str:
    return name


def render_baseline(report: Report, old: Sequence[Entry], *, keyed: bool, named: Callable[[str], str] = _itself) -> str:
    """A baseline of the report's findings; reason, owner and end of entries that still fit are kept.

    ``named``: a file's name in the report -> its name from the baseline's folder.
    """
    entries = []
    for finding in report.findings:
        if finding.level == "error" and finding.rule != UNREADABLE:
            file = named(finding.file)
            known = next((entry for entry in old if entry.fits(finding, file)), None)
            fingerprint = finding.fingerprint if keyed else None
            entry = Entry(file, finding.interaction, finding.place, finding.rule, fingerprint)
            if known:
                entry = replace(entry, reason=known.reason, owner=known.owner, expires=known.expires)
            if entry not in entries:
                entries.append(entry)
    return json.dumps({"version": VERSION, "accepted": [entry.to_json() for entry in entries]}, indent=2) + "\n"


def apply_baseline(
    report: Report,
    entries: Sequence[Entry],
    *,
    today: datetime.date = datetime.date.min,
    named: Callable[[str], str] = _itself,
    looked_at: Callable[[str], bool] = bool,
) -> Report:
    """The report without accepted findings. Entries that fit nothing, in files that were ``looked_at``, are named as
    stale; what expired, what will soon, and what nobody gave a reason for is remarked on.

    ``named`` as in `render_baseline`; ``looked_at`` takes such a name.
    """
    by_place: dict[tuple[str, str], list[int]] = {}
    for number, entry in enumerate(entries):
        by_place.setdefault((entry.file, entry.place), []).append(number)
    kept: list[Finding] = []
    used: set[int] = set()
    for finding in report.findings:
        file = named(finding.file)
        fitting = [n for n in by_place.get((file, finding.place), ()) if entries[n].fits(finding, file)]
        used.update(fitting)
        if not any(_holds(entries[n], today) for n in fitting):
            kept.append(finding)
    stale = tuple(
        entry.to_json() for number, entry in enumerate(entries) if number not in used and looked_at(entry.file)
    )
    remarks = tuple(_remarks([entries[number] for number in sorted(used)], today))
    accepted = len(report.findings) - len(kept)
    return replace(report, findings=tuple(kept), accepted=accepted, stale=stale, remarks=remarks)


def _holds(entry: Entry, today: datetime.date) -> bool:
    return entry.expires is None or today <= entry.expires


def _remarks(entries: Sequence[Entry], today: datetime.date) -> Iterator[str]:
    for entry in entries:
        if entry.expires is not None and (entry.expires - today).days <= SOON:
            verb = "expires" if _holds(entry, today) else "expired"
            yield f"baseline entry {verb} on {entry.expires}: {entry.file}: {entry.place}: {entry.rule}"
    bare = sum(1 for entry in entries if not (entry.reason.strip() and entry.owner.strip()))
    if bare:
        yield f"baseline entries without a reason or an owner: {bare}"
