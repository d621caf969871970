"""`fcproxy drift`: what changed in the API since a cassette was recorded, by shape, from safe requests only."""

import asyncio
import json
import signal
import sys
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from fcproxy.cli import cli
from fcproxy.config import Config
from fcproxy.core.errors import UsageError
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.shapes import Difference, compare, merge, shape_of
from fcproxy.server.drift import drift, route
from tests.faults.processes import ended, environment
from tests.server.harness import Script, origin

CUSTOMER = {"id": "cus_1", "object": "customer", "email": None, "address": {"city": "X"}, "metadata": {"mine": "1"}}


def interaction(url: str, answer: object, method: str = "GET", status: int = 200) -> Interaction:
    headers = Headers([("Authorization", "Bearer placeholder"), ("Stripe-Version", "2026-01-01")])
    return Interaction(Request(method, url, headers), Response(status, Headers(), json.dumps(answer).encode()))


def serving(answers: Mapping[str, object]) -> bytes | object:
    async def script(raw: bytes, _reader: object, writer: object) -> None:
        target = raw.split()[1].decode()
        body = json.dumps(answers.get(target, {"error": {}})).encode()
        status = b"200 OK" if target in answers else b"404 Not Found"
        head = b"HTTP/1.1 %b\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
        writer.write(head + body)  # type: ignore[attr-defined]

    return script


def found(before: object, after: object) -> list[tuple[str, str]]:
    one, other = shape_of(json.dumps(before).encode()), shape_of(json.dumps(after).encode())
    assert one is not None
    assert other is not None
    return [(difference.level, difference.place) for difference in compare(one, other)]


@pytest.mark.parametrize(
    ("before", "after", "differences"),
    [
        ({"a": 1}, {"a": 2}, []),
        ({"a": 1}, {"a": 1, "b": {"c": 1}}, [("added", "b")]),
        ({"a": 1, "b": {"c": 1}}, {"a": 1}, [("removed", "b")]),
        ({"a": 1}, {"a": "1"}, [("changed", "a")]),
        ({"a": 1}, {"a": None}, []),
        ({"a": None}, {"a": {"b": 1}}, []),
        ({"a": {"b": 1}}, {"a": None}, []),
        ({"data": [{"a": 1}]}, {"data": []}, []),
        ({"data": []}, {"data": [{"a": 1}]}, []),
        ({"data": [{"a": 1}, {"a": "x"}]}, {"data": [{"a": "x"}]}, []),
        ({"data": [{"a": 1}]}, {"data": [{"a": 1, "b": 2}]}, [("added", "data[].b")]),
        ({"data": [{"a": 1, "b": 2}]}, {"data": [{"a": 1}]}, [("removed", "data[].b")]),
        ({"metadata": {"a": "1"}}, {"metadata": {"b": "2"}}, []),
        ({"a": [1]}, {"a": {"b": 1}}, [("changed", "a")]),
        ({"a": True}, {"a": 1}, [("changed", "a")]),
        ([1], {"a": 1}, [("changed", "")]),
    ],
)
def test_what_counts_as_a_difference(before: object, after: object, differences: list[tuple[str, str]]) -> None:
    assert found(before, after) == differences


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(JSON, JSON)
def test_a_shape_does_not_differ_from_itself_nor_from_what_it_was_merged_of(one: object, other: object) -> None:
    a, b = shape_of(json.dumps(one).encode()), shape_of(json.dumps(other).encode())
    assert a is not None
    assert b is not None
    assert compare(a, a) == []
    assert {each.level for each in compare(merge(a, b), a)} <= {"removed"}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b"\xff", b'{"a": 1'])
def test_what_is_no_json_has_no_shape(body: bytes) -> None:
    assert shape_of(body) is None


