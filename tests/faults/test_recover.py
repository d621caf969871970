"""`fcproxy recover`: what killed recordings left becomes cassettes, and nothing else is touched."""

import signal
from pathlib import Path

from fcproxy.server.store import journal_path
from tests.faults.processes import create, ended, served, stored

OLD = b"interactions: []\nversion: 1\n"


async def killed(cassette: Path, *numbers: int) -> None:
    """A recording that is killed after it has acknowledged ``numbers``."""
    async with served("record", cassette) as proxy:
        for number in numbers:
            assert await create(proxy.url, number)
        await proxy.end(signal.SIGKILL)


async def test_a_folder_a_cassette_and_what_was_there_before(tmp_path: Path) -> None:
    cassette = tmp_path / "a" / "c.yaml"
    cassette.parent.mkdir()
    cassette.write_bytes(OLD)
    (tmp_path / "a" / "c.rescued-1.yaml").write_bytes(b"older")
    await killed(cassette, 1, 2, 3)
    journal = journal_path(cassette)
    journal.write_bytes(journal.read_bytes() + b'{"sequence": 4, "met')

    done = await ended("recover", str(tmp_path), cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert str(cassette.with_name("c.rescued-2.yaml")) in done.out
    assert stored(cassette.with_name("c.rescued-2.yaml")) == [1, 2, 3]
    assert cassette.read_bytes() == OLD
    assert (tmp_path / "a" / "c.rescued-1.yaml").read_bytes() == b"older"
    assert not journal.exists()

    again = await ended("recover", str(cassette), cwd=tmp_path)
    assert again.code == 0
    assert "nothing to recover" in again.out


async def test_not_while_the_recording_goes_on(tmp_path: Path) -> None:
    cassette = tmp_path / "c.yaml"
    async with served("record", cassette) as proxy:
        assert await create(proxy.url, 1)
        done = await ended("recover", str(tmp_path), cwd=tmp_path)
        assert done.code == 3
        assert f"pid {proxy.process.pid})" in done.err
        assert await proxy.end() == 0
    assert stored(cassette) == [1]


async def test_what_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    done = await ended("recover", str(tmp_path / "none.yaml"), cwd=tmp_path)
    assert done.code == 2
    assert "none.yaml" in done.err
