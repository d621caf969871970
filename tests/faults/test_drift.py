"""`fcproxy drift`: what changed in the API since a cassette was recorded, by shape, from safe requests only."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcproxy.config import Config
from fcproxy.core.errors import UsageError
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.shapes import Difference, compare, merge, shape_of
from fcproxy.server.drift import drift, route
from tests.faults.processes import ended
from tests.server.harness import origin

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
    answer = json.dumps(CUSTOMER)
    (tmp_path / "c.yaml").write_text(
        "interactions:\n- request:\n    body: null\n    headers: {}\n    method: GET\n"
        "    uri: https://api.stripe.com/v1/customers/cus_00000001\n"
        f"  response:\n    body:\n      string: '{answer}'\n    headers: {{}}\n"
        "    status:\n      code: 200\n      message: OK\nversion: 1\n",
        encoding="ascii",
    )
    async with origin(serving({"/v1/customers/cus_00000001": {**CUSTOMER, **change}})) as up:  # type: ignore[arg-type]
        done = await ended("drift", "c.yaml", "--upstream", up.url, *options, cwd=tmp_path)
    assert done.code == code, done.err
    assert words in done.out
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


async def test_an_upstream_that_does_not_answer_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("interactions: []\nversion: 1\n", encoding="ascii")
    done = await ended("drift", "c.yaml", "--upstream", "http://127.0.0.1:9", cwd=tmp_path)
    assert done.code == 3
