"""Accepted findings: a JSON file of places, each with a reason and an owner, that later audits pass over.

Without a fixed key fingerprints differ from run to run; entries then hold none and stand for their place alone. With
one, an entry stands for that very value at that place, and another value there is a finding again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fcproxy.core.audit_report import UNREADABLE, Finding, Report
from fcproxy.core.errors import UsageError

__all__ = ["Entry", "apply_baseline", "parse_baseline", "render_baseline"]

VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted finding."""

    file: str
    interaction: int | None
    place: str
    rule: str
    fingerprint: str | None
    reason: str = ""
    owner: str = ""

    def fits(self, finding: Finding) -> bool:
        """Whether ``finding`` is the accepted one."""
        same = (self.file, self.interaction, self.place, self.rule) == (
            finding.file,
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
    return Entry(str(words["file"]), number, str(words["place"]), str(words["rule"]), fingerprint, **optional)


def render_baseline(report: Report, old: Sequence[Entry], *, keyed: bool) -> str:
    """A baseline of the report's findings; reasons and owners of entries that still fit are kept."""
    entries = []
    for finding in report.findings:
        if finding.level == "error" and finding.rule != UNREADABLE:
            known = next((entry for entry in old if entry.fits(finding)), None)
            fingerprint = finding.fingerprint if keyed else None
            entry = Entry(finding.file, finding.interaction, finding.place, finding.rule, fingerprint)
            if known:
                entry = replace(entry, reason=known.reason, owner=known.owner)
            if entry not in entries:
                entries.append(entry)
    return json.dumps({"version": VERSION, "accepted": [entry.to_json() for entry in entries]}, indent=2) + "\n"


def apply_baseline(report: Report, entries: Sequence[Entry]) -> Report:
    """The report without accepted findings; entries that fit nothing are named as stale."""
    kept: list[Finding] = []
    used: set[int] = set()
    for finding in report.findings:
        fitting = [number for number, entry in enumerate(entries) if entry.fits(finding)]
        used.update(fitting)
        if not fitting:
            kept.append(finding)
    stale = tuple(entry.to_json() for number, entry in enumerate(entries) if number not in used)
    return replace(report, findings=tuple(kept), accepted=len(report.findings) - len(kept), stale=stale)
