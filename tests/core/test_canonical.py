"""The canonical form is blind to exactly what it should be, and to nothing else."""

import json
import random
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcproxy.core.canonical import Canonical, canonical, shown
from fcproxy.core.message import Headers, Request
from fcproxy.stripe.matching import MATCHING
from fcproxy.stripe.secrets import default_redactor
from tests.core.conversation import KEY, ask

COMPARING = default_redactor().comparing()


def form_of(request: Request | str, **more: Any) -> Canonical:
    return canonical(ask(request, **more) if isinstance(request, str) else request, MATCHING, COMPARING)


def same(one: Request | str, other: Request | str) -> bool:
    return form_of(one).key == form_of(other).key


# -- forms and queries -----------------------------------------------------------------------------------------

NAMES = st.sampled_from(["metadata", "amount", "currency", "type", "items", "a.b", "a=b", "x y", "ä"])
TEXTS = st.text(alphabet="abz01 é&=+%[].'\\\"", max_size=6)
TREES = st.recursive(
    TEXTS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(NAMES.filter(lambda name: "=" not in name), inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)
PARAMETERS = st.dictionaries(NAMES, TREES, min_size=1, max_size=4)


def pairs_of(tree: Any, draw: random.Random, key: str = "") -> list[tuple[str, str]]:
    """The tree as pairs; names in any order, arrays with or without numbers."""
    if isinstance(tree, str):
        return [(key, tree)]
    if isinstance(tree, list):
        # Without numbers only scalars are unambiguous: an array of arrays or of hashes needs them.
        bare = all(isinstance(one, str) for one in tree) and draw.random() < 0.5
        found = [pairs_of(one, draw, f"{key}[]" if bare else f"{key}[{at}]") for at, one in enumerate(tree)]
        if not bare:
            draw.shuffle(found)
    else:
        found = [pairs_of(value, draw, f"{key}[{name}]" if key else name) for name, value in tree.items()]
        draw.shuffle(found)
    return [pair for part in found for pair in part]


def encoded(tree: Any, seed: int) -> str:
    """The tree as form text, spelled in one of many ways."""
    draw = random.Random(seed)

    def spelled(text: str, safe: str) -> str:
        kept = safe if draw.random() < 0.5 else ""
        done = "".join(quote(char, safe=kept) if draw.random() < 0.7 else quote(char, safe=safe) for char in text)
        return done.replace("%20", "+") if draw.random() < 0.5 else done

    return "&".join(f"{spelled(key, '[]')}={spelled(value, '')}" for key, value in pairs_of(tree, draw))


def leaves(tree: Any) -> int:
    if isinstance(tree, str):
        return 1
    return sum(map(leaves, tree if isinstance(tree, list) else tree.values()))


def mutated(tree: Any, at: list[int]) -> Any:
    """The tree with its ``at``-th leaf changed."""
    if isinstance(tree, str):
        at[0] -= 1
        return tree + "!" if at[0] == -1 else tree
    if isinstance(tree, list):
        return [mutated(one, at) for one in tree]
    return {name: mutated(value, at) for name, value in tree.items()}


@settings(max_examples=60, deadline=None)
@given(PARAMETERS, st.integers(), st.integers(), st.integers(min_value=0))
def test_forms_compare_as_trees(tree: dict[str, Any], one: int, other: int, leaf: int) -> None:
    first, second = encoded(tree, one), encoded(tree, other)
    changed = encoded(mutated(tree, [leaf % leaves(tree)]), one)
    for way in ("POST /v1/things {}", "GET /v1/things?{}"):
        assert same(way.format(first), way.format(second)), (first, second)
        assert not same(way.format(first), way.format(changed)), (first, changed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a[]=x&a[]=y", "a[0]=x&a[1]=y"),
        ("a[]=x&a[]=y", "a[1]=y&a[0]=x"),
        ("a[b]=1&c=2", "c=2&a%5Bb%5D=1"),
        ("a=x+y", "a=x%20y"),
        ("a=", "a"),
        ("a=1&&b=2", "b=2&a=1&"),
        ("items[0][p]=1&items[1][p]=2", "items[][p]=1&items[][p]=2"),
        ("expand[]=a&expand[]=b", "expand[1]=a&expand[0]=b"),
        ("expand[]=a&expand[]=b", "expand[]=b&expand[]=a&expand[]=a"),
    ],
)
def test_the_same_form(one: str, other: str) -> None:
    assert same(f"POST /v1/x {one}", f"POST /v1/x {other}")
    assert same(f"GET /v1/x?{one}", f"GET /v1/x?{other}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a[]=x&a[]=y", "a[]=y&a[]=x"),
        ("a=", "b="),
        ("a=&b=1", "b=1"),
        ("a=1", "a=01"),
        ("a=x", "a[]=x"),
        ("a=x", "a[b]=x"),
        ("a=1&a=2", "a=2"),
        ("a=1&a=2", "a=2&a=1"),
        ("a=1&a[b]=2", "a=3&a[b]=2"),
        ("metadata[7]=x", "metadata[8]=x"),
        ("metadata[1]=x", "metadata[0]=x"),
        ("metadata[01]=x", "metadata[1]=x"),
        ("a[0]=x&a[2]=y", "a[0]=x&a[1]=y"),
        ("a[b][c]=1", "a[b.c]=1"),
        ("metadata[expand][]=a&metadata[expand][]=b", "metadata[expand][]=b&metadata[expand][]=a"),
        ("expand[]=a", "expand=a"),
        ("expand[]=a&expand[]=b", "expand=a&expand=b"),
        ("expand[]=a", "expand[]=a&expand[]=b"),
        ("a=true", "a=1"),
        ("a[b=1", "a[b]=1"),
    ],
)
def test_another_form(one: str, other: str) -> None:
    assert not same(f"POST /v1/x {one}", f"POST /v1/x {other}")
    assert not same(f"GET /v1/x?{one}", f"GET /v1/x?{other}")


