"""The journal: what has been recorded so far, entry by entry, on disk before the client sees the end."""

import asyncio
import errno
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Self

from fcproxy.core.errors import CannotStart
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.server.entry import entry, read_entry
from fcproxy.server.store import open_file, sync_folder

__all__ = ["Change", "Journal", "JournalReader", "read_journal"]

Change = Callable[[RedactedInteraction], RedactedInteraction]

sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)
"""Forces a file's octets to the disk, and of what is known about the file only what is needed to read them again
(fdatasync(2)): times of change would cost a commit of the file system's own journal. macOS has no such call."""

_DURABLE: int = getattr(os, "O_DSYNC", 0)
"""A file opened so is on the disk when `os.write` returns, as after `sync` (open(2)): one system call, in half the
time, and the interpreter is given up and waited for once and not twice."""

write: Callable[[int, memoryview], int] = os.write

_BATCH_SECONDS = 0.1
"""Longest time that an entry waits for its fsync in mode `batch`: what a power loss may take."""

_GATHER_SECONDS = 0.005
"""Longest time that an entry waits for others to share its fsync, where requests enough are under way."""

_AT_ONCE = 20
"""Interactions that are revised between two turns of the event loop."""

_REWRITTEN = 500
"""Entries of a revised journal that share a write."""


class _Waiting(NamedTuple):
    sequence: int
    interaction: RedactedInteraction
    done: asyncio.Future[bool]


