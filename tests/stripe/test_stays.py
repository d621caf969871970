"""What must survive redaction, byte for byte: over-redaction is a bug."""

import json

import pytest

from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.stripe.secrets import PUBLISHED, default_redactor

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
@pytest.mark.parametrize("name", ["number", "account_number", "routing_number", "email", "id_number", "note"])
def test_published_test_values_stay(name: str, value: str) -> None:
    text = json.dumps({"object": "card", name: value})
    assert through(received=text.encode()).response.body.decode() == text
