"""Real processes of the command, for tests of what only a process shows: signals, exit codes, files, output."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["COMMAND", "Served", "clean_environment", "fcproxy", "rig"]

COMMAND = [sys.executable, "-m", "fcproxy"]


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without what would configure fcproxy or a web proxy."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FCPROXY_", "STRIPE_")) and not name.lower().endswith("_proxy")
    }
    return {**kept, "PYTHONWARNINGS": "error", "COLUMNS": "120", **more}


def fcproxy(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


class Served:
    """A serving process, from its ready line on. Ended by `stop`, or killed at the end of the block."""

    def __init__(self, *arguments: str, folder: Path, prefix: Sequence[str] = (), **environment: str) -> None:
        self.folder = folder
        self._errors = (folder / f"stderr-{len(list(folder.glob('stderr-*')))}").open("w+")
        self.process = subprocess.Popen(
            [*prefix, *COMMAND, *arguments, "--port", "0"],
            cwd=folder,
            env=clean_environment(**environment),
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline()
        self.output = ""

    @property
    def url(self) -> str:
        assert self.ready.startswith("listening on http://"), self.errors
        return self.ready.split()[2]

    @property
    def errors(self) -> str:
        """What stands on stderr so far."""
        self._errors.flush()
        return Path(self._errors.name).read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal, waits for the end, gives the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Waits for the end, gives the exit code."""
        self.output, _ = self.process.communicate(timeout=40)
        return self.process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._errors.close()


@contextmanager
def rig(folder: Path, *arguments: str) -> Iterator[Served]:
    """`fcproxy record` into ``folder / "c.yaml"``, with more arguments."""
    with Served("record", "--cassette", "c.yaml", *arguments, folder=folder) as served:
        yield served


def ready_file(path: Path) -> dict[str, object]:
    """A ready file's content."""
    content = json.loads(path.read_text())
    assert isinstance(content, dict)
    return content
