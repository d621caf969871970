"""What the audit refuses, the redactor does not leave: or a recording could not be kept."""

import json
import secrets

import pytest

from fcproxy.codings import DECODERS
from fcproxy.core.audit import Auditor
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.stripe.detectors import DETECTORS
from fcproxy.stripe.secrets import default_redactor

TOKEN = "aB3" + secrets.token_hex(20)
UPPER = "A2" + secrets.token_hex(7).upper()
HEX = "1" + secrets.token_hex(20)[1:]

TEXTS = {
    "portal": (f"see https://billing.stripe.com/p/session/test_{TOKEN} now", TOKEN),
    "receipt": (f"see https://pay.stripe.com/receipts/payment/{TOKEN} now", TOKEN),
    "invoice": (f"https://invoice.stripe.com/i/acct_1AbCdEfGhIjKlMnO/test_{TOKEN}", TOKEN),
    "token in a link": (f"https://shop.example/x?token={TOKEN}&a=1", TOKEN),
    "password in a link": (f"https://bob:{TOKEN}@shop.example/x", TOKEN),
    "wallet": (f"paid to 0x{HEX} today", HEX),
    "cloud key": (f"key AKIA{UPPER} ok", UPPER),
    "forge key": (f"gh ghp_{TOKEN} ok", TOKEN),
}
NAMES = ("vendor_api_key", "db_password", "shop_access_token", "tls_private_key")


def redacted(body: bytes, kind: str = "application/json") -> RedactedInteraction:
    redactor = default_redactor(DECODERS)
    request = Request("GET", "https://api.stripe.com/v1/things", Headers())
    one = Interaction(request, Response(200, Headers([("Content-Type", kind)]), body, "OK"))
    return redactor.settle([redactor.redact(one)])[0]


def errors(interaction: Interaction) -> list[str]:
    found = Auditor(DETECTORS, DECODERS, b"k" * 32).interaction(interaction)
    return [finding.rule for finding in found if finding.level == "error"]


@pytest.mark.parametrize("case", TEXTS)
def test_free_text(case: str) -> None:
    text, secret = TEXTS[case]
    done = redacted(json.dumps({"description": text}).encode())
    assert secret.encode() not in done.response.body
    assert errors(done) == []
    assert redacted(done.response.body).response.body == done.response.body


@pytest.mark.parametrize("name", NAMES)
def test_names_that_end_so(name: str) -> None:
    done = redacted(json.dumps({name: TOKEN}).encode())
    assert json.loads(done.response.body) == {name: "REDACTED_1"}
    assert errors(done) == []


def test_ids_of_the_users_own_stay_and_are_only_warned_of() -> None:
    body = json.dumps({"metadata": {"order": "aZ9" + TOKEN[:8] + "QwErTyUiOpKjHgFd7x"}}).encode()
    done = redacted(body)
    assert done.response.body == body
    assert errors(done) == []
    named = redacted(json.dumps({"metadata": {"shop_token": "xY" + TOKEN}}).encode())
    assert TOKEN.encode() not in named.response.body
    assert errors(named) == []


def test_latin_1_without_a_charset_is_readable() -> None:
    assert errors(redacted("café crème".encode("latin-1"), "text/plain")) == []


@pytest.mark.parametrize("path", ["/v1/tax/locations", "/v1/terminal/locations", "/v1/customers"])
def test_a_city_goes_by_its_field_and_not_by_the_route(path: str) -> None:
    form = Headers([("Content-Type", "application/x-www-form-urlencoded")])
    sent = Request("POST", f"https://api.stripe.com{path}", form, b"address[country]=DE&address[city]=Berlin")
    redactor = default_redactor(DECODERS)
    done = redactor.settle([redactor.redact(Interaction(sent, Response(200, Headers())))])[0]
    assert b"Berlin" not in done.request.body
    assert errors(done) == []
