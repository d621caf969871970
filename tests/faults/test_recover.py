"""`fcproxy recover`: what killed recordings left becomes cassettes, and nothing else is touched."""

import signal
from pathlib import Path
from secrets import randbelow, token_hex

import pytest

from fcproxy.server.store import journal_path
from tests.faults.processes import create, ended, served, stored
from tests.server.harness import KEY, speak

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


RULES = """
[redact]
rules = [
  { id = "loyalty", field = "loyalty_number" },
  { id = "gate", header = "X-Gate-Token" },
  { id = "ticket", pattern = "TCK-[0-9]{6}" },
]
"""


@pytest.mark.parametrize("by", ["the next start", "recover"])
async def test_what_the_users_own_rules_redact_is_in_no_file(by: str, tmp_path: Path) -> None:
    (tmp_path / "fcproxy.toml").write_text(RULES)
    cassette = tmp_path / "cassettes" / "c.yaml"
    number, copy, gate, ticket = token_hex(8), token_hex(8), token_hex(9), f"TCK-{randbelow(10**6):06d}"
    body = f"description=see+{ticket}+and+{number}&metadata[loyalty_number]={number}&metadata[loyaltyNumber]={copy}"
    async with served("record", cassette, cwd=tmp_path) as proxy:
        head = f"POST /v1/customers HTTP/1.1\r\nHost: p\r\nAuthorization: Bearer {KEY}\r\nX-Gate-Token: {gate}\r\n"
        form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        assert (await speak(proxy.url, (head + form).encode())).status == 200
        await proxy.end(signal.SIGKILL)
    if by == "recover":
        assert (await ended("recover", "cassettes", cwd=tmp_path)).code == 0
    else:
        async with served("record", cassette, cwd=tmp_path) as proxy:
            assert await proxy.end() == 0
    written = [path.read_text() for path in cassette.parent.rglob("*") if path.is_file()]
    assert any("see " in text or "see+" in text for text in written)
    for secret in (number, copy, gate, ticket):
        assert not any(secret in text for text in written)


async def test_not_while_the_recording_goes_on(tmp_path: Path) -> None:
    cassette = tmp_path / "c.yaml"
    async with served("record", cassette) as proxy:
        assert await create(proxy.url, 1)
        done = await ended("recover", str(tmp_path), cwd=tmp_path)
        assert done.code == 3
        assert f"pid {proxy.process.pid})" in done.err
        assert await proxy.end() == 0
    assert stored(cassette) == [1]


async def test_one_that_cannot_be_rescued_keeps_no_other_from_it(tmp_path: Path) -> None:
    held, other = tmp_path / "a.yaml", tmp_path / "b.yaml"
    await killed(other, 1, 2)
    async with served("record", held) as proxy:
        done = await ended("recover", str(tmp_path), cwd=tmp_path)
        assert done.code == 3
        assert f"pid {proxy.process.pid})" in done.err
        assert "b.rescued-1.yaml" in done.out
        assert await proxy.end() == 0
    assert stored(tmp_path / "b.rescued-1.yaml") == [1, 2]


async def test_what_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    done = await ended("recover", str(tmp_path / "none.yaml"), cwd=tmp_path)
    assert done.code == 2
    assert "none.yaml" in done.err
