"""What must survive redaction, byte for byte: over-redaction is a bug."""

import json
from urllib.parse import quote, quote_plus

import pytest

from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.stripe.ids import IDS, Shape
from fcproxy.stripe.secrets import default_redactor
from fcproxy.stripe.test_values import PUBLISHED
from tests.attacks.hunt import rng_for
from tests.attacks.prey import letters

API = "https://api.stripe.com/v1/"

ANSWERS: dict[str, object] = {
    "session": {
        "id": "fcsess_1AbCdEfGhIjKlMnOpQrStUvW",
        "object": "financial_connections.session",
        "created": 1700000000,
        "livemode": False,
        "status": "active",
        "amount": 12345678901,
        "currency": "usd",
        "country": "US",
        "accounts": {"object": "list", "has_more": False, "url": "/v1/financial_connections/accounts"},
        "metadata": {
            "order": "6735",
            "key": "value 12345678",
            "secretary": "Alice",
            "state": "CA",
            "code": "promo2024",
            "payload": "x",
            "value": "abc",
            "name": "Plan A",
        },
    },
    "error": {
        "error": {
            "type": "invalid_request_error",
            "code": "parameter_missing",
            "param": "account_holder[customer]",
            "message": "Missing required param: account_holder[customer].",
            "doc_url": "https://stripe.com/docs/error-codes/parameter-missing",
        }
    },
    "product": {
        "object": "product",
        "name": "T-shirt large",
        "description": "Comfortable",
        "id": "prod_Abc123",
        "unit_label": "piece",
        "url": "https://example.com/shirt",
        "tax_code": "txcd_99999999",
    },
    "supplier": {
        "object": "climate.supplier",
        "id": "climsup_x",
        "name": "Charm Industrial",
        "info_url": "https://x.example",
        "locations": [{"city": "San Francisco", "country": "US", "latitude": 37.7, "region": "CA"}],
    },
    "climate product": {
        "object": "climate.product",
        "id": "climsku_x",
        "name": "Frontier",
        "metric_tons_available": "2500",
    },
    "tax": {
        "object": "tax.calculation",
        "tax_date": 1700000000,
        "customer_details": {
            "address": {"country": "US", "state": "CA"},
            "address_source": "shipping",
            "taxability_override": "none",
        },
        "tax_breakdown": [{"amount": 100, "tax_rate_details": {"percentage_decimal": "8.5", "tax_type": "sales_tax"}}],
        "line_items": {"url": "/v1/tax/calculations/taxcalc_1AbCdEfGhIjKlMnOpQrStUvW/line_items"},
    },
    "identity": {
        "object": "identity.verification_session",
        "id_number_provided": True,
        "options": {"document": {"allowed_types": ["driving_license", "passport"], "require_id_number": True}},
        "last_error": {"code": "document_expired", "reason": "The document is expired."},
    },
    "charge": {
        "object": "charge",
        "payment_method_details": {
            "card": {"brand": "visa", "last4": "4242", "checks": {"cvc_check": "pass", "address_line1_check": None}}
        },
        "payment_method": "pm_card_visa",
        "source": "tok_visa",
        "token_type": "card",
        "pin_required": False,
        "phone_verified": True,
        "email_type": "work",
        "statement_descriptor": "ACME SHOP",
    },
    "onramp": {
        "object": "crypto.onramp_session",
        "transaction_details": {
            "destination_currency": "eth",
            "destination_amount": "0.1",
            "lock_wallet_address": False,
        },
    },
    "coupon": {"object": "coupon", "id": "SUMMER2024", "code": "SUMMER2024", "name": "Summer sale", "key": "x"},
    "search": {"object": "search_result", "next_page": "WzEsInN0cmlwZSJd", "url": "/v1/customers/search", "data": []},
    "odd texts": [
        "2024-01-02 10:11:12",
        "1700000000000",
        "+1 day",
        "a@b",
        "v1.2.3.4",
        "3.14159265358979",
        "secretary@",
        "12345678-1234-1234-1234-123456789012",
        "ac_present",
        "ca_qst",
        "rt_date",
        "cs_debit",
        "pi_error",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "Your secret: see below",
        "password must have 8 letters",
        "keyboard",
        1700000000123,
        4532015112830366000,
    ],
    "words": {"bin": "data", "pin": "map pin", "secrets_count": 3, "key_type": "rsa", "values": ["a"]},
    "forwarded type": {"request_details": {"headers": [{"name": "Content-Type", "value": "application/json"}]}},
}

