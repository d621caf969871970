"""show, diff and explain, as typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fcproxy.cli import cli
from fcproxy.core.message import Headers, Interaction, Response
from fcproxy.stripe.secrets import default_redactor
from fcproxy.vcr_format import Provenance, render
from tests.core.conversation import KEY, ask

JSON = Headers([("Content-Type", "application/json")])


def write(path: Path, *, name: str = "Ann Smith-Jones", status: str = "active") -> Path:
    redactor = default_redactor()
    made = [
        (
            ask(f"POST /v1/customers name={name}&email=ann@example.org"),
            '{"id": "cus_A1b2C3d4E5", "object": "customer"}',
        ),
        (ask("GET /v1/customers/cus_A1b2C3d4E5"), f'{{"id": "cus_A1b2C3d4E5", "status": "{status}"}}'),
    ]
    done = redactor.settle(
        [redactor.redact(Interaction(request, Response(200, JSON, body.encode()))) for request, body in made]
    )
    path.write_bytes(render(done, Provenance(recorder="fcproxy 9", rules="1", disabled=("email-shape",))))
    return path


@pytest.fixture
def cassette(tmp_path: Path) -> Path:
    return write(tmp_path / "a.yaml")


def fcproxy(*arguments: str | Path, given: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments], input=given)


def test_show_lists_interactions(cassette: Path) -> None:
    done = fcproxy("show", cassette)
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "2 interactions (recorded by fcproxy 9; rules 1; rules off: email-shape)",
        "0 POST /v1/customers -> 200 customer cus_A1b2C3d4E5",
        "1 GET /v1/customers/cus_A1b2C3d4E5 -> 200 cus_A1b2C3d4E5",
    ]


def test_show_one_interaction_in_full(cassette: Path) -> None:
    done = fcproxy("show", cassette, "-n", "1")
    assert '  response.body.status = "active"' in done.output.splitlines()
    assert "POST" not in done.output
    assert fcproxy("show", cassette, "-n", "2").exit_code == 2


def test_show_for_git(cassette: Path) -> None:
    done = fcproxy("show", "--full", "--stable", cassette)
    assert "1 GET /v1/customers/cus_#1 -> 200 cus_#1" in done.output.splitlines()
    assert '  request.body.email = "redacted-1@example.com"' in done.output.splitlines()


def test_what_another_tool_recorded_is_shown_without_its_secrets(tmp_path: Path) -> None:
    raw = tmp_path / "raw.yaml"
    raw.write_text(
        f"""\
interactions:
- request:
    method: POST
    uri: https://api.stripe.com/v1/customers
    body: email=quentin@tarantella.org
    headers: {{Authorization: ["Bearer {KEY}"]}}
  response:
    status: {{code: 200, message: OK}}
    headers: {{}}
    body: {{string: ok}}
version: 1
""",
        encoding="utf-8",
    )
    done = fcproxy("show", "--full", raw)
    assert done.exit_code == 0, done.output
    assert "redacted-1@example.com" in done.output
    assert KEY not in done.output
    assert "tarantella" not in done.output


@pytest.mark.parametrize("command", [["show"], ["diff", "x.yaml"]])
def test_no_such_file(command: list[str], tmp_path: Path) -> None:
    done = fcproxy(*command, tmp_path / "none.yaml")
    assert done.exit_code == 3
    assert "no such file" in done.output


def test_diff_of_equal_cassettes(cassette: Path, tmp_path: Path) -> None:
    done = fcproxy("diff", cassette, write(tmp_path / "b.yaml", name="Bob Miller-Jones"))
    assert (done.exit_code, done.output) == (0, "")


def test_diff_tells_the_field(cassette: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "b.yaml", status="inactive")
    done = fcproxy("diff", cassette, other)
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "! 1 GET /v1/customers/cus_#1 -> 200 cus_#1",
        '    response.body.status: "active" -> "inactive"',
    ]
    (change,) = json.loads(fcproxy("diff", cassette, other, "--format", "json").output)
    assert change["fields"] == [{"field": "response.body.status", "old": '"active"', "new": '"inactive"'}]
    assert change["old"]["interaction"] == 1


CURL = ["-X", "POST", "http://127.0.0.1:12111/v1/customers", "-u", f"{KEY}:", "-d", "name=Zoe Quince-Miller"]


def test_explain_a_hit(cassette: Path) -> None:
    done = fcproxy("explain", "--cassette", cassette, "--", *CURL, "-d", "email=zoe@example.net")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[0] == f"{cassette}: interaction 0 answers it."
    assert '  body.email = "<email>"' in done.output.splitlines()
    assert "zoe" not in done.output.lower()


def test_explain_a_miss(cassette: Path) -> None:
    done = fcproxy("explain", "--cassette", cassette, "--", *CURL)
    assert done.exit_code == 1
    assert '  body.email: recorded "<email>", received nothing' in done.output.splitlines()


def test_explain_a_request_in_a_file_and_as_json(cassette: Path, tmp_path: Path) -> None:
    text = f"GET /v1/customers/cus_A1b2C3d4E5 HTTP/1.1\nAuthorization: Bearer {KEY}\n\n"
    (tmp_path / "r.http").write_text(text, encoding="utf-8")
    done = fcproxy("explain", "--cassette", cassette, "--request", tmp_path / "r.http", "--format", "json")
    assert (done.exit_code, json.loads(done.output)["hit"]) == (0, 1)
    done = fcproxy("explain", "--cassette", cassette, "--request", "-", "--format", "json", given=text[:-40])
    told = json.loads(done.output)
    assert (done.exit_code, told["hit"], told["reason"]) == (1, None, "no_match")


@pytest.mark.parametrize("arguments", [[], ["--request", "x", "--", "http://h/v1"], ["--", "--wrong", "x"]])
def test_explain_needs_one_request(cassette: Path, arguments: list[str]) -> None:
    assert fcproxy("explain", "--cassette", cassette, *arguments).exit_code == 2
