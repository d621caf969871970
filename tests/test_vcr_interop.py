"""Real players of VCR.py cassettes play ours, and we read what they record."""

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import aiohttp
import httpx
import pytest
import requests
import vcr

from fcproxy.codings import DECODERS
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.vcr_format import Provenance, parse, render

BASE = "https://api.stripe.com/v1/financial_connections/sessions"
FORM = b"account_holder[type]=customer&account_holder[customer]=cus_1&permissions[]=balances"
PRETTY = b'{\n  "id": "fcsess_1",\n  "note": "caf\\u00e9"\n}\n'
COMPACT = b'{"id":"fcsess_1","accounts":[]}'
BINARY = bytes(range(256))


def recording() -> bytes:
    """A POST, two GETs of one object that answer differently, a binary file."""
    json_type = ("Content-Type", "application/json")

    def interaction(method: str, url: str, sent: bytes, body: bytes) -> RedactedInteraction:
        headers = Headers([json_type, ("Content-Length", str(len(body))), ("X-Two", "a"), ("X-Two", "b")])
        return RedactedInteraction(
            Interaction(Request(method, url, Headers(), sent), Response(200, headers, body, "OK"))
        )

    return render(
        [
            interaction("POST", BASE, FORM, PRETTY),
            interaction("GET", f"{BASE}/fcsess_1", b"", PRETTY),
            interaction("GET", f"{BASE}/fcsess_1", b"", COMPACT),
            interaction("GET", "https://files.stripe.com/v1/files/file_1/contents", b"", BINARY),
        ],
        Provenance(recorder="fcproxy", rules="1"),
    )


PLAY = f"""
import requests

def play():
    posted = requests.post("{BASE}", data={FORM!r})
    assert posted.content == {PRETTY!r}
    assert posted.headers["X-Two"] == "a, b"
    assert requests.get("{BASE}/fcsess_1").content == {PRETTY!r}
    assert requests.get("{BASE}/fcsess_1").json() == {{"id": "fcsess_1", "accounts": []}}
    assert requests.get("https://files.stripe.com/v1/files/file_1/contents").content == {BINARY!r}
"""


class TestTheyPlayOurs:
    def test_vcrpy(self, tmp_path: Path) -> None:
        file = tmp_path / "ours.yaml"
        file.write_bytes(recording())
        names: dict[str, object] = {}
        exec(PLAY, names)
        play = names["play"]
        assert callable(play)
        player = vcr.VCR(record_mode="none", match_on=["method", "scheme", "host", "port", "path", "query", "body"])
        with player.use_cassette(str(file)) as cassette:
            play()
            assert cassette.all_played
        assert file.read_bytes() == recording()

    def test_vcrpy_writes_it_again_and_we_read_the_same(self, tmp_path: Path) -> None:
        file = tmp_path / "ours.yaml"
        file.write_bytes(recording())
        with vcr.VCR(record_mode="new_episodes").use_cassette(str(file)) as cassette:
            cassette._save(force=True)
        assert file.read_bytes() != recording()
        again = parse(file.read_bytes(), "again")
        assert again.provenance is None
        ours = parse(recording(), "ours").interactions
        for one, other in zip(again.interactions, ours, strict=True):
            assert one.request == other.request
            assert (one.response.status, one.response.body) == (other.response.status, other.response.body)
            assert list(one.response.headers) == sorted(other.response.headers)

    def test_pytest_recording(self, tmp_path: Path) -> None:
        folder = tmp_path / "cassettes" / "test_play"
        folder.mkdir(parents=True)
        (folder / "test_it.yaml").write_bytes(recording())
        code = PLAY + "\n\nimport pytest\n\n@pytest.mark.vcr\n@pytest.mark.block_network\ndef test_it():\n    play()\n"
        (tmp_path / "test_play.py").write_text(code)
        (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(tmp_path)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=50)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "1 passed" in done.stdout


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer()

    def _answer(self) -> None:
        body = gzip.compress(PRETTY) if self.path.startswith("/gzip") else BINARY
        self.send_response(200)
        if self.path.startswith("/gzip"):
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Quiet."""


@pytest.fixture
def upstream() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def check(file: Path, upstream: str, sent: bytes) -> None:
    """What vcrpy recorded of a POST /gzip and a GET /binary."""
    coded, plain = parse(file.read_bytes(), file.name, DECODERS).interactions
    assert coded.request.body == sent
    assert coded.request.url == f"{upstream}/gzip"
    assert coded.response.body == PRETTY
    assert "Content-Encoding" not in coded.response.headers
    assert coded.response.headers.get("Content-Length") == str(len(PRETTY))
    assert coded.response.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert (plain.request.body, plain.response.body, plain.response.reason) == (b"", BINARY, "OK")


class TestWeReadTheirs:
    def test_requests(self, upstream: str, tmp_path: Path) -> None:
        file = tmp_path / "requests.yaml"
        with vcr.use_cassette(str(file)), requests.Session() as session:
            session.post(f"{upstream}/gzip", data=FORM)
            session.get(f"{upstream}/binary")
        check(file, upstream, FORM)

    def test_requests_with_decoded_bodies(self, upstream: str, tmp_path: Path) -> None:
        file = tmp_path / "decoded.yaml"
        with vcr.use_cassette(str(file), decode_compressed_response=True), requests.Session() as session:
            session.post(f"{upstream}/gzip", data={"a[]": ["1", "2"]})
            session.get(f"{upstream}/binary")
        check(file, upstream, b"a%5B%5D=1&a%5B%5D=2")

    def test_httpx(self, upstream: str, tmp_path: Path) -> None:
        file = tmp_path / "httpx.yaml"
        with vcr.use_cassette(str(file)), httpx.Client() as client:
            client.post(f"{upstream}/gzip", content=FORM)
            client.get(f"{upstream}/binary")
        check(file, upstream, FORM)

    async def test_aiohttp_and_its_dict_bodies(self, upstream: str, tmp_path: Path) -> None:
        file = tmp_path / "aiohttp.yaml"
        with vcr.use_cassette(str(file)):
            async with aiohttp.ClientSession() as client:
                async with client.post(f"{upstream}/gzip", data={"a": "1", "b": "x y"}) as answer:
                    await answer.read()
                async with client.get(f"{upstream}/binary") as answer:
                    await answer.read()
        check(file, upstream, b"a=1&b=x+y")

    def test_the_json_serializer(self, upstream: str, tmp_path: Path) -> None:
        file = tmp_path / "requests.json"
        with vcr.use_cassette(str(file), serializer="json", decode_compressed_response=True):
            requests.get(f"{upstream}/gzip", timeout=10)
        (only,) = parse(file.read_bytes(), "requests.json").interactions
        assert json.loads(file.read_text())["version"] == 1
        assert only.response.body == PRETTY
