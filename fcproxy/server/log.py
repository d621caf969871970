"""Log lines: one a request, no body, no query, no header value; and the taming of the libraries' own loggers."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from typing import TextIO

from fcproxy.core.expression import expression
from fcproxy.core.visible import visible

__all__ = ["RequestLog", "Tell", "silent", "tame_libraries"]

Tell = Callable[[str, str], None]
"""(what people should know, level: `error`, `warning` or `info`)."""


def silent(_message: str, _level: str) -> None:
    """Nobody is told."""


_LONGEST_PATH = 300
"""Characters of a path that are logged."""


_OPAQUE = expression(
    r"(?<=/)(?![a-z]{2,20}_[A-Za-z0-9_~]*(?:/|\Z))(?![0-9a-f-]+(?:/|\Z))(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[^/]{20,}"
)
"""A part of a path that is no id, no word and no digest. A line that is written cannot be taken back when it turns out
later that this was a secret; in the journal it can."""


class RequestLog:
    """Writes to stderr (or ``stream``). The caller hands in only redacted text."""

    def __init__(
        self, style: str = "text", *, quiet: bool = False, verbose: bool = False, stream: TextIO | None = None
    ) -> None:
        """``style`` is ``text`` or ``json``; ``quiet`` leaves only what `trouble` says."""
        self.enabled = not quiet
        self.verbose = verbose and not quiet
        """Whether control requests are logged too."""
        self._json = style == "json"
        self._stream = stream if stream is not None else sys.stderr
        self._waiting: list[str] = []

    def request(self, method: str, path: str, status: int, action: str, seconds: float) -> None:
        """One line for one request; ``action`` is what was done, such as ``replayed 3`` or ``miss no_match``."""
        milliseconds = round(seconds * 1000, 1)
        path = _OPAQUE.sub("*", path if len(path) <= _LONGEST_PATH else f"{path[:_LONGEST_PATH]}...")
        if self._json:
            fields = {"method": method, "path": path, "status": status, "action": action, "ms": milliseconds}
            self._later(json.dumps(fields))
        else:
            self._later(f"{method} {visible(path)} {status} {action} {milliseconds} ms")

    def note(self, message: str) -> None:
        """Something that people should know, unless they asked for quiet."""
        if self.enabled:
            self.trouble(message, level="info")

    def trouble(self, message: str, *, level: str = "error") -> None:
        """Something that is said in any case."""
        self.flush()
        if self._json:
            self._write_json(level=level, message=message)
        else:
            self._write("\n".join(map(visible, f"fcproxy: {message}".split("\n"))))

    def tell(self, message: str, level: str) -> None:
        """`note` for the level `info`, `trouble` for any other."""
        if level == "info":
            self.note(message)
        else:
            self.trouble(message, level=level)

    def _later(self, line: str) -> None:
        """Requests that are answered in one turn of the event loop share one write."""
        self._waiting.append(line)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Writes the lines that wait for the end of the event loop's turn."""
        lines, self._waiting = self._waiting, []
        if lines:
            self._write("\n".join(lines))

    def _write_json(self, **fields: object) -> None:
        self._write(json.dumps(fields))

    def _write(self, line: str) -> None:
        try:
            print(line, file=self._stream, flush=True)
        except (BrokenPipeError, ValueError):
            # Whoever read stderr has gone; that must not end a recording.
            self.enabled = False


class _TypesOnly(logging.Handler):
    """Says that a library complained, and the exception's type; its message quotes traffic (a bad line, a URL)."""

    def __init__(self, log: RequestLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        error = record.exc_info[0] if record.exc_info else None
        self._log.trouble(f"{record.name}: {error.__name__ if error else record.levelname.lower()}{_where(record)}")


def _where(record: logging.LogRecord) -> str:
    """The innermost frame of ours, so that a defect can be found from its one line."""
    trace = record.exc_info[2] if record.exc_info else None
    place = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if "fcproxy/" in code.co_filename:
            place = f" in {code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def tame_libraries(log: RequestLog) -> None:
    """Gives the loggers of aiohttp and asyncio a handler that writes no values (aiohttp's server logs raw requests)."""
    for name in ("aiohttp", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [_TypesOnly(log)]
        logger.setLevel(logging.WARNING)
        logger.propagate = False
