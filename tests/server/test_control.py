"""The control API: what it answers, and whom it answers."""

import json
from pathlib import Path

import pytest

from fcproxy import __version__
from fcproxy.config import Config
from fcproxy.core.errors import UsageError
from fcproxy.core.modes import Mode
from fcproxy.server.decks import safe_cassette
from tests.server.harness import Spoken, passage, proxy, speak

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
POST = b"POST /v1/customers HTTP/1.1\r\nHost: p\r\nContent-Length: 11\r\n\r\nname=Nobody"


async def ask(url: str, line: str, body: object = None, *, host: str = "127.0.0.1", **headers: str) -> Spoken:
    """One control request; JSON if it has a body."""
    raw = b"" if body is None else json.dumps(body).encode()
    fields = {"Host": host, **({} if body is None else {"Content-Type": "application/json"})}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    fields["Content-Length"] = str(len(raw))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return await speak(url, f"{line} HTTP/1.1\r\n{head}\r\n".encode() + raw)


async def test_health(tmp_path: Path) -> None:
    async with passage(OK, Mode.RECORD, tmp_path) as (up, app):
        got = await ask(app.url, "GET /_fcproxy/health")
        assert got.status == 200
        assert json.loads(got.body) == {
            "status": "ok",
            "mode": "record",
            "cassette": str(tmp_path / "c.yaml"),
            "upstream": up.url,
            "version": __version__,
            "recorded_at": None,
            "recording_stopped": None,
        }
    assert up.requests == []


@pytest.mark.parametrize(
    "target",
    [
        "/_fcproxy/nothing",
        "/%5ffcproxy/health",
        "//_fcproxy/health",
        "/./_fcproxy/health",
        "/_FCPROXY/health",
        "/_fcproxy",
    ],
)
async def test_nothing_that_looks_like_the_prefix_is_forwarded(target: str, tmp_path: Path) -> None:
    async with passage(OK, Mode.RECORD, tmp_path) as (up, app):
        assert (await ask(app.url, f"GET {target}")).status == 404
        assert app.decks.verdict().recorded == 0
    assert up.requests == []


@pytest.mark.parametrize(
    ("status", "line", "body", "headers"),
    [
        (403, "GET /_fcproxy/health", None, {"host": "evil.example"}),
        (403, "GET /_fcproxy/verdict", None, {"host": "127.0.0.1.evil.example:80"}),
        (403, "GET /_fcproxy/health", None, {"Origin": "https://evil.example"}),
        (403, "GET /_fcproxy/health", None, {"Origin": "null"}),
        (403, "GET /_fcproxy/health", None, {"Origin": "http://[::1"}),
        (415, "POST /_fcproxy/decks", {"cassette": "x"}, {"Content_Type": "text/plain"}),
        (415, "POST /_fcproxy/fake/reset", None, {}),
        (413, "POST /_fcproxy/decks", {"cassette": "x" * (1 << 20)}, {}),
        (405, "POST /_fcproxy/health", {}, {}),
        (404, "DELETE /_fcproxy/decks/none", None, {}),
        (400, "POST /_fcproxy/decks", [], {}),
        (400, "POST /_fcproxy/decks", {"casette": "x"}, {}),
        (400, "POST /_fcproxy/decks", {"cassette": "x", "mode": "rec"}, {}),
        (400, "POST /_fcproxy/decks", {"cassette": "../x", "mode": "replay"}, {}),
        (400, "POST /_fcproxy/decks", {"cassette": "x", "mode": "record", "upstream": "http://evil.example"}, {}),
        (400, "POST /_fcproxy/decks", {"cassette": "x", "mode": "record", "upstream": "https://evil.example"}, {}),
        (400, "POST /_fcproxy/decks", {"cassette": "x", "mode": "record", "upstream": "stripe"}, {}),
    ],
)
async def test_who_and_what_is_refused(
    status: int, line: str, body: object, headers: dict[str, str], tmp_path: Path
) -> None:
    async with proxy(Mode.REPLAY, Config(cassette=str(tmp_path / "c.yaml"))) as app:
        assert (await ask(app.url, line, body, **headers)).status == status
        assert len(app.decks.all()) == 1


@pytest.mark.parametrize("mode", [Mode.RECORD, Mode.REPLAY])
@pytest.mark.parametrize(
    "told",
    [
        b"Host: p\r\nOrigin: https://evil.example",
        b"Host: p\r\nOrigin: null",
        b"Host: p\r\nOrigin: http://[::1",
        b"Host: p\r\nOrigin: http://127.0.0.1\r\nOrigin: https://evil.example",
        b"Host: p\r\nSec-Fetch-Site: cross-site",
        b"Host: evil.example:12111",
    ],
)
async def test_a_web_page_neither_writes_a_recording_nor_uses_one_up(mode: Mode, told: bytes, tmp_path: Path) -> None:
    async with passage(OK, Mode.RECORD, tmp_path) as (_up, app):
        assert (await speak(app.url, POST)).status == 200
    async with passage(OK, mode, tmp_path) as (up, app):
        assert (await speak(app.url, POST.replace(b"Host: p", told))).status == 403
        verdict = app.decks.verdict()
        assert (verdict.played, verdict.missed, verdict.recorded, up.requests) == (0, 0, 0, [])
        assert (await speak(app.url, POST)).status == 200


