"""Public secret scanners stay silent on what fcproxy stores."""

import base64
import json
import random
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings
from vcr.serialize import deserialize, serialize
from vcr.serializers import jsonserializer, yamlserializer

from fcproxy.core.entropy import entropy
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.fake import Fake
from fcproxy.stripe.ids import ALPHABET
from fcproxy.vcr_format import parse, render, render_har
from fcproxy.vcr_format.allowed import COMMENT
from fcproxy.vcr_format.writer import STYLES
from tests.attacks.hunt import record, rng_for
from tests.attacks.places import LINE_PLACES, PLACES
from tests.attacks.prey import PREY
from tests.fake.support import ENDIVE, Caller, sdk
from tests.fake.test_sdk import drive

PUBLISHED = {
    "gitleaks, Stripe": r"\b(?:sk|rk)_(?:test|live|prod)_[a-zA-Z0-9]{10,99}(?:[\x60'\"\s;]|\\[nr]|$)",
    "detect-secrets, Stripe": r"(?:r|s)k_live_[0-9a-zA-Z]{24}",
    "trufflehog, Stripe": r"[rs]k_live_[a-zA-Z0-9]{20,30}",
    "gitleaks, JWT": r"\bey[a-zA-Z0-9]{17,}\.ey[a-zA-Z0-9\/\\_-]{17,}\.(?:[a-zA-Z0-9\/\\_-]{10,}={0,2})?",
    "gitleaks, private key": r"(?i)-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----",
    "GitHub, Stripe webhook": r"whsec_[A-Za-z0-9+/=]{16,}",
}
"""The scanners' published expressions."""

GENERIC = re.compile(
    r"(?i)(?:access|auth|api|credential|creds|key|passw(?:or)?d|secret|token)[ \t\w.-]{0,20}[\s'\"]{0,3}"
    r"(?:=|>|:|,)[\x60'\"\s=]{0,5}([\w.=-]{10,150}|[a-z0-9][a-z0-9+/]{11,}={0,3})(?:[\x60'\"\s;]|\\[nr]|$)"
)
"""What gitleaks' rule `generic-api-key` looks for (8.30.1): a value of 3.5 bits a character beside a telling name. It
passes over words that it lists, and over names; here are those that cassettes have."""

PASSED_OVER = re.compile(r"(?i)author|key[_.-]?id|client|request|[A-Za-z_.-]+$")


@cache
def cassette() -> bytes:
    """A recording that held every sort of secret in every place."""
    interactions = []
    for index, (where, place) in enumerate({**LINE_PLACES, **PLACES}.items()):
        prey = PREY[index % len(PREY)]
        value = prey.make(rng_for("scanners", where))
        interactions += [prey.teach(value), place(value)]
    return render([RedactedInteraction(one) for one in record(*interactions)])


@pytest.mark.parametrize("name", PUBLISHED)
def test_no_published_expression_matches(name: str) -> None:
    assert re.findall(PUBLISHED[name], cassette().decode()) == []


def guessed(text: str) -> list[str]:
    """What gitleaks' generic rule takes for a key."""
    values = [found[1] for found in GENERIC.finditer(text)]
    return [value for value in values if entropy(value) >= 3.5 and not PASSED_OVER.match(value)]


def rewritten(data: bytes, serializer: ModuleType = yamlserializer) -> str:
    """A cassette as VCR.py writes it after it has loaded it."""
    requests, responses = deserialize(data.decode(), yamlserializer)
    return str(serialize({"requests": requests, "responses": responses}, serializer))


def reported(path: Path, data: bytes) -> list[str]:
    """What detect-secrets says of a file, with all its plugins and filters as they come."""
    path.write_bytes(data)
    with default_settings():
        return [secret.secret_value or secret.type for secret in scan_file(str(path))]


class Watched(Fake):
    """Keeps what passed."""

    def __init__(self) -> None:
        super().__init__()
        self.passed: list[Interaction] = []

    def handle(self, request: Request) -> Response:
        response = super().handle(request)
        self.passed.append(Interaction(request, response))
        return response


@pytest.fixture(scope="module")
def everything() -> list[RedactedInteraction]:
    """A recording of every endpoint of the fake."""
    fake = Watched()
    drive(sdk(fake), Caller(fake))
    caller = Caller(fake)
    session = caller.post("/v1/crypto/onramp_sessions")
    caller.get(f"/v1/crypto/onramp_sessions/{session['id']}")
    caller.get("/v1/crypto/onramp/quotes", "source_amount=100&source_currency=usd")
    caller("GET", "/v2/core/event_destinations", Stripe_Version=ENDIVE)
    caller("GET", "/v2/core/events", Stripe_Version=ENDIVE)
    return [RedactedInteraction(one) for one in record(*fake.passed)]


