"""A serving process from its first line to its last: ready line, ready file, signals, verdict."""

import asyncio
import gc
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from fcproxy.config import Config
from fcproxy.core.errors import CannotStart
from fcproxy.core.modes import Mode
from fcproxy.core.visible import visible
from fcproxy.server.app import App, Outcome, running
from fcproxy.server.check import Check
from fcproxy.server.log import RequestLog, tame_libraries
from fcproxy.server.loop import run
from fcproxy.server.store import replace_file

__all__ = ["ready_line", "serve", "summary"]


def ready_line(app: App, label: str | None = None) -> str:
    """``listening on http://127.0.0.1:12111 (record -> fake, cassettes/default.yaml)``.

    ``label`` stands in the mode's place for a process that is no deck's.
    """
    default = app.decks.default
    words = label or default.mode.value
    if default.upstream is not None and label is None:
        words += f" -> {default.upstream_name}"
    if default.mode is not Mode.PASSTHROUGH:
        words += f", {default.cassette}"
    return visible(f"listening on {app.url} ({words})")


def summary(outcome: Outcome, cassette: str) -> str:
    """What is said at the end: the verdict, and what became of the cassette."""
    lines = outcome.verdict.text().rstrip("\n").split("\n")
    if outcome.problem is not None:
        lines.append(f"not kept: {outcome.problem}")
    elif outcome.written:
        lines.append(f"{cassette}: {outcome.written} interactions written")
    return "\n".join(map(visible, lines))


def serve(config: Config, mode: Mode, check: Check, *, label: str | None = None) -> Outcome:
    """Serves until SIGTERM or SIGINT. ``label`` is set for a process that is no deck's (the fake by itself).

    Raises UsageError, CannotStart, CassetteUnreadable, RecordingRefused before the ready line.
    """
    # A core file would hold every secret that is in memory.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    log = RequestLog(config.log_format, quiet=config.quiet, verbose=config.verbose)
    tame_libraries(log)
    return run(_serve(config, mode, check, log, label))


async def _serve(config: Config, mode: Mode, check: Check, log: RequestLog, label: str | None) -> Outcome:
    ready = Path(config.ready_file) if config.ready_file else None
    if ready is not None:
        ready.unlink(missing_ok=True)
    async with running(config, mode, check=check, log=log) as app:
        on_signals(app.stopping.set)
        try:
            if ready is not None:
                _write_ready(ready, app, label)
            _say(ready_line(app, label))
            # A large cassette would be looked through for garbage again and again.
            gc.freeze()
            gc.enable()
            await app.stopping.wait()
        finally:
            if ready is not None:
                ready.unlink(missing_ok=True)
    outcome = app.outcome
    if outcome is None:
        raise CannotStart("the proxy ended without a verdict")
    if label is None:
        _say(summary(outcome, app.decks.default.cassette))
    return outcome


def on_signals(stop: Callable[[], None]) -> None:
    """Calls ``stop`` for SIGTERM, SIGINT and, unless it is ignored (nohup), SIGHUP from now on."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, stop)


def _write_ready(path: Path, app: App, label: str | None) -> None:
    default = app.decks.default
    content = {
        "url": app.url,
        "pid": os.getpid(),
        "mode": label or default.mode.value,
        "cassette": None if default.mode is Mode.PASSTHROUGH else default.cassette,
    }
    try:
        replace_file(path, [json.dumps(content).encode("utf-8"), b"\n"])
    except OSError as error:
        raise CannotStart(f"--ready-file {path}: {error.strerror}") from None


def _say(text: str) -> None:
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read stdout has gone; the recording is still to be ended well.
        sys.stdout = sys.stderr