@pytest.mark.parametrize("host", ["localhost", "localhost:12111", "127.0.0.1:80", "[::1]:80", "app.localhost"])
async def test_this_machines_names_are_good(host: str, tmp_path: Path) -> None:
    async with proxy(Mode.REPLAY, Config(cassette=str(tmp_path / "c.yaml"))) as app:
        assert (await ask(app.url, "GET /_fcproxy/health", host=host, Origin=f"http://{host}")).status == 200


async def test_decks_record_and_replay_apart_by_every_selector(tmp_path: Path) -> None:
    async with passage(OK, Mode.RECORD, tmp_path) as (_up, app):
        made = json.loads((await ask(app.url, "POST /_fcproxy/decks", {"cassette": "one", "mode": "record"})).body)
        base = made["base_url"].removeprefix(app.url).encode()
        assert (await speak(app.url, POST.replace(b"/v1", base + b"/v1"))).raw == OK
        by_header = POST.replace(b"Host", b"Fcproxy-Deck: " + made["id"].encode() + b"\r\nHost")
        assert (await speak(app.url, by_header)).raw == OK
        by_key = POST.replace(b"Host", b"Authorization: Bearer " + made["api_key"].encode() + b"\r\nHost")
        assert (await speak(app.url, by_key)).raw == OK
        ended = await ask(app.url, f"DELETE /_fcproxy/decks/{made['id']}")
        assert json.loads(ended.body)["recorded"] == 3
        assert (await speak(app.url, by_header)).status == 404
        assert (await ask(app.url, f"GET /_fcproxy/decks/{made['id']}")).status == 404
        assert app.decks.verdict().recorded == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.yaml"]
    stored = (tmp_path / "one.yaml").read_text()
    assert "_fcproxy" not in stored
    assert "Fcproxy-Deck" not in stored


async def test_a_deck_can_be_dropped(tmp_path: Path) -> None:
    async with passage(OK, Mode.REPLAY, tmp_path) as (up, app):
        asked = {"cassette": "one", "mode": "record", "upstream": up.url}
        made = json.loads((await ask(app.url, "POST /_fcproxy/decks", asked)).body)
        await speak(app.url, POST.replace(b"/v1", f"/_fcproxy/d/{made['id']}/v1".encode()))
        ended = await ask(app.url, f"DELETE /_fcproxy/decks/{made['id']}?abort=true")
        assert json.loads(ended.body)["recorded"] == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("selector", ["path", "header", "key"])
async def test_an_unknown_deck_is_a_miss_by_any_selector(selector: str, tmp_path: Path) -> None:
    request = {
        "path": POST.replace(b"/v1", b"/_fcproxy/d/none/v1"),
        "header": POST.replace(b"Host", b"Fcproxy-Deck: none\r\nHost"),
        "key": POST.replace(b"Host", b"Authorization: Bearer sk_" + b"test_fcproxy_none\r\nHost"),
    }[selector]
    async with passage(OK, Mode.RECORD, tmp_path) as (up, app):
        got = await speak(app.url, request)
        assert got.status == 422
        assert b"Fcproxy-Miss: wrong_deck\r\n" in got.head
        assert app.decks.verdict().missed == 1
    assert up.requests == []


async def test_the_fakes_controls_reach_the_fake_and_are_harmless_in_replay(tmp_path: Path) -> None:
    config = Config(cassette=str(tmp_path / "c.yaml"))
    async with proxy(Mode.PASSTHROUGH, config) as app:
        assert "now" in json.loads((await ask(app.url, "GET /_fcproxy/fake/clock")).body)
    async with proxy(Mode.REPLAY, config) as app:
        assert (await ask(app.url, "POST /_fcproxy/fake/reset", {})).status == 200
    async with passage(OK, Mode.PASSTHROUGH, tmp_path) as (_up, app):
        assert (await ask(app.url, "GET /_fcproxy/fake/clock")).status == 409


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("plain", "plain.yaml"),
        ("a/b.yml", "a/b.yml"),
        ("tests/test_pay.py::test_it[eu/1]", "tests/test_pay.py--test_it[eu/1].yaml"),
        ("tests/test_pay.py::test_it[eu/1*?]", "tests/test_pay.py--test_it[eu/1--]-cb5b8429.yaml"),
        ("a\\b", "a/b.yaml"),
        ("./a//b", "a/b.yaml"),
        ("nul", "-nul-99e62427.yaml"),
        ("x. ", "x-7a590786.yaml"),
        ("tab\tand\nline", "tab-and-line-094954fb.yaml"),
    ],
)
def test_cassette_names_that_every_file_system_takes(name: str, path: str, tmp_path: Path) -> None:
    assert safe_cassette(tmp_path, name) == tmp_path / path


def test_names_that_differ_only_in_refused_letters_stay_apart(tmp_path: Path) -> None:
    names = ["t[a?]", "t[a*]", "t[a-]", "t[a ]", "t[a:]", "t[a|]", "a?.yaml", "a*.yaml", "a-.yaml"]
    assert len({safe_cassette(tmp_path, name) for name in names}) == len(names)


@pytest.mark.parametrize("name", ["", "..", "../x", "a/../../x", "/etc/x", "\\x", "a/..\\..\\x", "link/x"])
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path)
    with pytest.raises(UsageError):
        safe_cassette(tmp_path / "in", name)


def test_a_long_name_is_shortened_and_stays_its_own(tmp_path: Path) -> None:
    one, other = (safe_cassette(tmp_path, "é" * 300 + tail) for tail in "ab")
    assert one != other
    assert len(one.name.encode()) < 230
