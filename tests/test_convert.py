"""Recordings of other tools become cassettes: read right, redacted, replayable."""

import base64
import gzip
import json
import secrets
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given

from fcproxy.cli import cli
from fcproxy.codings import DECODERS
from fcproxy.core.errors import CassetteUnreadable
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.vcr_format import parse, read_any, render, render_har
from tests.test_vcr_format import interactions

URL = "https://api.stripe.com/v1/customers"
PRETTY = b'{\n  "id": "cus_1"\n}\n'


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


RUBY = f"""---
http_interactions:
- request:
    method: post
    uri: {URL}?expand[]=tax
    body:
      encoding: US-ASCII
      string: description=caf%C3%A9
    headers:
      Content-Type:
      - application/x-www-form-urlencoded
      Accept: "*/*"
  response:
    status:
      code: 200
      message: OK
    headers:
      Content-Encoding:
      - gzip
      Content-Length:
      - '7'
    body:
      encoding: ASCII-8BIT
      string: !binary |-
        {coded(gzip.compress(PRETTY))}
    http_version:
  recorded_at: Tue, 05 May 2026 10:00:00 GMT
- request:
    method: :get
    uri: {URL}/1
    body:
      encoding: UTF-8
      base64_string: {coded(b"sent")}
    headers: {{}}
  response:
    status: {{code: 404, message: null}}
    headers: {{Content-Type: [text/plain; charset=ISO-8859-1]}}
    body:
      encoding: ISO-8859-1
      string: "caf\\u00e9"
recorded_with: VCR 6.1.0
"""

PLAYBACK = f"""- type: 0
  request:
    method: POST
    body: description=x
    headers:
      Content-Type:
      - application/x-www-form-urlencoded
    url:
      scheme: ""
      opaque: ""
      user: null
      host: ""
      path: /v1/customers
      rawpath: ""
      forcequery: false
      rawquery: expand%5B%5D=tax
      fragment: ""
      rawfragment: ""
  response:
    headers:
      Content-Encoding:
      - gzip
    body: !!binary |
      {coded(gzip.compress(PRETTY))}
    status_code: 200
- type: 1
  request: {{method: POST, body: event, headers: {{}}, url: {{path: /hook}}}}
  response: {{headers: {{}}, body: "", status_code: 200}}
- type: 0
  request: {{method: POST, body: {{}}, headers: {{}}, url: {{scheme: "", host: "", path: /v1/files}}}}
  response: {{headers: {{}}, body: {{id: file_1}}, statuscode: 200}}
"""

HAR = {
    "log": {
        "version": "1.2",
        "entries": [
            {
                "request": {
                    "method": "POST",
                    "url": f"{URL}#top",
                    "headers": [{"name": ":method", "value": "POST"}, {"name": "accept", "value": "*/*"}],
                    "postData": {
                        "mimeType": "application/x-www-form-urlencoded",
                        "params": [{"name": "a", "value": "b c"}],
                    },
                },
                "response": {
                    "status": 200,
                    "statusText": "OK",
                    "headers": [
                        {"name": "content-encoding", "value": "gzip"},
                        {"name": "content-length", "value": "7"},
                    ],
                    "content": {"size": 9, "mimeType": "application/json", "text": PRETTY.decode()},
                },
            },
            {
                "request": {"method": "GET", "url": URL, "headers": []},
                "response": {"status": 0, "statusText": "", "headers": [], "content": {}},
            },
            {
                "request": {"method": "GET", "url": URL, "headers": []},
                "response": {
                    "status": 200,
                    "headers": [],
                    "content": {"text": coded(b"\x00\xff"), "encoding": "base64"},
                },
            },
        ],
    }
}


