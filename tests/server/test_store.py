"""Files: locked, durable, replaced whole or not at all."""

import asyncio
import fcntl
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcproxy.core.errors import CannotStart, CassetteUnreadable
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.server.entry import entry, read_entry
from fcproxy.server.journal import Change, Journal, read_journal
from fcproxy.server.rescue import rescue
from fcproxy.server.store import Lock, journal_path, load, replace_file, sweep
from tests.server.harness import no_check


def interaction(number: int, body: bytes = b"ok") -> RedactedInteraction:
    request = Request("GET", f"https://api.stripe.com/v1/x/{number}", Headers([("A", "1"), ("a", "caf\udce9")]))
    return RedactedInteraction(Interaction(request, Response(200, Headers([("B", "2")]), body, "OK")))


WORDS = st.text(alphabet='a"\\/\n\x00\x7f\xe9\ue000\udce9\U0001f600', max_size=6)
PAIRS = st.lists(st.tuples(WORDS, WORDS), max_size=3)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 99), WORDS, WORDS, PAIRS, PAIRS, st.binary(max_size=8), WORDS)
def test_an_entry_is_read_as_what_it_was_made_of(
    sequence: int, method: str, url: str, sent: list[Any], received: list[Any], binary: bytes, text: str
) -> None:
    body = text.encode("utf-8", "replace")
    done = Interaction(Request(method, url, Headers(sent), binary), Response(201, Headers(received), body, text))
    data = entry(sequence, done)
    head, _, bodies = data.partition(b"\n")
    assert bodies == binary + body + b"\n"
    record = json.loads(head)
    assert [*record] == ["sequence", "method", "url", "request", "status", "reason", "response", "crc32"]
    assert record["response"] == [[list(pair) for pair in received], len(body)]
    assert read_entry(BytesIO(data), len(data)) == (sequence, done)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40), st.data())
def test_an_entry_that_was_changed_is_none(body: bytes, data: st.DataObject) -> None:
    headers = Headers([("A", "b")])
    whole = entry(7, Interaction(Request("GET", "https://a/b", headers, body), Response(200, headers, body, "OK")))
    at = data.draw(st.integers(0, len(whole) - 1))
    octet = data.draw(st.integers(0, 255).filter(lambda octet: octet != whole[at]))
    damaged = whole[:at] + bytes([octet]) + whole[at + 1 :]
    assert read_entry(BytesIO(damaged), len(damaged)) is None


@pytest.mark.parametrize("length", ["-1", "9" * 30, "1e3", "true", '"1"', "[1]"])
def test_an_entry_with_a_length_that_is_none_is_none(length: str) -> None:
    head = f'{{"sequence":1,"method":"GET","url":"u","request":[[],{length}],"status":200,"reason":"","response":[[],0]'
    data = head.encode() + b',"crc32":%d}\n\n' % crc32(head.encode())
    assert read_entry(BytesIO(data), len(data)) is None


async def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    wanted = [(n, interaction(n, body)) for n, body in enumerate([b"", b"text \xc3\xa9\n", bytes(range(256))])]
    assert all([await journal.append(*item) for item in wanted])
    assert list(read_journal(journal.path)) == wanted
    await journal.close()
    assert stat.S_IMODE((tmp_path / "j").stat().st_mode) == 0o600


