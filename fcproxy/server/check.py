"""The audit as the last gate before a recording is kept."""

from collections.abc import Callable, Collection

from fcproxy.core.errors import RecordingRefused

__all__ = ["Check", "audit_check"]

Check = Callable[[bytes, str, Collection[str]], None]
"""(final bytes, cassette's name, what was recognised as secret on the way): raises RecordingRefused when the bytes must
not be kept."""

_SHOWN = 5


def audit_check(data: bytes, name: str, known: Collection[str]) -> None:
    """Raises RecordingRefused when the bytes about to become the cassette hold what the audit takes for a secret.

    ``known``: what the recording took for one, and so has to be gone, in every spelling.
    """
    # Deferred: a replay never comes here, and the audit takes longer to import than all else together.
    from fcproxy.server.audit_files import audit_bytes

    findings = [finding for finding in audit_bytes(data, name, known=known).findings if finding.level == "error"]
    if not findings:
        return
    places = [f"{finding.rule} in interaction {finding.interaction}, {finding.place}" for finding in findings[:_SHOWN]]
    more = f" and {len(findings) - _SHOWN} more" if len(findings) > _SHOWN else ""
    raise RecordingRefused(findings[0].rule, f"the audit of the new cassette found {'; '.join(places)}{more}")