def test_ruby_vcr() -> None:
    kind, found = read_any(RUBY.encode(), "charge.yml", DECODERS)
    posted, got = found.interactions
    assert (kind, found.skipped) == ("ruby", 0)
    assert posted.request == Request(
        "POST",
        f"{URL}?expand[]=tax",
        Headers([("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "*/*")]),
        b"description=caf%C3%A9",
    )
    assert posted.response == Response(200, Headers([("Content-Length", str(len(PRETTY)))]), PRETTY, "OK")
    assert (got.request.method, got.request.body) == ("GET", b"sent")
    assert (got.response.status, got.response.body, got.response.reason) == (404, b"caf\xe9", "")


def test_ruby_vcr_as_json() -> None:
    body = {"encoding": "UTF-8", "string": "{}"}
    item = {
        "request": {"method": "get", "uri": URL, "body": {"encoding": "US-ASCII", "string": ""}, "headers": {}},
        "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": body},
    }
    data = json.dumps({"http_interactions": [item], "recorded_with": "VCR 6.0.0"}).encode()
    assert read_any(data, "c.json")[1].interactions == [
        Interaction(Request("GET", URL, Headers()), Response(200, Headers(), b"{}", "OK"))
    ]


def test_stripe_playback() -> None:
    kind, found = read_any(PLAYBACK.encode(), "default_cassette.yaml", DECODERS)
    posted, upload = found.interactions
    assert (kind, found.skipped) == ("playback", 1)
    assert posted.request.url == f"{URL}?expand%5B%5D=tax"
    assert posted.request.body == b"description=x"
    assert posted.response == Response(200, Headers(), PRETTY)
    assert upload.request.url == "https://files.stripe.com/v1/files"
    assert upload.response.body == b'{"id": "file_1"}'


def test_har() -> None:
    kind, found = read_any(json.dumps(HAR).encode(), "session.har", DECODERS)
    posted, binary = found.interactions
    assert (kind, found.skipped) == ("har", 1)
    assert posted.request == Request("POST", URL, Headers([("accept", "*/*")]), b"a=b+c")
    assert posted.response == Response(200, Headers([("content-length", str(len(PRETTY)))]), PRETTY, "OK")
    assert binary.response.body == b"\x00\xff"


def test_vcrpy() -> None:
    done = Interaction(Request("GET", URL, Headers()), Response(200, Headers(), PRETTY, "OK"))
    data = render([RedactedInteraction(done)])
    assert read_any(data, "c.yaml")[1].interactions == [done]


@given(interactions.filter(lambda each: "#" not in each.request.url))
def test_har_keeps_everything(interaction: Interaction) -> None:
    data = render_har([RedactedInteraction(interaction)], "1")
    expected = [] if interaction.response.status == 0 else [interaction]
    assert read_any(data, "c.har")[1].interactions == expected


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"http_interactions: 3\n", "no list"),
        (b"http_interactions:\n- x\n", "no mapping"),
        (b"http_interactions:\n- request: {method: get, uri: x}\n  response: {}\n", "response.status"),
        (b'{"log": 3}', "log is no mapping"),
        (b'{"log": {"entries": [{"request": {}, "response": {"status": 200}}]}}', "request.method is missing"),
        (b"- type: 0\n", "request is no mapping"),
        (b"a: b\n", "not a cassette"),
    ],
)
def test_what_is_broken_is_named(data: bytes, words: str) -> None:
    with pytest.raises(CassetteUnreadable, match=words):
        read_any(data, "old")


class TestCommand:
    def convert(self, folder: Path, *arguments: str) -> Result:
        (folder / "old.yml").write_text(RUBY, encoding="utf-8")
        return CliRunner().invoke(
            cli, ["convert", *(str(folder / word) if "." in word else word for word in arguments)]
        )

    def test_into_a_cassette(self, tmp_path: Path) -> None:
        done = self.convert(tmp_path, "old.yml", "new/c.yaml")
        assert done.exit_code == 0, done.output
        assert "2 interactions from a Ruby VCR cassette" in done.output
        assert (tmp_path / "new" / "c.yaml").stat().st_mode & 0o777 == 0o600
        parsed = parse((tmp_path / "new" / "c.yaml").read_bytes(), "c.yaml")
        assert [each.response.status for each in parsed.interactions] == [200, 404]
        assert parsed.provenance

    def test_there_and_back_through_har(self, tmp_path: Path) -> None:
        assert self.convert(tmp_path, "old.yml", "a.yaml").exit_code == 0
        assert self.convert(tmp_path, "a.yaml", "b.har").exit_code == 0
        assert self.convert(tmp_path, "b.har", "c.yaml").exit_code == 0
        first, last = (parse((tmp_path / name).read_bytes(), name).interactions for name in ("a.yaml", "c.yaml"))
        assert first == last

    def test_secrets_are_redacted_on_the_way(self, tmp_path: Path) -> None:
        key = "sk_" + "test_" + secrets.token_hex(24)
        secret = "fcsess_client_" + "secret_" + secrets.token_hex(12)
        old = RUBY.replace("description=caf%C3%A9", f"client_secret={secret}").replace(
            'Accept: "*/*"', f"Authorization: [Bearer {key}]"
        )
        (tmp_path / "leaky.yml").write_text(old, encoding="utf-8")
        for name in ("c.yaml", "c.har"):
            assert self.convert(tmp_path, "leaky.yml", name).exit_code == 0
            text = (tmp_path / name).read_text(encoding="ascii")
            assert key not in text
            assert secret not in text
            assert "REDACTED" in text

    def test_the_compact_style(self, tmp_path: Path) -> None:
        assert self.convert(tmp_path, "old.yml", "a.yaml").exit_code == 0
        assert self.convert(tmp_path, "a.yaml", "b.yaml", "--style", "compact").exit_code == 0
        first, last = (parse((tmp_path / name).read_bytes(), name).interactions for name in ("a.yaml", "b.yaml"))
        assert first == last
        assert len((tmp_path / "b.yaml").read_bytes().splitlines()) == len(first) + 3

    def test_nothing_is_replaced_unasked(self, tmp_path: Path) -> None:
        (tmp_path / "c.yaml").write_text("mine", encoding="utf-8")
        assert self.convert(tmp_path, "old.yml", "c.yaml").exit_code == 2
        assert (tmp_path / "c.yaml").read_text(encoding="utf-8") == "mine"
        assert self.convert(tmp_path, "old.yml", "c.yaml", "--force").exit_code == 0

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        done = self.convert(tmp_path, "nowhere.yml", "c.yaml")
        assert done.exit_code == 3
        assert "cannot be read" in done.output

    def test_the_rules_of_the_config_count(self, tmp_path: Path) -> None:
        word = secrets.token_hex(12)
        (tmp_path / "old.har").write_text(
            json.dumps(
                {
                    "log": {
                        "version": "1.2",
                        "entries": [
                            {
                                "request": {"method": "GET", "url": URL, "headers": []},
                                "response": {
                                    "status": 200,
                                    "statusText": "OK",
                                    "headers": [{"name": "Content-Type", "value": "application/json"}],
                                    "content": {"text": json.dumps({"gate": word})},
                                },
                            }
                        ],
                    }
                }
            )
        )
        config = tmp_path / "own.toml"
        config.write_text('[[redact.rules]]\nid = "nick"\nfield = "gate"\n')
        assert self.convert(tmp_path, "old.har", "plain.yaml").exit_code == 0
        assert word in (tmp_path / "plain.yaml").read_text()
        done = self.convert(tmp_path, "old.har", "own.yaml", "--config", str(config))
        assert done.exit_code == 0, done.output
        assert word not in (tmp_path / "own.yaml").read_text()