def test_routes_have_their_ids_blanked() -> None:
    assert route("GET", "https://api.stripe.com/v1/customers/cus_12345678/sources?x=1") == (
        "GET /v1/customers/{id}/sources"
    )
    assert route("GET", "https://api.stripe.com/v1/financial_connections/accounts") == (
        "GET /v1/financial_connections/accounts"
    )


async def test_only_safe_requests_go_out_each_once_and_without_the_recorded_key() -> None:
    base = "https://api.stripe.com"
    recorded = [
        interaction(f"{base}/v1/customers/cus_00000001", CUSTOMER),
        interaction(f"{base}/v1/customers/cus_00000001", CUSTOMER),
        interaction(f"{base}/v1/customers", CUSTOMER, "POST"),
        interaction(f"{base}/v1/customers/cus_00000001", {"deleted": True}, "DELETE"),
        interaction(f"{base}/v1/customers/cus_00000002", CUSTOMER),
        interaction(f"{base}/v1/balance", {"object": "balance"}, status=402),
    ]
    now = {**CUSTOMER, "email": "new@example.com", "phone": None, "address": {"city": 5}}
    del now["object"]
    answers = {"/v1/customers/cus_00000001": now, "/v1/balance": {"object": "balance"}}
    async with origin(serving(answers)) as up:  # type: ignore[arg-type]
        result = await drift(Config(upstream=up.url), recorded, version="2026-09-30")
    assert [raw.split(b" HTTP")[0] for raw in up.requests] == [
        b"GET /v1/customers/cus_00000001",
        b"GET /v1/customers/cus_00000002",
        b"GET /v1/balance",
    ]
    assert all(b"\r\nStripe-Version: 2026-09-30\r\n" in raw and b"placeholder" not in raw for raw in up.requests)
    customers = result.routes["GET /v1/customers/{id}"]
    assert customers.differences() == [
        Difference("changed", "address.city", "string", "number"),
        Difference("removed", "object", "string", ""),
        Difference("added", "phone", "", "null"),
    ]
    assert (customers.compared, customers.gone, result.skipped) == (1, 1, 3)
    assert result.routes["GET /v1/balance"].statuses == {(402, 200): 1}


def answering(status: bytes, body: bytes, *fields: bytes) -> Script:
    """Answers so to all."""
    head = b"\r\n".join([b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *fields, b"", b""])

    async def script(_raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head + body)

    return script


ASKED = "https://api.stripe.com/v1/customers/cus_00000001"


@pytest.mark.parametrize(
    ("recorded", "now", "differences"),
    [
        (b'{"a": 1}', b"<html>", [("changed", "")]),
        (b'{"a": 1}', b"", [("changed", "")]),
        (b"a,b", b'{"a": 1}', [("changed", "")]),
        (b"a,b", b"a,b,c", []),
        (b'{"a": 1}', b'{"a": 1, "b.c": 2, "d[]": 2}', [("added", "<key>")]),
        (b'{"a": {"acct_1b2c3d4e": {"x": 1}}}', b'{"a": {"acct_5f6g7h8i": {"x": 1}}}', []),
        (b'{"a": {"acct_1b2c3d4e": {"x": 1}}}', b'{"a": {"acct_5f6g7h8i": {"x": "1"}}}', [("changed", "a.<key>.x")]),
        (b'{"us_1099_k": 1, "line1": 1}', b'{"line1": "1"}', [("changed", "line1"), ("removed", "us_1099_k")]),
    ],
)
async def test_what_is_no_json_and_fields_without_a_plain_name(
    recorded: bytes, now: bytes, differences: list[tuple[str, str]]
) -> None:
    before = Interaction(Request("GET", ASKED, Headers()), Response(200, Headers(), recorded))
    async with origin(answering(b"200 OK", now)) as up:
        result = await drift(Config(upstream=up.url), [before])
    found = result.routes["GET /v1/customers/{id}"]
    assert [(each.level, each.place) for each in found.differences()] == differences
    assert (found.compared, result.failed) == (1, {})


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (answering(b"401 Unauthorized", b"{}"), "status 401"),
        (answering(b"429 Too Many Requests", b"{}"), "status 429"),
        (answering(b"503 Service Unavailable", b"{}"), "status 503"),
        (answering(b"200 OK", b"{}", b"Content-Encoding: gzip"), "unreadable"),
        (answering(b"200 OK", b"{}", b"Content-Encoding: another"), "unreadable"),
    ],
)
async def test_what_tells_nothing_of_the_api_is_a_failure_and_no_difference(script: Script, kind: str) -> None:
    async with origin(script) as up:
        result = await drift(Config(upstream=up.url), [interaction(ASKED, CUSTOMER)])
    assert (result.failed, result.levels(), result.compared) == ({kind: 1}, set(), 0)