async def test_many_at_once_are_all_there(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    assert all(await asyncio.gather(*(journal.append(n, interaction(n)) for n in range(200))))
    await journal.close()
    assert sorted(n for n, _ in read_journal(journal.path)) == list(range(200))


async def test_a_write_waits_a_little_for_most_of_those_who_are_to_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    journal = Journal(tmp_path / "j")
    real = journal._write

    def counted(data: bytes) -> None:
        written.append(data.count(b'{"sequence"'))
        real(data)

    monkeypatch.setattr(journal, "_write", counted)
    monkeypatch.setattr("fcproxy.server.journal._GATHER_SECONDS", 60)
    journal.under_way = 4

    async def late(number: int) -> bool:
        for _ in range(3 * number):
            await asyncio.sleep(0)
        return await journal.append(number, interaction(number))

    assert all(await asyncio.gather(*(late(number) for number in range(3))))
    journal.under_way = 1
    assert await journal.append(9, interaction(9))  # who is alone waits for nobody
    assert written == [3, 1]
    journal.under_way = 6
    monkeypatch.setattr("fcproxy.server.journal._GATHER_SECONDS", 0.001)
    assert await journal.append(10, interaction(10))  # nor for ever
    await journal.close()


@pytest.mark.parametrize(("fsync", "durable"), [("always", True), ("batch", False), ("never", False)])
@pytest.mark.skipif(not hasattr(os, "O_DSYNC"), reason="written and then forced to the disk here")
async def test_each_write_is_durable_by_itself_where_that_is_asked_for(
    fsync: str, durable: bool, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "j", fsync)
    for number in range(2):
        assert bool(fcntl.fcntl(journal.fileno(), fcntl.F_GETFL) & os.O_DSYNC) is durable
        journal.revise(without(b"ok"))  # makes another file
        assert await journal.append(number, interaction(number))
    await journal.close()


async def test_a_line_cut_short_takes_none_of_the_others_with_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    await journal.append(0, interaction(0))
    whole = (tmp_path / "j").read_bytes()
    await journal.append(1, interaction(1))
    await journal.close()
    data = (tmp_path / "j").read_bytes()
    for cut in range(len(whole), len(data)):
        (tmp_path / "cut").write_bytes(data[:cut])
        assert list(read_journal(tmp_path / "cut")) == [(0, interaction(0))]


async def test_an_existing_journal_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b"precious")
    with pytest.raises(CannotStart, match="journal"):
        Journal(tmp_path / "j")
    assert (tmp_path / "j").read_bytes() == b"precious"


async def test_a_disk_that_fails_is_told_and_does_not_raise(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    full = os.open("/dev/full", os.O_WRONLY | os.O_CLOEXEC)
    os.dup2(full, journal.fileno(), inheritable=False)
    os.close(full)
    assert not await journal.append(0, interaction(0))
    assert journal.failed == "No space left on device"
    assert not await journal.append(1, interaction(1))
    await journal.close()


def test_a_left_over_journal_becomes_a_cassette_of_its_own(tmp_path: Path) -> None:
    cassette = tmp_path / "c.yaml"
    cassette.write_text("the old one")

    async def record() -> None:
        journal = Journal(journal_path(cassette))
        await journal.append(1, interaction(1))
        await journal.append(0, interaction(0))
        await journal.close()

    asyncio.run(record())
    made = rescue(cassette, no_check)
    assert made == tmp_path / "c.rescued-1.yaml"
    parsed = load(made)
    assert parsed is not None
    assert [i.request.url[-1] for i in parsed.interactions] == ["0", "1"]
    assert cassette.read_text() == "the old one"
    assert not journal_path(cassette).exists()
    assert rescue(cassette, no_check) is None


def test_a_journal_that_cannot_be_read_is_moved_aside(tmp_path: Path) -> None:
    journal_path(tmp_path / "c.yaml").write_bytes(b"not ours\n")
    assert rescue(tmp_path / "c.yaml", no_check) is None
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"not ours\n"]


def test_a_pipe_in_the_journals_place_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(journal_path(tmp_path / "c.yaml"))
    with pytest.raises(CannotStart, match=r"c\.yaml\.journal: .*no regular file"):
        rescue(tmp_path / "c.yaml", no_check)
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml.journal"]


def without(secret: bytes) -> Change:
    def change(one: RedactedInteraction) -> RedactedInteraction:
        response = one.response._replace(body=one.response.body.replace(secret, b"gone"))
        return RedactedInteraction(Interaction(one.request, response))

    return change


async def test_a_revision_reaches_what_still_waits_to_be_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    first = asyncio.create_task(journal.append(0, interaction(0, b"one word")))
    while journal._waiting or journal._flushing is None:
        await asyncio.sleep(0)
    # The disk is busy with the first. What comes now was redacted before the word was known for a secret.
    second = asyncio.create_task(journal.append(1, interaction(1, b"that word")))
    await asyncio.sleep(0)
    journal.revise(without(b"word"))
    assert await journal.append(2, interaction(2, b"it was secret"))
    assert await first
    assert await second
    assert b"word" not in (tmp_path / "j").read_bytes()
    assert [number for number, _ in read_journal(tmp_path / "j")] == [0, 1, 2]
    await journal.close()


