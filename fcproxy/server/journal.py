"""The journal: what has been recorded so far, one redacted interaction a line, on disk before the client sees the end.

Lines are JSON: ``{"sequence", "method", "url", "request", "status", "reason", "response"}`` with the two messages as
``[header pairs, body]``; a body is text where it is UTF-8, else ``{"base64": ...}``.
"""

import asyncio
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from pathlib import Path
from typing import Self

from fcproxy.core.errors import CannotStart
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.server.store import sync_folder

__all__ = ["Change", "Journal", "JournalReader", "read_journal"]

Change = Callable[[RedactedInteraction], RedactedInteraction]

sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)
"""Forces a file's lines to the disk, and of what is known about the file only what is needed to read them again
(fdatasync(2)): times of change would cost a commit of the file system's own journal. macOS has no such call."""

_BATCH_SECONDS = 0.1
"""Longest time that a line waits for its fsync in mode `batch`: what a power loss may take."""

_AT_ONCE = 20
"""Interactions that are revised between two turns of the event loop."""

_REWRITTEN = 500
"""Lines of a revised journal that share a write."""


class Journal:
    """An append-only file beside the cassette, 0600. `append` returns when the line is on disk.

    Lines that arrive while one write is under way share the next write and its fsync, so that many clients wait for
    few disk operations. The file is written by one thread of its own: a slow disk does not stop the event loop.
    """

    def __init__(self, path: Path, fsync: str = "always", on_failure: Callable[[str], None] = lambda _: None) -> None:
        """Creates the file. Raises CannotStart when it exists (it would hold another recording) or cannot be made.

        ``fsync``: ``always`` forces every line to the disk before `append` returns; ``batch`` within a tenth of a
        second; ``never`` leaves it to the operating system. A killed process loses nothing in any of them.
        ``on_failure`` is called once, on the event loop, with the reason why nothing more can be appended.
        """
        self._on_failure = on_failure
        self._told = False
        self._fsync = fsync
        self._syncing: asyncio.Task[None] | None = None
        self.path = path
        self.failed: str | None = None
        """Why nothing more can be appended (an operating system's word), or None."""
        try:
            self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
            sync_folder(path.parent)
        except OSError as error:
            raise CannotStart(f"{path}: the journal cannot be created: {error.strerror}") from None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fcproxy-journal")
        self._waiting: list[tuple[int, RedactedInteraction, asyncio.Future[bool]]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._change: Change | None = None

    def revise(self, change: Change) -> None:
        """Has ``change`` applied to every line that is on disk or waits for it, before a later one is written.

        For what was recognised as secret only after it had been written in a place where nothing told so.
        """
        self._change = change

    async def append(self, sequence: int, interaction: RedactedInteraction) -> bool:
        """Whether the interaction is durably on disk now. Never raises for a failing disk; see `failed`."""
        if self.failed is not None:
            return False
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((sequence, interaction, done))
        if self._flushing is None or self._flushing.done():
            # A task of its own: a client that goes away must not take the other clients' lines with it.
            self._flushing = asyncio.create_task(self._flush())
        return await done

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            # Both at once: what comes during the revision brings a revision of its own, which has to precede it.
            change, self._change = self._change, None
            batch, self._waiting = self._waiting, []
            if change is not None and self.failed is None:
                await self._revise(change)
            lines = [_line(number, one if change is None else change(one)) for number, one, _ in batch]
            await loop.run_in_executor(self._thread, self._write, lines)
            self._tell()
            for _, _, done in batch:
                if not done.done():
                    done.set_result(self.failed is None)
            if self._fsync == "batch" and (self._syncing is None or self._syncing.done()):
                self._syncing = asyncio.create_task(self._sync_soon())

    async def _sync_soon(self) -> None:
        await asyncio.sleep(_BATCH_SECONDS)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._sync)
        self._tell()

    def _tell(self) -> None:
        if self.failed is not None and not self._told:
            self._told = True
            self._on_failure(self.failed)

    def _sync(self) -> None:
        try:
            sync(self._file)
        except OSError as error:
            self.failed = error.strerror or "the disk failed"

    async def _revise(self, change: Change) -> None:
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
        lines: list[bytes] = []
        for number, (sequence, interaction) in enumerate(read_journal(self.path)):
            if self.failed is not None:
                return  # The old file, which is whole, stays where a rescue looks for it.
            lines.append(_line(sequence, change(interaction)))
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            if len(lines) == _REWRITTEN:
                await loop.run_in_executor(self._thread, self._write, lines)
                lines = []
        await loop.run_in_executor(self._thread, self._end_anew, fresh, lines)

    def _begin_anew(self) -> Path:
        fresh = self.path.with_name(self.path.name + ".tmp")
        flags = os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            old, self._file = self._file, os.open(fresh, flags, 0o600)
            os.close(old)
        except OSError as error:
            self.failed = error.strerror or "the disk failed"
        return fresh

    def _end_anew(self, fresh: Path, lines: list[bytes]) -> None:
        self._write(lines)
        self._sync()
        if self.failed is not None:
            return
        try:
            os.replace(fresh, self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            self.failed = error.strerror or "the disk failed"

    def _write(self, lines: list[bytes]) -> None:
        data = memoryview(b"".join(lines))
        try:
            while data:
                data = data[os.write(self._file, data) :]
            if self._fsync == "always":
                sync(self._file)
            if os.fstat(self._file).st_nlink == 0:
                # Writing to a file without a name goes well for ever, and all of it is gone with the process.
                self.failed = "the journal was deleted"
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


def _line(sequence: int, interaction: Interaction) -> bytes:
    # By hand, around the encoder of strings that `json` uses: most header fields have been encoded before, and making
    # dicts and lists for it took longer than all the encoding.
    request, response = interaction.request, interaction.response
    line = (
        f'{{"sequence":{sequence},"method":{_quoted(request.method)},"url":{_quoted(request.url)},'
        f'"request":[[{_fields(request.headers)}],{_packed(request.body)}],'
        f'"status":{response.status},"reason":{_quoted(response.reason)},'
        f'"response":[[{_fields(response.headers)}],{_packed(response.body)}]}}\n'
    )
    return line.encode("ascii")


def _fields(headers: Headers) -> str:
    return ",".join([_field(*pair) for pair in headers])


@lru_cache(1024)
def _field(name: str, value: str) -> str:
    return f"[{_quoted(name)},{_quoted(value)}]"


def _packed(body: bytes) -> str:
    try:
        return _quoted(body.decode("utf-8"))
    except UnicodeDecodeError:
        return f'{{"base64":"{b64encode(body).decode("ascii")}"}}'


def _unpack(body: str | dict[str, str]) -> bytes:
    return body.encode("utf-8") if isinstance(body, str) else b64decode(body["base64"])


class JournalReader:
    """What a journal holds, one interaction at a time. To be closed.

    Its iterator gives (sequence, interaction) in the file's order; after that, each can be had again by its sequence.
    A last line that was cut short by a crash is left out.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._file = path.open("rb")
        self._starts: dict[int, int] = {}

    def __iter__(self) -> Iterator[tuple[int, RedactedInteraction]]:
        start = 0
        self._file.seek(0)
        for line in self._file:
            if not line.endswith(b"\n"):
                return
            try:
                sequence, interaction = _parse(line)
            except (ValueError, KeyError, TypeError, AttributeError):
                # Half a block after a power loss: nothing behind it was acknowledged by an fsync.
                return
            self._starts[sequence] = start
            start += len(line)
            yield sequence, interaction

    def __getitem__(self, sequence: int) -> RedactedInteraction:
        self._file.seek(self._starts[sequence])
        return _parse(self._file.readline())[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def read_journal(path: Path) -> Iterator[tuple[int, RedactedInteraction]]:
    """What a journal holds, as (sequence, interaction); a last line that was cut short by a crash is left out."""
    with JournalReader(path) as journal:
        yield from journal


def _parse(line: bytes) -> tuple[int, RedactedInteraction]:
    record = json.loads(line)
    sent, received = record["request"], record["response"]
    request = Request(record["method"], record["url"], _headers(sent[0]), _unpack(sent[1]))
    response = Response(record["status"], _headers(received[0]), _unpack(received[1]), record["reason"])
    # Only redacted interactions are ever written, so only such can be read.
    return int(record["sequence"]), RedactedInteraction(Interaction(request, response))


def _headers(pairs: list[list[str]]) -> Headers:
    return Headers((name, value) for name, value in pairs)