async def test_a_recorded_refusal_is_compared_as_any_answer() -> None:
    async with origin(answering(b"401 Unauthorized", b'{"error": 1}')) as up:
        result = await drift(Config(upstream=up.url), [interaction(ASKED, {"error": "x"}, status=401)])
    assert (result.failed, result.levels()) == ({}, {"changed"})


async def test_an_upstream_that_does_not_answer_in_time_is_soon_not_asked_any_more() -> None:
    async def script(_raw: bytes, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    recorded = [interaction(f"{ASKED}{number}", CUSTOMER) for number in range(10)]
    async with origin(script) as up:
        result = await drift(Config(upstream=up.url, first_byte_timeout=0.05), recorded)
    assert result.failed == {"timeout": 3, "not asked": 7}


@pytest.mark.parametrize("url", ["https://api.stripe.com", "https://api.stripe.com?x=1"])
async def test_a_url_without_a_path_asks_for_the_root(url: str) -> None:
    async with origin(answering(b"200 OK", b'{"a": 1}')) as up:
        result = await drift(Config(upstream=up.url), [interaction(url, {"a": 2})])
    assert [raw.split()[1] for raw in up.requests] == [url.replace("https://api.stripe.com", "/").encode()]
    assert result.routes["GET /"].compared == 1


async def test_keys_are_asked_for_and_live_ones_refused() -> None:
    with pytest.raises(UsageError, match="--api-key-env"):
        await drift(Config(upstream="stripe"), [])
    with pytest.raises(UsageError, match="live key"):
        await drift(Config(upstream="stripe", api_key="sk_" + "live_" + "x" * 24), [])


@pytest.mark.parametrize(
    ("change", "options", "code", "words"),
    [
        ({}, (), 0, "no difference"),
        ({"phone": "1"}, (), 0, "  + phone: string\n"),
        ({"phone": "1"}, ("--fail-on", "added"), 1, "; added\n"),
        ({"object": 7}, (), 1, "  ! object: string, now number\n"),
        ({"object": 7}, ("--format", "json"), 1, '"level": "changed"'),
    ],
)
async def test_the_command(
    change: dict[str, object], options: tuple[str, ...], code: int, words: str, tmp_path: Path
) -> None:
    write(tmp_path / "c.yaml", ("/v1/customers/cus_00000001", json.dumps(CUSTOMER)))
    async with origin(serving({"/v1/customers/cus_00000001": {**CUSTOMER, **change}})) as up:  # type: ignore[arg-type]
        done = await ended("drift", "c.yaml", "--upstream", up.url, *options, cwd=tmp_path)
    assert done.code == code, done.err
    assert words in done.out
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


def write(path: Path, *answers: tuple[str, str]) -> None:
    """A cassette with a GET of each path and its answer's JSON."""
    text = f"interactions:{'' if answers else ' []'}\n" + "".join(
        "- request:\n    body: null\n    headers: {}\n    method: GET\n"
        f"    uri: https://api.stripe.com{target}\n"
        f"  response:\n    body:\n      string: '{answer}'\n    headers: {{}}\n"
        "    status:\n      code: 200\n      message: OK\n"
        for target, answer in answers
    )
    path.write_text(text + "version: 1\n", encoding="ascii")


def test_the_upstream_may_be_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FCPROXY_UPSTREAM", "http://127.0.0.1:9")
    write(tmp_path / "c.yaml")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["drift", "c.yaml"])
    assert (done.exit_code, "nothing could be compared" in done.output) == (3, True)


