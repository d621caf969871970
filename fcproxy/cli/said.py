"""What the commands say of files, whose names may hold a secret, move a terminal's cursor or speak to a CI's log."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fcproxy.core.audit import Auditor

__all__ = ["said"]


def said(text: str) -> str:
    """``text`` on one line, without secrets known by their shape and with `?` for whatever is not printed as itself."""
    return _auditor().shown(text)


@cache
def _auditor() -> "Auditor":
    # Deferred: a command that says nothing of the sort need not wait for the detectors.
    from fcproxy.server.audit_files import Settings, auditor_for

    return auditor_for(Settings(b""))
