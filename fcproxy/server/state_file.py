"""The file of ``--state``: what the embedded fake remembers, read at the start, written while it runs and at its end.

The file is at every moment one whole state, the old one or the new one.
"""

import asyncio
import gc
import json
from collections.abc import Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcproxy.core.errors import CannotStart
from fcproxy.fake import Fake
from fcproxy.server.store import replace_file, sweep
from fcproxy.server.threads import to_its_end

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["SAVE_SECONDS", "StateFile"]

SAVE_SECONDS = 0.4
"""How long a change waits at most for its saving to begin."""
_AT_ONCE = 200
"""How many objects are written out before a request may come between: some milliseconds."""


class StateFile:
    """Keeps ``fake`` in the file at ``path``."""

    def __init__(self, fake: Fake, path: Path) -> None:
        self._fake = fake
        self._path = path
        self._touched = False
        self._saved: object = None
        self._tables: object = None
        self._lines: dict[int, bytes] = {}
        """Object's number -> its line of the file, as it was when it was last written out."""

    def touch(self) -> None:
        """Something was asked for that may have changed an object in place."""
        self._touched = True

    def load(self) -> None:
        """Takes up what the file holds, if there is one. Raises CannotStart."""
        try:
            sweep(self._path)
            with _no_collector():
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
            state = self._fake.dump()
            objects = state.pop("objects")
            replace_file(self._path, _pieces(state, map(_line, objects)))
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
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            mark = self._fake.mark()
            if not self._touched and mark == self._saved:
                continue
            self._touched, self._saved = False, mark
            pieces = await self.snapshot()
            try:
                await to_its_end(partial(replace_file, self._path, pieces))
            except OSError:
                # Tried again with what is new by then; the end tells of it, where it still fails.
                self._touched = True

    async def snapshot(self) -> list[bytes]:
        """The whole state at one moment.

        What may have changed since the last one is written out a little at a time, between requests; only when the
        little that is left is written out and the rest of the state with it, nothing comes between.
        """
        while True:
            if self._write_out() < _AT_ONCE:
                break
            await asyncio.sleep(0)
        return _pieces(self._fake.state.rest_to_json(), self._lines.values())

    def _write_out(self) -> int:
        state = self._fake.state
        if self._tables is not state.tables:
            # It was reset: numbers of objects begin anew.
            self._tables = state.tables
            self._lines.clear()
        taken = state.take_touched(_AT_ONCE)
        for number, row in taken:
            if row is None:
                self._lines.pop(number, None)
            else:
                self._lines[number] = _line(row)
        return len(taken)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Without looking for garbage among objects that all stay: half of the time that a large state takes."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _line(row: list[Any]) -> bytes:
    return json.dumps(row).encode("ascii")


def _pieces(rest: dict[str, Any], lines: Iterable[bytes]) -> list[bytes]:
    """The state as JSON, an object a line. Not put together here: that is the writer's work."""
    head = json.dumps(rest).encode("ascii")[:-1] + b', "objects": [\n'
    found = list(lines)
    pieces = [b",\n"] * (2 * len(found))
    pieces[1::2] = found
    return [head, *pieces[1:], b"\n]}\n"]