async def test_an_upstream_that_does_not_answer_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("interactions: []\nversion: 1\n", encoding="ascii")
    done = await ended("drift", "c.yaml", "--upstream", "http://127.0.0.1:9", cwd=tmp_path)
    assert done.code == 3
    assert "; nothing could be compared\n" in done.out


@pytest.mark.parametrize(("second", "code"), [({"a": 2}, 3), ({"b": 2}, 1)])
async def test_half_an_answer_clears_nothing_but_tells_what_it_found(
    second: dict[str, int], code: int, tmp_path: Path
) -> None:
    async def script(raw: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = json.dumps(second).encode()
        cut = 100 if b" /v1/first " in raw else len(body)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % cut + body)

    write(tmp_path / "c.yaml", ("/v1/first", '{"a": 1}'), ("/v1/second", '{"a": 1}'))
    async with origin(script) as up:
        done = await ended("drift", "c.yaml", "--upstream", up.url, cwd=tmp_path)
    assert done.code == code, (done.out, done.err)
    assert "1 answer compared" in done.out
    assert "1 failed (reset)" in done.out
    assert ("no difference in what was compared" in done.out) == (code == 3)


@pytest.mark.parametrize("form", ["text", "json"])
async def test_the_names_of_fields_tell_no_secret(form: str, tmp_path: Path) -> None:
    names = [
        "sk_" + "test_" + "AbCdEfGhIjKlMnOpQrStUvWx",
        "whsec_" + "9f8e7d6c5b4a39281706abcdefabcdef",
        "4242" * 4,
        "ada@example.org",
        "Jane Q Public",
        "\x1b[31m",
    ]
    write(tmp_path / "c.yaml", ("/v1/balance", '{"data": [{}]}'))
    answer = json.dumps({"data": [{name: {"plain": 1}} for name in names], names[0]: 1}).encode()
    async with origin(answering(b"200 OK", answer)) as up:
        done = await ended("drift", "c.yaml", "--upstream", up.url, "--format", form, cwd=tmp_path)
    assert "<key>" in done.out or "<secret-key>" in done.out
    assert [
        name for name in names if name in done.out + done.err or name.encode("unicode_escape").decode() in done.out
    ] == []


async def test_a_flood_of_differences_is_told_in_short(tmp_path: Path) -> None:
    write(tmp_path / "c.yaml", ("/v1/balance", '{"a": 1}'))
    names = ["".join(letters) for letters in product("abcdefgh", repeat=3)]
    async with origin(answering(b"200 OK", json.dumps({"a": 1, **dict.fromkeys(names, 1)}).encode())) as up:
        done = await ended("drift", "c.yaml", "--upstream", up.url, cwd=tmp_path)
    assert "  and 412 more\n" in done.out
    assert len(done.out.splitlines()) == 103


async def test_an_interrupted_drift_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def script(_raw: bytes, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()

    write(tmp_path / "c.yaml", ("/v1/balance", '{"a": 1}'))
    async with origin(script) as up:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "fcproxy", "drift", "c.yaml", "--upstream", up.url),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment(),
            cwd=tmp_path,
        )
        try:
            await asked.wait()
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 130
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def test_plain_http_to_another_machine_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path / "c.yaml")
    asked = ("drift", "c.yaml", "--upstream", "http://upstream.test")
    refused, permitted = await ended(*asked, cwd=tmp_path), await ended(*asked, "--allow-http", cwd=tmp_path)
    assert (refused.code, "--allow-http" in refused.err) == (2, True)
    assert (permitted.code, permitted.err) == (3, "")
