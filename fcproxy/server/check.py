"""The audit as the last gate before a recording is kept."""

from collections.abc import Callable, Collection

from fcproxy.core.errors import RecordingRefused

__all__ = ["Check", "Judge", "audit_check"]

Judge = Callable[[bytes], None]
"""Called with one part of a cassette after the other, each a cassette by itself: raises RecordingRefused for one that
must not be kept."""

Check = Callable[[str, Collection[str]], Judge]
"""(cassette's name, what was recognised as secret on the way) -> the judge of its final bytes."""

_SHOWN = 5


def audit_check(name: str, known: Collection[str]) -> Judge:
    """Refuses bytes about to become the cassette that hold what the audit takes for a secret.

    ``known``: what the recording took for one, and so has to be gone, in every spelling.
    """
    # Deferred: a replay never comes here, and the audit takes longer to import than all else together.
    from fcproxy.server.audit_files import Settings, audit_bytes, auditor_for, random_key

    auditor = auditor_for(Settings(random_key()))
    copies = auditor.copies(known)
    before = 0

    def judge(part: bytes) -> None:
        nonlocal before
        report = audit_bytes(part, name, auditor=auditor, known=copies)
        findings = [finding for finding in report.findings if finding.level == "error"]
        if findings:
            places = [
                f"{finding.rule} in interaction {before + (finding.interaction or 0)}, {finding.place}"
                for finding in findings[:_SHOWN]
            ]
            more = f" and {len(findings) - _SHOWN} more" if len(findings) > _SHOWN else ""
            raise RecordingRefused(findings[0].rule, f"the audit found {'; '.join(places)}{more}")
        before += report.coverage.interactions

    return judge
