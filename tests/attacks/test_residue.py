"""A real `fcproxy record` process between a hostile client and a hostile upstream: nothing secret in what it leaves.

Looked at: every file below its folder (cassette, journal, lock, temporary files, stderr), its output, and all of that
again after it was killed half-way.
"""

import json
import random
import signal
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcproxy.core.modes import Mode
from tests.attacks.disguises import DISGUISES, TEXT_ONLY
from tests.attacks.hunt import rng_for
from tests.attacks.prey import letters
from tests.attacks.upstream import Exchange, Upstream, ask
from tests.cli.processes import Served, rig
from tests.server.harness import passage, speak

ONE_LINE = [name for name in DISGUISES if name not in TEXT_ONLY]


def left_behind(folder: Path, served: Served) -> str:
    """Everything that the process wrote, as one text."""
    files = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    return "\n".join([served.ready, served.output, *(data.decode("utf-8", "replace") for data in files)])


def pieces(secret: str, size: int = 10) -> Iterator[str]:
    return (secret[at : at + size] for at in range(len(secret) - size + 1))


def assert_gone(secret: str, text: str) -> None:
    assert [piece for piece in pieces(secret) if piece in text] == []


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


def hostile(rng: random.Random, secret: str, disguises: list[str]) -> list[Exchange]:
    """The secret, first disguised in places that tell nothing of it, then where it is known to be one."""
    written = [DISGUISES[name](secret) for name in disguises]
    odd = {f"note_{number}": text for number, text in enumerate(written)}
    key = "sk_" + "test_" + letters(rng, 24)
    return [
        Exchange("/v1/things/x?note=1", answer=json.dumps(odd)),
        Exchange("/v1/things/y", answer=f"<p>{written[0]}</p>", media="text/html", status=404),
        Exchange("/v1/things/z", body=json.dumps(odd), answer="\n".join(written), media="text/plain"),
        Exchange("/v1/session", key=key, answer=json.dumps({"access_token": secret})),
        Exchange("/v1/things/x?note=2", key=key, answer=json.dumps({"error": {"message": f"No such {key}", **odd}})),
    ]


def drive(url: str, upstream: Upstream, exchanges: list[Exchange]) -> None:
    for exchange in exchanges:
        upstream.next = exchange
        assert ask(url, exchange) == exchange.answer.encode()


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    seed=st.integers(0, 2**32),
    disguises=st.lists(st.sampled_from(ONE_LINE), min_size=2, max_size=6, unique=True),
)
def test_no_secret_survives_in_anything_that_was_written(
    tmp_path_factory: pytest.TempPathFactory, upstream: Upstream, seed: int, disguises: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("record")
    rng = random.Random(seed)
    secret = letters(rng, 32)
    exchanges = hostile(rng, secret, disguises)
    with rig(folder, "--upstream", upstream.url, "-v") as served:
        drive(served.url, upstream, exchanges)
        assert served.stop() == 0, served.errors
        text = left_behind(folder, served)
    assert (folder / "c.yaml").exists()
    assert_gone(secret, text)
    assert_gone(exchanges[3].key, text.replace("sk_test_", ""))


@pytest.mark.parametrize("disguise", ["plain", "base64", "percent twice", "base64 of gzip", "backslash u"])
def test_nor_when_it_is_killed(tmp_path: Path, upstream: Upstream, disguise: str) -> None:
    rng = rng_for("killed", disguise)
    secret = letters(rng, 32)
    exchanges = hostile(rng, secret, [disguise, "in a sentence"])
    with rig(tmp_path, "--upstream", upstream.url, "-v") as served:
        drive(served.url, upstream, exchanges)
        served.stop(signal.SIGKILL)
        text = left_behind(tmp_path, served)
    assert "note_0" in text
    assert_gone(secret, text)


@pytest.mark.parametrize("step", [1, 7])
def test_nor_when_it_comes_in_chunks(tmp_path: Path, upstream: Upstream, step: int) -> None:
    rng = rng_for("chunks", str(step))
    secret = letters(rng, 32)
    noted = json.dumps({"note": f"see {secret} there", "client_secret": f"fcsess_client_{'secret_'}{letters(rng, 24)}"})
    exchanges = [
        Exchange("/v1/a", answer=noted, step=step),
        Exchange("/v1/b", body=noted, answer=f"{noted}\n{noted}\n", media="application/x-ndjson", step=step),
        Exchange("/v1/c", answer=f"event: x\ndata: {noted}\n\n", media="text/event-stream", step=step),
        Exchange("/v1/d", answer=f"<p>{secret}</p>", media="text/html", step=step),
        Exchange("/v1/session", answer=json.dumps({"access_token": secret}), step=step),
    ]
    with rig(tmp_path, "--upstream", upstream.url, "-v") as served:
        drive(served.url, upstream, exchanges)
        assert served.stop() == 0, served.errors
        text = left_behind(tmp_path, served)
    assert "/v1/session" in (tmp_path / "c.yaml").read_text()
    assert_gone(secret, text)
    assert_gone(json.loads(noted)["client_secret"][21:], text)


async def test_the_journal_is_revised_as_soon_as_a_secret_is_recognised(tmp_path: Path) -> None:
    secret = letters(rng_for("journal"), 30)
    answers = iter([json.dumps({"note": f"see {secret}"}), "{}", json.dumps({"access_token": secret})])

    async def answer(_raw: bytes, _reader: StreamReader, writer: StreamWriter) -> None:
        body = next(answers).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        writer.write(head + body)
        await writer.drain()

    journal = tmp_path / "c.yaml.journal"
    async with passage(answer, Mode.RECORD, tmp_path) as (_up, app):
        request = b"GET /v1/x HTTP/1.1\r\nHost: p\r\n\r\n"
        await speak(app.url, request)
        await speak(app.url, request)
        before = journal.read_text()
        await speak(app.url, request)
        after = journal.read_text()
        assert journal.stat().st_mode & 0o777 == 0o600
    assert secret in before
    assert secret not in after
    assert after.count('"sequence":') == before.count('"sequence":') + 1
    cassette = (tmp_path / "c.yaml").read_text()
    assert secret not in cassette
    assert cassette.count("REDACTED~1") == 2