class Journal:
    """An append-only file beside the cassette, 0600. `append` returns when the entry is on disk.

    Entries that arrive while one write is under way share the next write and its fsync, so that many clients wait for
    few disk operations; and a write waits a little until most of those who are to come are there. The file is written
    by one thread of its own: a slow disk does not stop the event loop.
    """

    def __init__(self, path: Path, fsync: str = "always", on_failure: Callable[[str], None] = lambda _: None) -> None:
        """Creates the file. Raises CannotStart when it exists (it would hold another recording) or cannot be made.

        ``fsync``: ``always`` forces every entry to the disk before `append` returns; ``batch`` within a tenth of a
        second; ``never`` leaves it to the operating system. A killed process loses nothing in any of them.
        ``on_failure`` is called once, on the event loop, with the reason why nothing more can be appended.
        """
        self._on_failure = on_failure
        self._told = False
        self._fsync = fsync
        self._flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | (_DURABLE if fsync == "always" else 0)
        self._syncing: asyncio.Task[None] | None = None
        self.path = path
        self.failed: str | None = None
        """Why nothing more can be appended (an operating system's word), or None."""
        try:
            self._file = os.open(path, os.O_CREAT | os.O_EXCL | self._flags, 0o600)
            sync_folder(path.parent)
        except OSError as error:
            raise CannotStart(f"{path}: the journal cannot be created: {error.strerror}") from None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fcproxy-journal")
        self.under_way = 0
        """How many are going to append, or are at it: whoever begins something that may end in an entry adds one."""
        self._waiting: list[_Waiting] = []
        self._gathering: asyncio.Future[None] | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._change: Change | None = None

    def revise(self, change: Change) -> None:
        """Has ``change`` applied to every entry that is on disk or on its way there, before the next one is written.

        For what was recognised as secret only after it had been written in a place where nothing told so.
        """
        self._change = change

    async def append(self, sequence: int, interaction: RedactedInteraction) -> bool:
        """Whether the interaction is durably on disk now. Never raises for a failing disk; see `failed`."""
        if self.failed is not None:
            return False
        loop = self._loop = self._loop or asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(_Waiting(sequence, interaction, done))
        if self._flushing is None or self._flushing.done():
            # A task of its own: a client that goes away must not take the other clients' entries with it.
            self._flushing = asyncio.create_task(self._flush())
        elif self._enough():
            self._begin()
        return await done

    def _enough(self) -> bool:
        # The others are being forwarded while these are written.
        return 4 * len(self._waiting) >= 3 * self.under_way

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            await self._gather(loop)
            batch, self._waiting = self._waiting, []
            while (change := self._change) is not None:
                self._change = None
                if self.failed is None:
                    await self._revise(change)
                batch = [one._replace(interaction=change(one.interaction)) for one in batch]
                # It is used up, and what has come meanwhile may be older than it.
                self._waiting = [one._replace(interaction=change(one.interaction)) for one in self._waiting]
            data = b"".join([entry(one.sequence, one.interaction) for one in batch])
            await loop.run_in_executor(self._thread, self._write, data)
            self._look()
            for one in batch:
                if not one.done.done():
                    one.done.set_result(self.failed is None)
            if self._fsync == "batch" and (self._syncing is None or self._syncing.done()):
                self._syncing = asyncio.create_task(self._sync_soon())

    async def _gather(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._fsync != "always" or self._enough():
            return
        self._gathering = loop.create_future()
        timer = loop.call_later(_GATHER_SECONDS, self._begin)
        await self._gathering
        timer.cancel()
        self._gathering = None

    def _begin(self) -> None:
        if self._gathering is not None and not self._gathering.done():
            self._gathering.set_result(None)

    async def _sync_soon(self) -> None:
        await asyncio.sleep(_BATCH_SECONDS)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._sync)
        self._look()

    def _look(self) -> None:
        if self.failed is None and os.fstat(self._file).st_nlink == 0:
            # Writing to a file without a name goes well for ever, and all of it is gone with the process.
            self.failed = "the journal was deleted"
        if self.failed is not None and not self._told:
            self._told = True
            self._on_failure(self.failed)

    def _sync(self) -> None:
        try:
            sync(self._file)
        except OSError as error:
            self.failed = error.strerror or "the disk failed"

    async def _revise(self, change: Change) -> None:
        try:
            await self._revised(change)
        except OSError as error:
            self.failed = error.strerror or "the disk failed"

    async def _revised(self, change: Change) -> None:
        """In two passes, since a change that changes nothing is the usual one and a journal may be long."""
        for number, (_, interaction) in enumerate(read_journal(self.path)):
            if change(interaction) != interaction:
                break
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)  # other connections go on meanwhile
        else:
            return
        loop = asyncio.get_running_loop()
        fresh = await loop.run_in_executor(self._thread, self._begin_anew)
        entries: list[bytes] = []
        for number, (sequence, interaction) in enumerate(read_journal(self.path)):
            if self.failed is not None:
                return  # The old file, which is whole, stays where a rescue looks for it.
            entries.append(entry(sequence, change(interaction)))
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            if len(entries) == _REWRITTEN:
                await loop.run_in_executor(self._thread, self._write, b"".join(entries))
                entries = []
        await loop.run_in_executor(self._thread, self._end_anew, fresh, b"".join(entries))

    def _begin_anew(self) -> Path:
        fresh = self.path.with_name(self.path.name + ".tmp")
        flags = os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | self._flags
        try:
            old, self._file = self._file, os.open(fresh, flags, 0o600)
            os.close(old)
        except OSError as error:
            self.failed = error.strerror or "the disk failed"
        return fresh

    def _end_anew(self, fresh: Path, last: bytes) -> None:
        self._write(last)
        self._sync()
        if self.failed is not None:
            return
        try:
            os.replace(fresh, self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            self.failed = error.strerror or "the disk failed"

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[write(self._file, left) :]
            if self._fsync == "always" and not _DURABLE:
                sync(self._file)
        except OSError as error:
            self.failed = error.strerror or "the disk failed"

    def fileno(self) -> int:
        """The file's descriptor."""
        return self._file

    async def close(self) -> None:
        """Waits for what is being written, closes the file and keeps it."""
        if self._flushing is not None:
            await self._flushing
        if self._syncing is not None:
            await self._syncing
        self._thread.shutdown()
        os.close(self._file)


class JournalReader:
    """What a journal holds, one interaction at a time. To be closed.

    Its iterator gives (sequence, interaction) in the file's order; after that, each can be had again by its sequence.
    A last entry that was cut short by a crash is left out: nothing behind it was acknowledged by an fsync.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._file = open_file(path)
        self._size = os.fstat(self._file.fileno()).st_size
        self._starts: dict[int, int] = {}

    def __iter__(self) -> Iterator[tuple[int, RedactedInteraction]]:
        self._file.seek(0)
        while True:
            start = self._file.tell()
            found = read_entry(self._file, self._size)
            if found is None:
                return
            self._starts[found[0]] = start
            yield found

    def __getitem__(self, sequence: int) -> RedactedInteraction:
        """Raises KeyError, and OSError where it cannot be read any more."""
        self._file.seek(self._starts[sequence])
        found = read_entry(self._file, self._size)
        if found is None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return found[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def read_journal(path: Path) -> Iterator[tuple[int, RedactedInteraction]]:
    """What a journal holds, as (sequence, interaction); a last one that was cut short by a crash is left out."""
    with JournalReader(path) as journal:
        yield from journal