async def test_what_brings_a_revision_during_another_waits_for_its_own(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    assert await journal.append(0, interaction(0, b"word and sign"))
    came: list[asyncio.Task[bool]] = []

    def change(one: RedactedInteraction) -> RedactedInteraction:
        if not came:
            journal.revise(without(b"sign"))
            came.append(asyncio.create_task(journal.append(2, interaction(2, b"another"))))
        return without(b"word")(one)

    journal.revise(change)
    assert await journal.append(1, interaction(1, b"one"))
    assert await came[0]
    written = (tmp_path / "j").read_bytes()
    assert b"word" not in written
    assert b"sign" not in written
    await journal.close()


async def test_what_waits_behind_a_revision_is_reached_by_the_next(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    assert await journal.append(0, interaction(0, b"word"))
    later: list[asyncio.Task[None]] = []

    async def meanwhile() -> None:
        # Redacted before the sign was known for a secret, and not yet written when it is.
        waiting = asyncio.create_task(journal.append(2, interaction(2, b"a sign")))
        await asyncio.sleep(0)
        journal.revise(without(b"sign"))
        assert await journal.append(3, interaction(3, b"another"))
        assert await waiting

    def change(one: RedactedInteraction) -> RedactedInteraction:
        if not later:
            later.append(asyncio.create_task(meanwhile()))
        return without(b"word")(one)

    journal.revise(change)
    assert await journal.append(1, interaction(1, b"one"))
    await later[0]
    assert b"sign" not in (tmp_path / "j").read_bytes()
    await journal.close()


@pytest.mark.timeout(20)
async def test_a_journal_that_is_gone_when_it_is_to_be_revised_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    journal = Journal(tmp_path / "j", on_failure=told.append)
    assert await journal.append(0, interaction(0, b"word"))
    (tmp_path / "j").unlink()
    journal.revise(without(b"word"))
    assert not await journal.append(1, interaction(1, b"it was secret"))
    assert told == [journal.failed]
    await journal.close()


def test_replacing_keeps_permissions_and_links(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    replace_file(real, [b"one"])
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    real.chmod(0o644)
    link.symlink_to(real)
    replace_file(link, [b"two", b"!"])
    assert link.is_symlink()
    assert real.read_bytes() == b"two!"
    assert stat.S_IMODE(real.stat().st_mode) == 0o644
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.yaml", "real.yaml"]


def test_a_replacement_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        replace_file(path, [b"new", None])  # type: ignore[list-item]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_second_process_is_refused_with_the_holders_pid(tmp_path: Path) -> None:
    cassette = tmp_path / "c.yaml"
    code = (
        "import sys; from pathlib import Path; from fcproxy.server.store import Lock\n"
        "lock = Lock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(cassette)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(CannotStart, match=rf"pid {holder.pid}\b"):
            Lock(cassette)
        holder.kill()
        holder.wait()
        Lock(cassette).release()
    assert list(tmp_path.iterdir()) == []


def _hard_link(path: Path) -> None:
    (path.parent / "mine").write_text("12")
    path.hardlink_to(path.parent / "mine")


def _text(path: Path) -> None:
    path.write_text("[[package]]\n")


@pytest.mark.parametrize("make", [_hard_link, _text, os.mkfifo, Path.mkdir])
def test_what_is_no_lock_is_neither_written_over_nor_removed(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "c.yaml.lock")
    before = {path: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(CannotStart, match=r"c\.yaml"):
        Lock(tmp_path / "c.yaml")
    assert {path: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_lock_of_a_process_that_was_killed_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "c.yaml.lock").write_text("12345")
    Lock(tmp_path / "c.yaml").release()
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_a_cassette_is_the_same_cassette(tmp_path: Path) -> None:
    link, cassette = tmp_path / "link.yaml", tmp_path / "c.yaml"
    link.symlink_to("c.yaml")
    lock = Lock(cassette)
    with pytest.raises(CannotStart, match=str(os.getpid())):
        Lock(link)
    lock.release()
    Lock(link).release()
    assert [path.name for path in tmp_path.iterdir()] == ["link.yaml"]


def test_no_file_is_none_and_an_unreadable_one_says_so(tmp_path: Path) -> None:
    assert load(tmp_path / "none.yaml") is None
    with pytest.raises(CassetteUnreadable, match=tmp_path.name):
        load(tmp_path)


def test_what_a_killed_process_had_begun_to_write_is_removed(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    path = tmp_path / "c[1].yaml"
    left, own, other = (tmp_path / f"c[1].yaml.{name}.tmp" for name in (gone.pid, os.getpid(), "x"))
    for each in (left, own, other, path):
        each.write_bytes(b"x")
    sweep(path)
    assert sorted(tmp_path.iterdir()) == sorted([own, other, path])


def test_a_new_recording_sweeps_first(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = tmp_path / f"c.yaml.{gone.pid}.tmp"
    left.write_bytes(b"half")
    assert rescue(tmp_path / "c.yaml", no_check) is None
    assert not left.exists()
