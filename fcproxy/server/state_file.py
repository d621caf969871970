"""The file of ``--state``: what the embedded fake remembers, read at the start, written while it runs and at its end.

The file is at every moment one whole state, the old one or the new one.
"""

import asyncio
import json
import marshal
import os
import re
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcproxy.core.errors import CannotStart
from fcproxy.fake import Fake
from fcproxy.server.store import replace_file

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ["SAVE_SECONDS", "StateFile"]

SAVE_SECONDS = 0.4
"""How long a change waits at most for its saving to begin."""
_SHARE = 0.05
"""Most of the time that snapshots may take from the requests: with very many objects, saving is less often."""
_LEFT_OVER = re.compile(r"\.(\d+)\.tmp\Z")


class StateFile:
    """Keeps ``fake`` in the file at ``path``."""

    def __init__(self, fake: Fake, path: Path) -> None:
        self._fake = fake
        self._path = path
        self._touched = False
        self._saved: object = None

    def touch(self) -> None:
        """Something was asked for that may have changed an object in place."""
        self._touched = True

    def load(self) -> None:
        """Takes up what the file holds, if there is one. Raises CannotStart."""
        try:
            self._sweep()
            self._fake.load(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            pass
        except OSError as error:
            raise CannotStart(f"--state {self._path}: {error.strerror}") from None
        except (ValueError, RecursionError):
            raise CannotStart(f"--state {self._path}: holds no state of this fake") from None
        self._saved = self._fake.mark()

    def save(self) -> None:
        """Writes the state as it is now. Raises CannotStart."""
        try:
            replace_file(self._path, _lines(self._fake.dump()))
        except OSError as error:
            raise CannotStart(f"--state {self._path}: not written: {error.strerror}") from None

    @asynccontextmanager
    async def kept(self) -> "AsyncIterator[None]":
        """Saves what changes, soon after, for as long as the context lasts, and all of it at its end.

        Raises CannotStart where the last state cannot be written.
        """
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping
        self.save()

    async def _keep(self) -> None:
        pause = SAVE_SECONDS
        while True:
            await asyncio.sleep(pause)
            mark = self._fake.mark()
            if not self._touched and mark == self._saved:
                continue
            self._touched, self._saved = False, mark
            began = time.perf_counter()
            # On the loop, where nothing changes meanwhile; the slow part, text and disk, is another thread's.
            # marshal copies plain data several times faster than copy.deepcopy or json does.
            snapshot = marshal.dumps(self._fake.dump())
            pause = max(SAVE_SECONDS, (time.perf_counter() - began) / _SHARE)
            try:
                await _to_its_end(partial(_write, self._path, snapshot))
            except OSError:
                # Tried again with what is new by then; the end tells of it, where it still fails.
                self._touched = True

    def _sweep(self) -> None:
        """Removes what killed processes had begun to write."""
        for path in self._path.absolute().parent.glob(f"{self._path.name}.*.tmp"):
            number = _LEFT_OVER.search(path.name)
            if number and not _runs(int(number[1])):
                path.unlink(missing_ok=True)


async def _to_its_end(work: "Callable[[], None]") -> None:
    """Does blocking work in a thread. Who cancels waits all the same: two may not write one file at once."""
    done = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        await asyncio.shield(done)
    except asyncio.CancelledError:
        with suppress(OSError):
            await done
        raise


def _write(path: Path, snapshot: bytes) -> None:
    # Its own bytes, made by the same process: nobody else's reach marshal.
    replace_file(path, _lines(marshal.loads(snapshot)))  # noqa: S302


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _lines(state: dict[str, Any]) -> Iterator[bytes]:
    """The state as JSON, an object a line: many small pieces of work, between which other threads come to run."""
    rest = {name: value for name, value in state.items() if name != "objects"}
    yield json.dumps(rest).encode("ascii")[:-1] + b', "objects": [\n'
    for number, row in enumerate(state["objects"]):
        yield (b",\n" if number else b"") + json.dumps(row).encode("ascii")
    yield b"\n]}\n"