@pytest.mark.parametrize("style", STYLES)
def test_detect_secrets_is_silent_on_every_product(
    tmp_path: Path, everything: list[RedactedInteraction], style: str
) -> None:
    data = render(everything, style=style)
    assert COMMENT.encode() in data
    assert reported(tmp_path / "c.yaml", data) == []
    assert len(parse(data, "c.yaml").interactions) == len(everything)


def test_detect_secrets_is_silent_on_every_place(tmp_path: Path) -> None:
    assert reported(tmp_path / "c.yaml", cassette()) == []


def test_the_generic_rule_takes_no_placeholder_for_a_key(everything: list[RedactedInteraction]) -> None:
    places = parse(cassette(), "c.yaml").interactions
    for interactions in (everything, [RedactedInteraction(one) for one in places]):
        for style in STYLES:
            data = render(interactions, style=style)
            assert guessed(data.decode()) == []
            assert guessed(rewritten(data)) == []
        assert guessed(render_har(interactions, "0").decode()) == []
    assert guessed(rewritten(render(everything), jsonserializer)) == []


@pytest.mark.parametrize("value", ["whsec_" + "REDACTED_12", "vs_1AbCd0EfGhAbCd0EfGhIjKl9_secret_test_" + "REDACTED_1"])
def test_the_generic_rule_would_take_another_form_for_one(value: str) -> None:
    assert guessed(f'          "secret": "{value}",\n')


def test_detect_secrets_sees_only_ids_in_what_others_rewrote(
    tmp_path: Path, everything: list[RedactedInteraction]
) -> None:
    data = render(everything)
    for name, text in (
        ("rewritten.yaml", rewritten(data)),
        ("c.har", render_har(everything, "0").decode()),
    ):
        found = reported(tmp_path / name, text.encode())
        assert found
        beside_ids = {re.sub(r"/v[12]/|[a-z]+_(?:test_)?[A-Za-z0-9]{14,}", "", one) for one in found}
        assert [rest for rest in beside_ids if not re.fullmatch(r"[a-z_/=\\]*", rest)] == []


ID = "fcsess_1" + "".join(random.Random(7).sample(ALPHABET, 23))
TOKEN = "".join(random.Random(8).sample(ALPHABET, 40))
BODIES = {
    "laid out": json.dumps({"id": ID}, indent=2).encode(),
    "one line": f"'{ID}'".encode(),
    "a form": f"session={ID}".encode(),
    "quoted line by line": f'{{\n  "id": "{ID}",\n  "text": "é"\n}}\n'.encode(),
    "beginning with blanks": f'\n  {{"id": "{ID}"}}\n\n\n'.encode(),
    "a path in JSON": f'{{\n"url": "/v1/financial_connections/sessions/{ID}"\n}}'.encode(),
    "a text within a text": json.dumps({"body": json.dumps({"id": ID})}, indent=2).encode(),
    "octets": random.Random(9).randbytes(200) + b"\xff",
    "readable base64": json.dumps(
        {"note": base64.b64encode(b"Nothing but words, in rather long lines.").decode()}
    ).encode(),
}


def file_of(*bodies: bytes, style: str) -> bytes:
    url = "https://api.stripe.com/v1/things"
    return render(
        [
            RedactedInteraction(Interaction(Request("POST", url, Headers(), body), Response(200, Headers(), body)))
            for body in bodies
        ],
        style=style,
    )


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("body", BODIES)
def test_a_comment_stands_where_the_scanner_looks(tmp_path: Path, body: str, style: str) -> None:
    data = file_of(BODIES[body], style=style)
    assert reported(tmp_path / "c.yaml", data) == []
    assert COMMENT.encode() in data
    assert reported(tmp_path / "bare.yaml", data.replace(COMMENT.encode(), b"").replace(COMMENT.strip().encode(), b""))
    (one,) = parse(data, "c.yaml").interactions
    assert (one.request.body, one.response.body) == (BODIES[body], BODIES[body])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "beside", [TOKEN, f"{ID}{TOKEN}", "sk_" + "live_" + TOKEN[:24], base64.b64encode(TOKEN.encode()).decode()]
)
def test_a_token_that_is_no_id_is_still_reported(tmp_path: Path, beside: str, style: str) -> None:
    data = file_of(json.dumps({"id": ID, "other": beside}, indent=2).encode(), style=style)
    assert COMMENT.encode() not in data
    assert any(beside in each for each in reported(tmp_path / "c.yaml", data))


@pytest.mark.parametrize("style", STYLES)
def test_a_body_that_ends_like_the_comment_stays_whole(style: str) -> None:
    bodies = [f'{{\n"id": "{ID}"}}{COMMENT}'.encode(), f"a{COMMENT}".encode(), COMMENT.encode()]
    assert [one.response.body for one in parse(file_of(*bodies, style=style), "c.yaml").interactions] == bodies