REQUESTS = {
    "parameters": "limit=3&starting_after=fca_1AbCdEfGhIjKlMnOpQrStUvW&expand[]=data.ownership&created[gte]=1700000000"
    "&type=document&country=US&currency=usd&amount=2000&metadata[key]=value&metadata[state]=CA&filters[countries][0]=US"
    "&permissions[]=balances&code=promo&state=active&name=Gold+plan&key=abc&url=https%3A%2F%2Fexample.com%2Fhook",
    "spelling": "a=&b&c=%7e&d=+x+&e[]=1&e[]=2&%66=g",
}

URLS = (
    API + "financial_connections/accounts?limit=10&account_holder[customer]=cus_AbCdEfGhIjKlMn&page=WzEsInN0cmlwZSJd",
    API + "customers/search?query=metadata%5B%27order%27%5D%3A%276735%27",
    API + "charges?created[gte]=1700000000&ending_before=ch_3AbCdEfGhIjKlMnOpQrStUvW",
)


def through(url: str = API + "things", sent: bytes = b"", received: bytes = b"{}") -> Interaction:
    redactor = default_redactor()
    one = Interaction(
        Request("POST", url, Headers([("Content-Type", "application/x-www-form-urlencoded")]), sent),
        Response(200, Headers([("Content-Type", "application/json")]), received, "OK"),
    )
    return redactor.settle([redactor.redact(one)])[0]


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_stays(name: str) -> None:
    text = json.dumps(ANSWERS[name], indent=2)
    assert through(received=text.encode()).response.body.decode() == text


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_stays(name: str) -> None:
    assert through(sent=REQUESTS[name].encode()).request.body.decode() == REQUESTS[name]


@pytest.mark.parametrize("url", URLS)
def test_a_url_stays(url: str) -> None:
    assert through(url).request.url == url


@pytest.mark.parametrize("value", sorted(PUBLISHED))
def test_published_test_values_stay(value: str) -> None:
    names = ("number", "account_number", "routing_number", "email", "id_number", "first_name", "note")
    text = json.dumps([{"object": "card", name: value} for name in names])
    assert through(received=text.encode()).response.body.decode() == text


LATER = "ab in py po txn fee tr trr dp sub si price plan il ii cn src ba card link_1 file fcsess mandate"
"""Prefixes of ids of products that are not here."""

WORDS = """
secretary secrets_count monkey keyboard tokens tokenize passwordless pinned authorization_code_flow cardboard
emailed phonetic nameplate addressed cvc_check account_numbers bank_account_token customer_email_missing
client_secret_missing payment_method_unactivated identity_document requires_payment_method
financial_connections.account.refreshed_balance usd eur jpy US DE GB America/New_York en-GB true false null none
application/json 2026-10-28.endive txcd_99999999 climsku_frontier climsup_charm tok_visa btok_us_verified
pm_card_visa pm_usBankAccount_success src_card_visa acct_test seti_missing ac_present rt_date ca_quebec cs_debit
REDACTED~1 sk_test_REDACTED~1 [redacted] ************4242 ****
"""

NUMBERS = (
    "0", "1", "-1", "2000", "12345678901", "0.1", "19.99", "1e21", "1700000000", "1700000000123", "4102444800",
    "2026-11-30", "2026-11-30T00:01:02Z", "2026-11-30T00:01:02.003+01:00", "P30D", "555-1234", "+1", "+5%", "1/2",
    "v1.2.3.4.5", "123456789", "110000000000", "100000000000000000", "6.02214076", "08:15:00", "90210", "EU372000041",
)  # fmt: skip

CURSORS = ("WzEsInN0cmlwZSJd", "eyJvZmZzZXQiOjEwfQ==", "MTA=", "next_page_2", "", "bbb", "1")


def _ids() -> list[str]:
    rng = rng_for("stays", "ids")
    sizes = {Shape.LONG: 24, Shape.SHORT: 14, Shape.ACCOUNT: 16}
    made = [
        one.prefix + (rng.randbytes(32).hex() if one.shape is Shape.HEX else letters(rng, sizes[one.shape]))
        for kind, one in IDS.items()
        if kind != "balance_token"  # stands for a bank account: a secret
    ]
    return [*made, *(f"{prefix}_{letters(rng, 24)}" for prefix in LATER.split())]