def test_a_form_is_no_query_and_no_json() -> None:
    assert not same("POST /v1/x a=1", "POST /v1/x?a=1")
    assert not same("POST /v1/x a=1", json_request({"a": 1}))


def test_a_form_goes_by_its_look_where_the_label_is_missing() -> None:
    assert same("POST /v1/x a=1&b=2", ask("POST /v1/x a=1&b=2", content_type="text/plain"))


# -- JSON ------------------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(0.25, 9.75) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4)


def json_request(value: Any, **layout: Any) -> Request:
    headers = Headers([("Content-Type", "application/json")])
    return Request("POST", "https://api.stripe.com/v2/core/things", headers, json.dumps(value, **layout).encode())


def shuffled(value: Any, draw: random.Random) -> Any:
    if isinstance(value, dict):
        items = [(key, shuffled(one, draw)) for key, one in value.items()]
        draw.shuffle(items)
        return dict(items)
    return [shuffled(one, draw) for one in value] if isinstance(value, list) else value


def turned(value: Any, draw: random.Random) -> Any:
    """The value with one part of it changed in type, content or extent."""
    if isinstance(value, dict) and value:
        key = draw.choice(sorted(value))
        if draw.random() < 0.3:
            return {name: one for name, one in value.items() if name != key}
        return {**value, key: turned(value[key], draw)}
    if isinstance(value, list) and value:
        at = draw.randrange(len(value))
        return [*value[:at], turned(value[at], draw), *value[at + 1 :]]
    others: list[Any] = [None, True, 1, "1", "true", [], {}, ""]
    return draw.choice([one for one in others if json.dumps(one) != json.dumps(value)])


