"""Where cassettes are kept: read, lock, replace atomically. A cassette on disk is the old one or the new one, whole."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

from fcproxy.codings import DECODERS
from fcproxy.core.errors import CannotStart, CassetteUnreadable
from fcproxy.core.expression import expression
from fcproxy.vcr_format import ParsedCassette, parse_text
from fcproxy.vcr_format.document import MAX_BYTES, decode, too_large

__all__ = ["Lock", "exists", "journal_path", "load", "open_file", "read_file", "replace_file", "sweep", "sync_folder"]


def load(path: Path, most: int = MAX_BYTES) -> ParsedCassette | None:
    """The cassette at ``path``, or None if there is no such file. Raises CassetteUnreadable. ``most``: octets."""
    text = _text(path, most)
    return None if text is None else parse_text(text, str(path), decoders=DECODERS)


def _text(path: Path, most: int) -> str | None:
    # A function of its own: the file's bytes are gone before its text is read, so a large one is held once.
    try:
        data = read_file(path, most)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CassetteUnreadable(str(path), f"cannot be read: {error.strerror}") from None
    return decode(data, str(path), most)


def read_file(path: Path, most: int = MAX_BYTES) -> bytes:
    """The bytes of a file. Raises OSError, and CassetteUnreadable for what is too large."""
    with open_file(path) as file:
        # Asked before reading: half a gigabyte is refused without being held.
        if os.fstat(file.fileno()).st_size > most:
            raise too_large(str(path), most)
        return file.read()


def open_file(path: Path) -> BufferedReader:
    """A file, to be read. Raises OSError, also for what is no regular file."""
    # Not blocking: to open a pipe waits for who writes into it, and a device may never end.
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, "no regular file")
    return open(file, "rb")


def exists(path: Path) -> bool:
    """Whether there is a cassette at ``path``."""
    return path.exists()


def journal_path(cassette: Path) -> Path:
    """The journal of a cassette, in its own folder."""
    return cassette.with_name(cassette.name + ".journal")


class Lock:
    """Keeps a second process from recording into the same cassette. Falls with its process, however that ends."""

    def __init__(self, cassette: Path) -> None:
        """Takes the lock. Raises CannotStart, naming the process that holds it."""
        # By whichever links it is reached, it is one file that is replaced in the end.
        target = Path(os.path.realpath(cassette))
        self._path = target.with_name(target.name + ".lock")
        while True:
            try:
                self._file = os.open(self._path, _LOCK_FLAGS, 0o600)
            except OSError as error:
                raise CannotStart(f"{cassette}: cannot be written there: {error.strerror}") from None
            if self._take(cassette):
                return

    def _take(self, cassette: Path) -> bool:
        if not _is_lock(self._file):
            os.close(self._file)
            # It would be written over, by whatever other name it is known.
            raise CannotStart(f"{self._path}: stands where the lock belongs, and is none of ours: move it away")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._file, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise CannotStart(f"{cassette}: is being recorded by another process (pid {holder})") from None
        # The last holder may have removed the file between our open and our lock: then this lock guards nothing.
        with suppress(FileNotFoundError):
            if os.stat(self._path).st_ino == os.fstat(self._file).st_ino:
                os.truncate(self._file, 0)
                os.write(self._file, str(os.getpid()).encode())
                return True
        os.close(self._file)
        return False

    def release(self) -> None:
        """Removes the lock file, then lets go."""
        with suppress(OSError):
            self._path.unlink()
        os.close(self._file)


_LOCK_FLAGS = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_PROCESS = expression(rb"\d{0,20}")


def _is_lock(file: int) -> bool:
    about = os.fstat(file)
    return stat.S_ISREG(about.st_mode) and about.st_nlink <= 1 and _PROCESS.fullmatch(os.pread(file, 32, 0)) is not None


def replace_file(path: Path, pieces: Iterable[bytes]) -> None:
    """Writes a file beside ``path``, to the disk, then puts it in the place of ``path``. Raises OSError.

    A new file is 0600; one that replaces another keeps that one's permissions. A symbolic link stays one.
    """
    target = Path(os.path.realpath(path))
    fresh = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    file = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        with open(file, "wb") as stream:
            stream.writelines(pieces)
            stream.flush()
            with suppress(FileNotFoundError):
                os.fchmod(file, os.stat(target).st_mode & 0o777)
            os.fsync(file)
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sweep(path: Path) -> None:
    """Removes what processes that were killed had begun to write in the place of ``path``. Raises OSError."""
    import glob  # deferred: of use to recordings only

    target = Path(os.path.realpath(path))
    for left in target.parent.glob(f"{glob.escape(target.name)}.*.tmp"):
        number = _LEFT_OVER.search(left.name)
        if number and not _runs(int(number[1])):
            left.unlink(missing_ok=True)


_LEFT_OVER = expression(r"\.(\d{1,9})\.tmp\Z")


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def sync_folder(folder: Path) -> None:
    """Makes a rename in ``folder`` durable."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
