"""Every row of every rule table, in each container, direction and spelling: made from the tables, so new rows, too."""

import json
import random
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

import pytest

from fcproxy.core.message import Interaction
from fcproxy.core.rules import FieldRule, ShapeRule, normal
from fcproxy.stripe.fields import FIELDS
from fcproxy.stripe.headers import HEADERS
from fcproxy.stripe.secrets import RULES
from fcproxy.stripe.shapes import SHAPES
from tests.attacks.hunt import everything, left_of, record, rng_for
from tests.attacks.places import LINE_PLACES, PLACES, interaction
from tests.attacks.prey import PREY, letters

REDACTING = [rule for rule in FIELDS if rule.how in ("value", "url")]


@dataclass(frozen=True)
class Leaf:
    """``value`` in the field ``name``; ``around``: the name of the field or the type of the object that encloses it."""

    rule: str
    name: str
    value: str
    around: str = ""
    by_type: bool = False

    @property
    def tree(self) -> dict[str, object]:
        """As JSON has it."""
        if not self.around:
            return {self.name: self.value}
        if self.by_type:
            return {"object": self.around, "a": 1, self.name: self.value}
        return {self.around: {self.name: self.value}}

    @property
    def key(self) -> str:
        """As a form has it."""
        return f"{self.around}[{self.name}]" if self.around else self.name


def spellings(name: str) -> Iterator[str]:
    words = name.replace("*", "shop").split("_")
    yield "_".join(words)
    yield words[0] + "".join(map(str.title, words[1:]))
    yield "-".join(map(str.title, words))
    yield "_".join(map(str.upper, words))


def sample(rule: FieldRule, rng: random.Random) -> str:
    token = letters(rng, 26)
    if rule.like and re.fullmatch(rule.like, token) is None:
        token = "".join(rng.choices("123456789", k=26))
    return f"https://pages.example.com/p/{token}" if rule.how == "url" else token


def leaves(rng: random.Random, *, typed: bool) -> Iterator[Leaf]:
    """Each name in one of its spellings, within each word that the row asks for in turn."""
    for rule in REDACTING:
        around = rule.within or ("",)
        for turn in range(max(len(rule.names), len(around))):
            name = rng.choice(list(spellings(rule.names[turn % len(rule.names)])))
            yield Leaf(rule.id, name, sample(rule, rng), around[turn % len(around)], typed)


def _deep(leaf: Leaf) -> object:
    return {"id": "x", "list": [{"deeper": [[leaf.tree]], "b": None}]}


def _rows(leaves: list[Leaf], between: str, form: str = "{}", tree: Callable[[Leaf], object] = _deep) -> str:
    return between.join(form.replace("{}", json.dumps(tree(leaf))) for leaf in leaves)


def _pairs(leaves: list[Leaf]) -> str:
    return "&".join(f"{quote_plus(leaf.key, safe='[]')}={quote_plus(leaf.value)}" for leaf in leaves)


def _parts(leaves: list[Leaf]) -> str:
    parts = [f'Content-Disposition: form-data; name="{leaf.key}"\r\n\r\n{leaf.value}' for leaf in leaves]
    return "".join(f"--xYz\r\n{part}\r\n" for part in parts) + "--xYz--\r\n"


def _inner(leaf: Leaf) -> object:
    return {"raw": json.dumps({"rows": json.dumps(leaf.tree)})}


Text = Callable[[list[Leaf]], str]

BODIES: Mapping[str, tuple[str, Text]] = {
    "JSON": ("application/json", lambda leaves: json.dumps([_deep(leaf) for leaf in leaves], indent=1)),
    "JSON, type HTML": ("text/html", lambda leaves: json.dumps([leaf.tree for leaf in leaves])),
    "JSON in strings": ("application/json", lambda leaves: json.dumps([_inner(leaf) for leaf in leaves])),
    "NDJSON": ("application/x-ndjson", lambda leaves: _rows(leaves, "\n")),
    "SSE": ("text/event-stream", lambda leaves: _rows(leaves, "\n\n", "event: x\ndata: {}") + "\n\n"),
    "form": ("application/x-www-form-urlencoded", _pairs),
    "form, no type": ("", _pairs),
    "form in JSON": ("application/json", lambda leaves: json.dumps({"sent": _pairs(leaves)})),
    "JSON in a form": (
        "application/x-www-form-urlencoded",
        lambda leaves: "&".join(f"row[{at}]={quote(json.dumps(leaf.tree))}" for at, leaf in enumerate(leaves)),
    ),
    "multipart": ("multipart/form-data; boundary=xYz", _parts),
    "multipart JSON": (
        "multipart/form-data; boundary=xYz",
        lambda leaves: (
            "--xYz\r\nContent-Disposition: form-data; name=rows\r\nContent-Type: application/json\r\n\r\n"
            f"{json.dumps([leaf.tree for leaf in leaves])}\r\n--xYz--\r\n"
        ),
    ),
}

