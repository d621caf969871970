"""Symmetry where a secret is recognised only after a copy of it has been read."""

import secrets
from base64 import b64encode
from urllib.parse import quote

import pytest

from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.modes import Mode
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import default_redactor
from tests.core.conversation import written


@pytest.mark.parametrize("form", ["note={0}&api_key={0}", "api_key={0}&note={0}", "note=x{0}y&password={0}"])
def test_a_secret_recognised_late_matches_at_once(form: str) -> None:
    value = f"Zq9{secrets.token_hex(8)}"
    request = Request(
        "POST",
        f"https://api.stripe.com/v1/customers/{value}",
        Headers([("Content-Type", "application/x-www-form-urlencoded")]),
        form.format(value).encode(),
    )
    recorder = stripe_deck(Mode.RECORD, default_redactor(), None, cassette="c.yaml")
    redacted = recorder.redactor.redact(Interaction(request, Response(200, Headers(), b"")))
    kept = written(recorder, [(0, redacted)])
    assert value.encode() not in kept[0].request.body
    assert value not in kept[0].request.url
    player = stripe_deck(Mode.REPLAY, default_redactor(), kept, cassette="c.yaml")
    assert type(player.decide(request)).__name__ == "Replay"


@pytest.mark.parametrize("form", ["note={0}", "note=see+{0}+there&a=b"])
def test_an_encoded_secret_matches_again_once_it_is_learned(form: str) -> None:
    secret = f"sk_{'test'}_{secrets.token_hex(12)}"
    headers = Headers([("Content-Type", "application/x-www-form-urlencoded")])

    def sent(secret: str) -> Request:
        encoded = b64encode(f"the key {secret} of it".encode()).decode()
        return Request("POST", "https://api.stripe.com/v1/customers", headers, form.format(quote(encoded)).encode())

    redactor = default_redactor()
    kept = redactor.settle([redactor.redact(Interaction(sent(secret), Response(200, Headers(), b"")))])
    for one in (secret, f"sk_{'test'}_{secrets.token_hex(12)}"):
        player = stripe_deck(Mode.REPLAY, default_redactor(), kept, cassette="c.yaml")
        assert type(player.decide(sent(one))).__name__ == "Replay"
