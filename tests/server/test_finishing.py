"""A recording is written part by part: the same bytes as all at once, judged before they are written."""

import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from fcproxy.codings import DECODERS
from fcproxy.core.deck import Deck, Options
from fcproxy.core.errors import CassetteUnreadable, RecordingRefused
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.server import finishing
from fcproxy.server.check import audit_check
from fcproxy.server.finishing import Finished, judged
from fcproxy.server.journal import Journal, JournalReader
from fcproxy.server.provenance import provenance_of
from fcproxy.server.recording import Recording
from fcproxy.server.store import load
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import default_redactor
from fcproxy.vcr_format import parse, render
from tests.server.harness import no_check

PADDING = "lorem ipsum " * 400
JSON = Headers([("Content-Type", "application/json"), ("Stripe-Version", "2026-10-28.endive")])


def deck_for(name: str = "c.yaml") -> Deck:
    return stripe_deck(Mode.RECORD, default_redactor(DECODERS), None, cassette=name, options=Options())


def session(number: int) -> Interaction:
    """With a secret of its own, so that every one takes a number."""
    drawn = random.Random(number).randbytes(12).hex()
    body = f'{{"id": "fcsess_1{drawn}", "client_secret": "fcsess_client_secret_{drawn}", "note": "{PADDING} {number}"}}'
    request = Request("POST", f"https://api.stripe.com/v1/x/{number}", Headers([("Idempotency-Key", drawn)]))
    return Interaction(request, Response(200, JSON, body.encode(), "OK"))


async def journalled(path: Path, deck: Deck, order: list[int]) -> Path:
    journal = Journal(path, "never")
    for number in order:
        assert await journal.append(number, deck.redactor.redact(session(number)))
    await journal.close()
    return path


async def test_parts_make_the_same_file_as_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "_PART", 30_000)
    order = random.Random(1).sample(range(60), 60)
    deck = deck_for()
    path = await journalled(tmp_path / "j", deck, order)
    parts: list[bytes] = []
    with JournalReader(path) as journal:
        finished = Finished(deck, journal)
        provenance = provenance_of(finished.versions, deck.redactor, None)
        data = b"".join(judged(finished, provenance, parts.append))
    other = deck_for()
    done = {number: other.redactor.redact(session(number)) for number in order}
    wanted = other.redactor.settle([done[number] for number in sorted(done)])
    assert data == render(wanted, provenance)
    assert len(parts) > 5
    assert [one for part in parts for one in parse(part, "part").interactions] == wanted
    assert provenance.stripe_versions == ("2026-10-28.endive",)


async def test_no_part_is_given_out_before_it_was_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "_PART", 30_000)
    deck = deck_for()
    path = await journalled(tmp_path / "j", deck, list(range(40)))
    seen: list[bytes] = []
    with JournalReader(path) as journal:
        finished = Finished(deck, journal)
        for piece in judged(finished, provenance_of((), deck.redactor, None), seen.append):
            assert any(piece in part for part in seen)


async def test_what_the_audit_finds_late_leaves_the_old_cassette(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finishing, "_PART", 30_000)
    path = tmp_path / "c.yaml"
    path.write_bytes(render([]))
    secret = "sk_" + "test_" + random.Random(7).randbytes(15).hex()
    deck = deck_for(str(path))
    recording = Recording(path, deck, audit_check, fsync="never")
    for number in range(40):
        assert await recording.append(number, deck.redactor.redact(session(number)), None)
    # As a redactor that is blind would have it.
    request = Request("GET", f"https://api.stripe.com/v1/x?note={secret}", Headers())
    assert await recording.append(40, _unredacted(Interaction(request, Response(200, JSON, b"{}"))), None)
    with pytest.raises(RecordingRefused, match="interaction 40, request"):
        await recording.commit()
    assert path.read_bytes() == render([])
    assert [each.name for each in tmp_path.iterdir()] == ["c.yaml"]


def _unredacted(interaction: Interaction) -> RedactedInteraction:
    return RedactedInteraction(interaction)


async def test_a_failed_attempt_that_was_tried_again_is_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    deck = deck_for(str(path))
    recording = Recording(path, deck, no_check, fsync="never")
    for number, status in enumerate((500, 200)):
        request = Request("POST", "https://api.stripe.com/v1/x", Headers([("Idempotency-Key", "same")]))
        one = deck.redactor.redact(Interaction(request, Response(status, JSON, b"{}")))
        assert await recording.append(number, one, None)
    assert await recording.commit() == 1
    assert [one.response.status for one in parse(path.read_bytes(), "c").interactions] == [200]


async def test_memory_does_not_grow_with_the_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "_PART", 20_000)

    async def peak(name: str, count: int) -> int:
        deck = deck_for()
        path = await journalled(tmp_path / name, deck, list(range(count)))
        tracemalloc.start()
        try:
            with JournalReader(path) as journal:
                finished = Finished(deck, journal)
                _through(judged(finished, provenance_of((), deck.redactor, None), lambda _: None))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    short, long = await peak("short", 100), await peak("long", 500)
    # Four hundred interactions of some 5,000 octets each cost what is remembered of their secrets' numbers.
    assert long - short < 500_000


def _through(pieces: Iterator[bytes]) -> None:
    for _ in pieces:
        pass


async def test_a_cassette_too_large_to_be_played_is_told_and_can_be_played_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    deck = deck_for(str(path))
    told: list[tuple[str, str]] = []
    recording = Recording(path, deck, no_check, fsync="never", tell=lambda *said: told.append(said), playable=1 << 20)
    for number in range(260):
        assert await recording.append(number, deck.redactor.redact(session(number)), None)
    assert await recording.commit() == 260
    assert told == [(f"{path}: 2 MiB: to be played it needs --max-cassette 2", "warning")]
    assert "2 MiB: to be played it needs --max-cassette 2" in deck.verdict().text()
    with pytest.raises(CassetteUnreadable, match="larger than 1 MiB; serve it with a higher --max-cassette"):
        load(path, 1 << 20)
    found = load(path, 2 << 20)
    assert found is not None
    assert len(found.interactions) == 260