URLS: Mapping[str, str] = {
    "query": "https://api.stripe.com/v1/things?limit=3&{}",
    "fragment": "https://api.stripe.com/v1/things#{}",
}
"""`{}` takes a query."""


def in_body(leaves: list[Leaf], container: str, side: str) -> Interaction:
    media, text = BODIES[container]
    data = text(leaves).encode()
    if side == "request":
        return interaction(sent=data, sent_type=media or None)
    return interaction(received=data, received_type=media or None)


def survivors(leaves: list[Leaf], kept: list[Interaction], *, window: int = 8) -> list[str]:
    """The rules and names whose value is still there, whole or in good part."""
    text = everything(kept)
    there = {text[at : at + window] for at in range(len(text))}
    return [
        f"{leaf.rule}: {leaf.key}"
        for leaf in leaves
        if any(
            leaf.value[at : at + window] in there for at in range(len(leaf.value) - 26, len(leaf.value) - window + 1)
        )
    ]


def stored(one: Interaction) -> list[Interaction]:
    """What is kept of it; that is not nothing."""
    kept = record(one)
    assert all("Fcproxy-Body" not in side.headers for side in (kept[0].request, kept[0].response))
    return kept


FORMS = {"form", "form, no type", "form in JSON", "multipart"}
"""Containers in which no object says of what type it is."""


@pytest.mark.parametrize("side", ["request", "response"])
@pytest.mark.parametrize("container", BODIES)
def test_each_field_in_each_body(container: str, side: str) -> None:
    hidden = list(leaves(rng_for("rows", container, side), typed=container not in FORMS and side == "response"))
    assert survivors(hidden, stored(in_body(hidden, container, side))) == []


@pytest.mark.parametrize("where", URLS)
def test_each_field_in_each_part_of_a_url(where: str) -> None:
    hidden = list(leaves(rng_for("rows", where), typed=False))
    url = URLS[where].format(_pairs(hidden))
    assert survivors(hidden, record(interaction(url=url))) == []
    told = json.dumps({"description": f"see {url} there"}).encode()
    assert survivors(hidden, record(interaction(received=told))) == []


def test_the_rows_of_a_name_are_those_that_fit_it_in_order() -> None:
    names = {one for rule in FIELDS for one in rule.names}
    for name in {*names, *(one.replace("*", "my") for one in names), *(f"x{one.strip('*')}" for one in names), "x", ""}:
        wanted = [
            rule
            for rule in FIELDS
            if rule.how != "below"
            and any(
                normal(name).endswith(normal(one)) if one[0] == "*" else normal(one) == normal(name)
                for one in rule.names
            )
        ]
        assert list(RULES.field_rules(name)) == wanted


def test_each_spelling_of_a_name_calls_for_the_same_rows() -> None:
    for rule in FIELDS:
        for name in rule.names if rule.how != "below" else ():
            found = {RULES.field_rules(spelled) for spelled in spellings(name)}
            assert len(found) == 1, name
            assert rule in next(iter(found))


def test_each_scope_by_the_path_of_a_request() -> None:
    rng = rng_for("rows", "path")
    hidden = [
        Leaf(rule.id, rule.names[0].replace("*", "shop"), sample(rule, rng), word)
        for rule in REDACTING
        for word in rule.within
    ]
    asked = [
        interaction(
            url=f"https://api.stripe.com/v1/{leaf.around.replace('.', '/')}/x/y",
            sent=f"{leaf.name}={leaf.value}".encode(),
        )
        for leaf in hidden
        if "." not in leaf.around
    ]
    assert survivors([leaf for leaf in hidden if "." not in leaf.around], record(*asked)) == []


def test_a_row_that_keeps_keeps() -> None:
    keeping = [rule for rule in FIELDS if rule.how == "keep"]
    trees = [{around: {name: "4171"}} for rule in keeping for around in rule.within for name in rule.names]
    assert trees
    body = json.dumps(trees).encode()
    assert record(interaction(received=body))[0].response.body == body


@pytest.mark.parametrize("side", ["request", "response"])
def test_the_hunt_finds_what_no_row_names(side: str) -> None:
    """So that the tests above can fail."""
    plain = [Leaf("none", "harmless", letters(rng_for("none"), 26), "thing")]
    for container in BODIES:
        assert survivors(plain, record(in_body(plain, container, side))) == ["none: thing[harmless]"], container


