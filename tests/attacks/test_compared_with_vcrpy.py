"""The same traffic through VCR.py with its own filters set, and through fcproxy: what each leaves behind."""

import json
import secrets
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.request import Request as Sent
from urllib.request import urlopen

import pytest
import vcr

from fcproxy.server.redact_files import redact_file

KEY = "sk_" + "test_" + "A1b" + secrets.token_hex(12)
SECRET = "fcsess_client_" + "secret_" + secrets.token_hex(12)
CARD_OWNER = f"{secrets.token_hex(6)}@mail{secrets.token_hex(3)}.org"


class _Stripe(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        said = {"object": "financial_connections.session", "client_secret": SECRET, "error": f"Expired: {KEY}"}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Silent."""


@pytest.fixture
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Stripe) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_vcrpys_own_filters_leave_is_gone_here(address: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    with vcr.use_cassette(
        str(path), filter_headers=["authorization"], filter_post_data_parameters=["email"], record_mode="all"
    ):
        body = f"email=x%40example.com&description=for+{CARD_OWNER.replace('@', '%40')}".encode()
        form = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"}
        with urlopen(Sent(f"{address}/v1/things", body, form)) as answer:
            assert SECRET.encode() in answer.read()
    owner = CARD_OWNER.partition("@")[0]
    filtered = path.read_text()
    assert {value for value in (KEY, SECRET, owner) if value in filtered} == {KEY, SECRET, owner}
    redact_file(path)
    assert {value for value in (KEY, SECRET, owner) if value in path.read_text()} == set()