PLAIN = [*_ids(), *WORDS.split(), *NUMBERS, *CURSORS]


@pytest.mark.parametrize("ascii_only", [True, False])
def test_ids_words_numbers_and_cursors_stay_in_json(ascii_only: bool) -> None:
    values = [value for value in PLAIN if value]
    tree = {
        "object": "list",
        "url": "/v1/things",
        "data": [{"object": "thing", "id": value, "metadata": {"key": value}, "note": [value]} for value in values],
        "flat": dict(zip(values, values, strict=True)),
        "numbers": [2000, 1700000000, 1700000000123, 0.5, -1, 123456789, 10**15],
    }
    text = json.dumps(tree, indent=2, ensure_ascii=ascii_only)
    assert through(received=text.encode()).response.body.decode() == text


def test_ids_words_numbers_and_cursors_stay_in_a_form() -> None:
    text = "&".join(f"metadata[k{at}]={quote_plus(value)}&x[]={quote(value)}" for at, value in enumerate(PLAIN))
    assert through(sent=text.encode()).request.body.decode() == text


def test_ids_words_numbers_and_cursors_stay_in_urls() -> None:
    for value in PLAIN:
        url = f"{API}things/{quote(value, safe='')}/lines?starting_after={quote_plus(value)}&expand[]=data.owner"
        assert through(url).request.url == url


def test_ids_words_numbers_and_cursors_stay_in_free_text() -> None:
    text = json.dumps({"message": "; ".join(f"No such thing: '{value}', as asked" for value in PLAIN)})
    assert through(received=text.encode()).response.body.decode() == text


COUNTRIES = ("US", "DE", "GB", "FR", "JP", "AU", "CA", "BR", "IN", "MX", "NZ", "SE", "CH")


def test_what_tax_and_money_need_stays() -> None:
    tree = [
        {
            "object": "tax.calculation", "currency": "usd", "amount_total": 1953, "tax_date": 1700000000,
            "customer_details": {"address": {"country": country, "state": "CA"}, "taxability_override": "none"},
            "tax_breakdown": [{"jurisdiction": {"display_name": "California", "level": "state", "country": country}}],
        }
        for country in COUNTRIES
    ]  # fmt: skip
    text = json.dumps(tree)
    assert through(received=text.encode()).response.body.decode() == text


EVERYDAY_SECRETS = ("transactions", "financial_connections", "customer", "succeeded", "Incorrect", "payment_methods")


@pytest.mark.parametrize("word", EVERYDAY_SECRETS)
def test_a_password_that_is_an_everyday_word_takes_it_from_nowhere_else(word: str) -> None:
    answer = {"object": word, "status": word, "permissions": [word], "message": f"No such {word}", "password": word}
    done = through(f"{API}{word}/x?expand[]=data.{word}", f"password={word}".encode(), json.dumps(answer).encode())
    assert done.request.url == f"{API}{word}/x?expand[]=data.{word}"
    assert done.request.body == b"password=REDACTED~1"
    assert json.loads(done.response.body) == {**answer, "password": "REDACTED~1"}


def test_what_stripe_itself_has_hidden_stays() -> None:
    tree = {
        "card": {"number": "************4242", "cvc": "***"},
        "headers": [{"name": "X-Api-Key", "value": "****"}],
        "verified_outputs": {"email": "[redacted]", "first_name": "[redacted]", "dob": None},
        "country": "[redacted]",
    }
    text = json.dumps(tree)
    assert through(received=text.encode()).response.body.decode() == text
    assert b"6789" not in through(received=b'{"ssn_last_4": "*****6789"}').response.body


def test_digits_that_were_recognised_are_not_taken_from_longer_numbers() -> None:
    answer = {"tax_ids": [{"value": "839201746"}], "amount": 8392017461, "note": "to 1839201746 and 839201746"}
    done = json.loads(through(received=json.dumps(answer).encode()).response.body)
    assert done == {**answer, "tax_ids": [{"value": "000000001"}], "note": "to 1839201746 and 000000001"}
