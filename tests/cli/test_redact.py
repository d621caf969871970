"""`fcproxy redact`: cassettes of other tools and of old rules, in place."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from vcr.request import Request as VcrRequest
from vcr.serialize import deserialize, serialize
from vcr.serializers import jsonserializer

from fcproxy.cli import cli
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.server.store import load
from fcproxy.vcr_format import render
from tests.attacks.hunt import rng_for
from tests.attacks.prey import letters

KEY = "sk_" + "test_" + letters(rng_for("cli redact"), 24)
TOKEN = letters(rng_for("cli redact token"), 24)


def write(path: Path, *answers: bytes) -> bytes:
    """A cassette as a tool without redaction would have left it."""
    headers = Headers([("Authorization", f"Bearer {KEY}"), ("Content-Type", "text/plain")])
    said = Headers([("Content-Type", "application/json")])
    data = render(
        [
            RedactedInteraction(
                Interaction(Request("GET", f"https://api.stripe.com/v1/{n}", headers), Response(200, said, body, "OK"))
            )
            for n, body in enumerate(answers)
        ]
    )
    path.write_bytes(data)
    return data


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["redact", *arguments])
    return done.exit_code, done.output


def test_a_cassette_is_redacted_in_place_and_a_second_time_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    write(path, b'{"note": "%b"}' % TOKEN.encode(), b'{"access_token": "%b"}' % TOKEN.encode())
    code, output = run(str(path))
    assert code == 0
    assert "changed 2 of 2 interactions" in output
    assert "credential-field 1" in output
    text = path.read_text()
    assert KEY not in text
    assert TOKEN not in text
    assert text.count("REDACTED~1") == 4
    parsed = load(path)
    assert parsed is not None
    assert [one.request.url for one in parsed.interactions] == [
        "https://api.stripe.com/v1/0",
        "https://api.stripe.com/v1/1",
    ]
    before = path.read_bytes()
    assert run(str(path)) == (0, f"{path}: nothing to redact in 2 interactions\n")
    assert path.read_bytes() == before


def test_check_changes_nothing_and_tells(tmp_path: Path) -> None:
    before = write(tmp_path / "c.yaml", b"{}")
    code, output = run("--check", str(tmp_path))
    assert code == 1
    assert "would change 1 of 1" in output
    assert (tmp_path / "c.yaml").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


def test_a_file_that_is_no_cassette_is_told_and_the_others_are_done(tmp_path: Path) -> None:
    write(tmp_path / "good.yaml", b"{}")
    (tmp_path / "odd.yaml").write_text("a: [1")
    code, output = run(str(tmp_path))
    assert code == 3
    assert "odd.yaml" in output
    assert KEY not in (tmp_path / "good.yaml").read_text()


def test_what_vcrpy_kept_as_json_stays_json_and_is_played_by_both(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    body = json.dumps({"client_secret": "fcsess_client_" + "secret_" + TOKEN, "id": "fcsess_1"})
    request = VcrRequest("POST", "https://api.stripe.com/v1/x", f"key={KEY}", {"Authorization": f"Bearer {KEY}"})
    response = {"status": {"code": 200, "message": "OK"}, "headers": {"A": ["b"]}, "body": {"string": body.encode()}}
    path.write_text(serialize({"requests": [request], "responses": [response]}, jsonserializer))
    code, output = run(str(path))
    assert (code, "changed 1 of 1" in output) == (0, True)
    text = path.read_text()
    assert KEY not in text
    assert TOKEN not in text
    (played,), (answer,), *_ = deserialize(text, jsonserializer)
    assert (played.method, played.uri, played.body) == (
        "POST",
        "https://api.stripe.com/v1/x",
        b"key=sk_test_REDACTED~1",
    )
    assert json.loads(answer["body"]["string"])["client_secret"] == "fcsess_client_secret_REDACTED~1"
    parsed = load(path)
    assert parsed is not None
    assert parsed.interactions[0].response.body == answer["body"]["string"]
    assert run(str(path)) == (0, f"{path}: nothing to redact in 1 interactions\n")
    assert path.read_text() == text


def test_a_read_only_file_stays_and_the_others_are_done(tmp_path: Path) -> None:
    before = write(tmp_path / "a.yaml", b"{}")
    write(tmp_path / "b.yaml", b"{}")
    (tmp_path / "a.yaml").chmod(0o444)
    code, output = run(str(tmp_path))
    assert code == 3
    assert "a.yaml: not written: it is read-only" in output
    assert (tmp_path / "a.yaml").read_bytes() == before
    assert KEY not in (tmp_path / "b.yaml").read_text()
    assert run("--check", str(tmp_path / "a.yaml"))[0] == 1


@pytest.mark.parametrize("option", ["--quiet", "-q"])
def test_quiet_says_only_what_was_changed(tmp_path: Path, option: str) -> None:
    write(tmp_path / "c.yaml", b"{}")
    assert "changed 1 of 1" in run(option, str(tmp_path))[1]
    assert run(option, str(tmp_path)) == (0, "")


def test_what_is_not_there(tmp_path: Path) -> None:
    assert run(str(tmp_path / "none.yaml"))[0] == 3


def test_the_configs_rules_count(tmp_path: Path) -> None:
    write(tmp_path / "c.yaml", b'{"message": "see TCK-123456"}')
    config = tmp_path / "fcproxy.toml"
    config.write_text('[redact]\nrules = [{ id = "ticket", pattern = "TCK-[0-9]{6}" }]\n')
    code, output = run("--config", str(config), str(tmp_path / "c.yaml"))
    assert (code, "ticket 1" in output) == (0, True)
    assert "TCK-" not in (tmp_path / "c.yaml").read_text()


def test_a_rule_that_cannot_be_right_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "fcproxy.toml").write_text('[redact]\ndisable = ["api-kee"]\n')
    assert run("--config", str(tmp_path / "fcproxy.toml"), str(tmp_path))[0] == 2