@settings(max_examples=60, deadline=None)
@given(OBJECTS, st.randoms(use_true_random=False))
def test_json_compares_as_values(value: dict[str, Any], draw: random.Random) -> None:
    request = json_request(value)
    respelled = json_request(shuffled(value, draw), indent=draw.choice([None, 1, 4]), ensure_ascii=False)
    assert same(request, respelled)
    changed = turned(value, draw)
    assert same(request, json_request(changed)) is (
        json.dumps(changed, sort_keys=True) == json.dumps(value, sort_keys=True)
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a":1}', '{"a":true}'),
        ('{"a":1}', '{"a":"1"}'),
        ('{"a":{}}', '{"a":[]}'),
        ('{"a":{}}', "{}"),
        ('{"a":null}', "{}"),
        ('{"a":[1,2]}', '{"a":[2,1]}'),
        ('{"a":1,"a":2}', '{"a":2}'),
        ('{"a":1,"a":2}', '{"a":1,"a\'":2}'),
        ('{"a":{"b":1}}', '{"a.b":1}'),
        ('{"a":[1]}', '{"a[0]":1}'),
        ('{"a":"x\\ny=1"}', '{"a":"x","y":"1"}'),
        ("[]", "{}"),
        ('"a"', '"b"'),
    ],
)
def test_another_json(one: str, other: str) -> None:
    kind = {"content_type": "application/json"}
    assert not same(ask(f"POST /v2/x {one}", **kind), ask(f"POST /v2/x {other}", **kind))


# -- multipart -------------------------------------------------------------------------------------------------


def multipart(boundary: str, *parts: tuple[str, str], name: str = "a.txt") -> Request:
    lines = []
    for field, text in parts:
        extra = f'; filename="{name}"\r\nContent-Type: text/plain' if field == "file" else ""
        lines.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"{extra}\r\n\r\n{text}\r\n')
    body = "".join(lines) + f"--{boundary}--\r\n"
    headers = Headers([("Content-Type", f"multipart/form-data; boundary={boundary}")])
    return Request("POST", "https://files.stripe.com/v1/files", headers, body.encode())


def test_multipart_is_blind_to_the_boundary_only() -> None:
    one = multipart("aaa", ("purpose", "dispute_evidence"), ("file", "hello"))
    assert same(one, multipart("b-b-b", ("purpose", "dispute_evidence"), ("file", "hello")))
    assert not same(one, multipart("aaa", ("purpose", "identity_document"), ("file", "hello")))
    assert not same(one, multipart("aaa", ("purpose", "dispute_evidence"), ("file", "hello!")))
    assert not same(one, multipart("aaa", ("purposes", "dispute_evidence"), ("file", "hello")))
    assert not same(one, multipart("aaa", ("purpose", "dispute_evidence")))
    assert not same(one, multipart("aaa", ("file", "hello"), ("purpose", "dispute_evidence")))
    assert not same(one, multipart("aaa", ("purpose", "dispute_evidence"), ("file", "hello"), name="a.pdf"))


# -- method, path, headers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GET /v1/x", "POST /v1/x"),
        ("GET /v1/x", "HEAD /v1/x"),
        ("GET /v1/x", "GET /v1/x/"),
        ("GET /v1/x", "GET /v1/X"),
        ("GET /v1/a/b", "GET /v1/a%2Fb"),
        ("GET /v1/x?a=1", "GET /v1/x"),
        ("GET /v1/x%3Fa=1", "GET /v1/x?a=1"),
    ],
)
def test_another_target(one: str, other: str) -> None:
    assert not same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GET /v1/x", "get /v1/x"),
        ("GET /v1/a~b", "GET /v1/a%7Eb"),
        ("GET /v1/a%20b", "GET /v1/a%20%62"),
        ("GET /v1//x", "GET /v1/x"),
        ("GET /v1/x?", "GET /v1/x"),
        ("GET /v1/x#part", "GET /v1/x"),
    ],
)
def test_the_same_target(one: str, other: str) -> None:
    assert same(one, other)


def test_host_and_port_are_no_part_of_it() -> None:
    request = ask("POST /v1/x a=1")
    for base in ("http://127.0.0.1:4711", "https://user@api.example.com"):
        url = request.url.replace("https://api.stripe.com", base)
        assert same(request, Request(request.method, url, request.headers.replaced("Host", base), request.body))