SHAPED = {
    "client-secret": "fcsess_client_" + "secret_{}",
    "api-key": "sk_" + "test_{}",
    "starred-key": "rk_" + "live_********{12}",
    "ephemeral-key": "ek_" + "test_{}",
    "webhook-secret": "whsec_" + "{}",
    "terminal-token": "pst_" + "test_{}",
    "oauth": "ac_" + "{}",
    "single-use-token": "btok_" + "{}",
    "checkout-session": "cs_" + "test_{}",
    "hosted-page": "https://verify.stripe.com/start/test_{}",
    "hosted-page-link": "https://billing.stripe.com/p/session/test_{}",
    "url-token": "https://shop.example.com/in?token={}",
    "vendor-key": "ghp_" + "{}Q8w7E6r5T4y3",
    "wallet-in-text": "0x" + "{hex}",
    "private-key": "-----BEGIN " + "PRIVATE KEY-----{}-----END " + "PRIVATE KEY-----",
    "jwt": "eyJ" + "{}.{}.{}",
    "bearer": "Bearer {}",
    "basic": "Basic {basic}",
    "email": "{}@mail.example.net",
    "phone": "+44{digits}",
    "us-ssn": "",
    "iban": "",
    "card-number": "",
}
"""One for each row of `SHAPES`; "" where a checksum or a form of its own makes it: `PREY` and below have them."""


def shaped(rule: ShapeRule, rng: random.Random) -> tuple[str, str]:
    """A text that the row is for, and the part of it that must go."""
    if rule.id == "us-ssn":
        text = f"{rng.randrange(100, 600)}-{rng.randrange(10, 99)}-{rng.randrange(1000, 9999)}"
        return text, text
    if not SHAPED[rule.id]:
        name = {"iban": "IBAN", "card-number": "card"}[rule.id]
        text = next(prey for prey in PREY if prey.name == name).make(rng)
        return text, text[4:-4]
    token = letters(rng, 26)
    parts = {
        "{12}": token[:12],
        "{hex}": rng.randbytes(20).hex(),
        "{basic}": b64encode(f"me:{token}".encode()).decode(),
        "{digits}": f"20{rng.randrange(10**7, 10**8)}",
    }
    part = next((value for mark, value in parts.items() if mark in SHAPED[rule.id]), token)
    text = SHAPED[rule.id]
    for mark, value in {**parts, "{}": token}.items():
        text = text.replace(mark, value)
    return text, part


PLAIN = {**LINE_PLACES, **PLACES}


@pytest.mark.parametrize("rule", SHAPES, ids=lambda rule: rule.id)
def test_each_shape_in_each_place(rule: ShapeRule) -> None:
    written = {where: shaped(rule, rng_for("shapes", rule.id, where)) for where in PLAIN}
    kept = record(*(place(written[where][0]) for where, place in PLAIN.items()))
    left = [where for where, one in zip(PLAIN, kept, strict=True) if left_of(written[where][1], [one], window=8)]
    assert left == []


@pytest.mark.parametrize("side", ["request", "response"])
def test_headers_are_kept_by_row_and_no_secret_in_them(side: str) -> None:
    """What has no row is not there; in what has one, a secret is not."""
    rng = rng_for("headers", side)
    key = "sk_" + "test_" + letters(rng, 24)
    for rule in HEADERS:
        for name in (rule.name, rule.name.lower(), rule.name.upper()):
            fields = ((name, f"see {key} there"),)
            one = interaction(request=fields) if side == "request" else interaction(response=fields)
            kept = record(one)[0]
            assert key[8:] not in everything([kept]), name
            if side not in rule.sides:
                headers = kept.request.headers if side == "request" else kept.response.headers
                assert name not in headers


NOT_KEPT = """
Cookie Set-Cookie X-Stripe-Csrf-Token Proxy-Authorization X-Forwarded-For Forwarded X-Real-IP Referer Origin Via
X-Stripe-Client-User-Agent X-Stripe-Client-Telemetry User-Agent Websocket-Id Sec-WebSocket-Key
Content-Security-Policy Report-To Reporting-Endpoints Stripe-Signature Server Date X-Api-Key X-Wc ETag Trailer
"""


@pytest.mark.parametrize("side", ["request", "response"])
def test_headers_that_are_not_known_to_be_harmless_are_not_kept(side: str) -> None:
    fields = tuple((name, "a plain value") for name in NOT_KEPT.split())
    kept = record(interaction(request=fields) if side == "request" else interaction(response=fields))[0]
    assert "a plain value" not in everything([kept])
