"""The error tree: one level deep, so that a caller can tell the cases apart by type and the CLI by exit code.

FcproxyError                 exit_code 3
├── UsageError               exit_code 2   an option, a config key or a file name that cannot be right
├── CannotStart              exit_code 3   port taken, folder missing, cassette held by another process
├── CassetteUnreadable       exit_code 3   names the file and, where known, the line; says what to do
├── RecordingRefused         exit_code 1   live mode, or the audit found a secret in the bytes about to be kept
└── UpstreamFailed           (answered to the client as 502 or 504, never ends the process)

No message of any of them may hold a value taken from traffic: they reach terminals and CI logs.
"""

__all__ = [
    "CannotStart",
    "CassetteUnreadable",
    "FcproxyError",
    "RecordingRefused",
    "UpstreamFailed",
    "UsageError",
]


class FcproxyError(Exception):
    """Base of all errors that fcproxy raises on purpose."""

    exit_code = 3


class UsageError(FcproxyError):
    """The command line, environment or config file asks for something that cannot be."""

    exit_code = 2


class CannotStart(FcproxyError):
    """The process cannot do its work here: a port, a folder or a lock stands in the way."""


class CassetteUnreadable(FcproxyError):
    """A cassette file that cannot be read as one.

    ``name`` is the file's name as the user gave it, ``line`` counts from 1 (None where no line can be named).
    """

    def __init__(self, name: str, reason: str, line: int | None = None) -> None:
        # A file's name may hold what moves a terminal's cursor.
        shown = name if name.isprintable() else ascii(name)
        where = f"{shown}:{line}" if line is not None else shown
        super().__init__(f"{where}: {reason}")
        self.name = name
        self.reason = reason
        self.line = line


class RecordingRefused(FcproxyError):
    """The recording must not be kept. ``rule`` names what forbade it."""

    exit_code = 1

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class UpstreamFailed(FcproxyError):
    """The upstream gave no complete answer.

    ``kind`` is one of ``refused``, ``unresolved``, ``tls``, ``timeout``, ``reset``, ``protocol``.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