@pytest.mark.parametrize("name", ["Stripe-Version", "Stripe-Account", "Stripe-Context"])
def test_headers_that_count(name: str) -> None:
    plain = ask("GET /v1/x")
    one, other = (
        Request("GET", plain.url, Headers([*plain.headers, (name, value)])) for value in ("acct_1a", "acct_1b")
    )
    assert not same(one, other)
    assert not same(one, plain)
    assert same(one, Request("GET", plain.url, Headers([(name.lower(), "acct_1a"), *plain.headers])))


@pytest.mark.parametrize(
    "name",
    ["Idempotency-Key", "User-Agent", "X-Stripe-Client-User-Agent", "X-Stripe-Client-Telemetry", "Accept",
     "Accept-Encoding", "Connection", "Content-Length", "Traceparent"],
)  # fmt: skip
def test_headers_that_do_not_count(name: str) -> None:
    plain = ask("POST /v1/x a=1")
    assert same(plain, Request("POST", plain.url, Headers([*plain.headers, (name, "anything at all")]), plain.body))


def test_a_credential_counts_by_its_family() -> None:
    other = "sk_" + "test_" + "Z9y8X7w6V5u4T3s2R1q0P9o8"
    restricted = "rk_" + "test_" + "Z9y8X7w6V5u4T3s2R1q0P9o8"
    families = [
        form_of("GET /v1/x", auth=auth).family
        for auth in (f"Bearer {KEY}", f"Bearer {other}", f"Bearer {restricted}", "Bearer dummy", None)
    ]
    assert families == ["sk_test_", "sk_test_", "rk_test_", "other", "none"]
    assert len({form_of("GET /v1/x", auth=auth).key for auth in (f"Bearer {KEY}", None)}) == 1


def test_basic_and_bearer_carry_the_same_credential() -> None:
    from base64 import b64encode

    basic = form_of("GET /v1/x", auth="Basic " + b64encode(f"{KEY}:".encode()).decode())
    bearer = form_of("GET /v1/x", auth=f"Bearer {KEY}")
    assert (basic.family, basic.credential) == (bearer.family, bearer.credential) == ("sk_test_", KEY)


# -- secrets ---------------------------------------------------------------------------------------------------


def test_secrets_count_by_kind_in_the_key_and_stand_beside_it() -> None:
    one, other = (form_of(f"POST /v1/x email={name}@example.org&note=hi") for name in ("ann", "bob"))
    assert one.key == other.key
    assert one.secrets == (("email", "ann@example.org"),)
    assert other.secrets == (("email", "bob@example.org"),)
    assert shown(one.fields["body.email"]) == '"<email>"'
    assert "ann" not in repr(one.fields) + repr(one.key)


def test_a_secret_in_the_path_and_in_a_name() -> None:
    assert same("GET /v1/x/ann@example.org/y", "GET /v1/x/bob%40example.org/y")
    assert same("POST /v1/x metadata[ann@example.org]=1", "POST /v1/x metadata[bob@example.org]=1")
    assert not same("POST /v1/x metadata[ann@example.org]=1", "POST /v1/x metadata[ann@example.org]=2")


def test_a_body_that_cannot_be_opened_compares_by_reason_and_size() -> None:
    def coded(body: bytes) -> Request:
        return Request("POST", "https://api.stripe.com/v1/x", Headers([("Content-Encoding", "mystery")]), body)

    assert same(coded(b"abc"), coded(b"xyz"))
    assert not same(coded(b"abc"), coded(b"abcd"))
    assert not same(coded(b"abc"), coded(b""))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["application/json", "multipart/form-data; boundary=x", "", "text/x"]))
def test_any_bytes_have_a_form(body: bytes, kind: str) -> None:
    request = Request("POST", "https://api.stripe.com/v1/x", Headers([("Content-Type", kind)]), body)
    assert form_of(request).key == form_of(request).key


@pytest.mark.parametrize(
    "body", ["a" + "[a]" * 10_000 + "=1", "[" * 10_000 + "]" * 10_000, "&".join(["a[]=1"] * 20_000)]
)
def test_monsters_have_a_form_soon_enough(body: str) -> None:
    assert form_of(f"POST /v1/x {body}").key
