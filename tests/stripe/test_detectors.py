"""Every row finds what it is for, and leaves alone what looks like it."""

import json
import re

import pytest

from fcproxy.core.audit_rules import HeaderRule, NameRule, Shape
from fcproxy.stripe.detectors import DETECTORS
from tests.core.audit_support import drawn, exchange, found, rules, rules_in

SHAPES = [
    ("secret-key", "sk_" + "test_" + drawn(24)),
    ("secret-key", "sk_" + "live_" + drawn(99)),
    ("secret-key", "rk_" + "live_" + drawn(24)),
    ("secret-key", "rkcs_" + "test_" + drawn(24)),
    ("secret-key", "sk_" + "org_test_" + drawn(24)),
    ("secret-key", "sk_" + "org_" + drawn(24)),
    ("secret-key", "uk_" + "test_" + drawn(24)),
    ("secret-key", "pst_" + "test_" + drawn(24)),
    ("legacy-key", "sk_" + drawn(24)),
    ("access-key", "oak_" + drawn(12)),
    ("publishable-key", "pk_" + "test_" + drawn(24)),
    ("ephemeral-key", "ek_" + "test_" + drawn(40) + "=="),
    ("key-tail", "sk_" + "test_***" + drawn(6)),
    ("webhook-secret", "whsec_" + drawn(32)),
    ("client-secret", "fcsess_client_" + "secret_" + drawn(24)),
    ("client-secret", "fcsess_" + drawn(24) + "_secret_" + drawn(24)),
    ("client-secret", "pi_" + drawn(24) + "_secret_" + drawn(25)),
    ("client-secret", "seti_" + drawn(24) + "_secret_" + drawn(31)),
    ("client-secret", "vs_" + drawn(24) + "_secret_" + "test_" + drawn(60) + "-_="),
    ("client-secret", "cos_" + drawn(24) + "_secret_" + drawn(35)),
    ("client-secret", "accs_" + "secret__" + drawn(47)),
    ("client-secret", "cuss_" + "secret_" + drawn(47)),
    ("client-secret", "src_client_" + "secret_" + drawn(24)),
    ("client-secret", "zzz_brandnew_" + "secret_" + drawn(30)),
    ("checkout-session", "cs_" + "test_" + drawn(58)),
    ("oauth-code", "ac_" + drawn(32)),
    ("oauth-code", "rt_" + drawn(32)),
    ("oauth-code", "ca_" + drawn(32)),
    ("single-use-token", "tok_" + drawn(24)),
    ("single-use-token", "btok_" + drawn(24)),
    ("single-use-token", "ctoken_" + drawn(24)),
    ("hosted-url", "https://verify.stripe.com/start/test_" + drawn(40)),
    ("hosted-url", "https://crypto.link.com?session_hash=" + drawn(40)),
    ("hosted-url", "https://billing.stripe.com/p/session/test_" + drawn(40)),
    ("hosted-url", "https://pay.stripe.com/receipts/" + drawn(40)),
    ("url-credentials", "https://shop:" + drawn(12) + "@hooks.example.org/stripe"),
    ("bearer", "Bearer " + drawn(30)),
    ("private-key", "-----BEGIN RSA " + "PRIVATE KEY-----"),
    ("jwt", "ey" + "J" + drawn(20) + ".ey" + "J" + drawn(20) + "." + drawn(20)),
    ("vendor-key", "AK" + "IA" + "ABCDEFGHIJ234567"),
    ("vendor-key", "gh" + "p_" + drawn(36)),
    ("email", "jenny" + "@" + "rosen.org"),
    ("email", "jenny.rosen+x" + "@" + "example.com"),
    ("card-number", "4539 5787 6362 1486"),
    ("card-number", "4539578763621486"),
    ("card-number", "378734493671000"),
    ("ssn", "123-45-" + "6789"),
    ("iban", "DE44 5001 0517 5407 3249 31"),
    ("phone", "+1 415 555 2671"),
    ("phone", "+4930123456789"),
    ("wallet", "0x" + "52908400098527886E0F7030069857D2E4169EE7"),
]


SHAPE_IDS = [f"{rule} {number}" for number, (rule, _) in enumerate(SHAPES)]


@pytest.mark.parametrize(("rule", "value"), SHAPES, ids=SHAPE_IDS)
def test_a_shape_is_found_in_free_text(rule: str, value: str) -> None:
    assert rule in rules_in(f"the answer said {value} and went on")


@pytest.mark.parametrize(("rule", "value"), SHAPES, ids=SHAPE_IDS)
def test_a_shape_is_found_in_both_directions(rule: str, value: str) -> None:
    assert rules(exchange(json.dumps({"note": value}).encode()))
    assert rules(exchange(request_body=json.dumps({"note": value}).encode()))
    assert rules(exchange(headers=(("X-Note", value),)))


def named_fields() -> list[tuple[str, object]]:
    token = drawn(20)
    owner = {"object": "financial_connections.account_owner", "name": "Jenny Rosen"}
    return [
        ("client-secret-field", {"client_secret": token}),
        ("client-secret-field", {"clientSecret": token}),
        ("client-secret-field", {"confirmation": {"Client-Secret": token}}),
        ("secret-field", {"object": "webhook_endpoint", "secret": token}),
        ("secret-field", {"access_token": token}),
        ("secret-field", {"refresh_token": token}),
        ("secret-field", {"device_token": token}),
        ("secret-field", {"ssid": {"personal_psk": token}}),
        ("secret-field", {"custom_api_key": token}),
        ("secret-field", {"object": "apps.secret", "payload": token}),
        ("secret-field", {"websocket_url": f"wss://cli.example/subscribe/{token}"}),
        ("access-token", {"url": f"https://shop.example/hook?token={drawn(12)}"}),
        ("email", {"receipt_email": "someone\u00e9" + "@" + "post.fr"}),
        ("phone", {"phone": "415 555 2671"}),
        ("search-query", {"customer": {"query": "name:'Jenny Rosen'"}}),
        ("person-name", owner),
        ("person-name", {"billing_details": {"name": "Jenny Rosen"}}),
        ("person-name", {"first_name": "Jenny"}),
        ("person-name", {"account_holder_name": "Jenny Rosen"}),
        ("person-name", {"full_name_aliases": ["Jen R"]}),
        ("address", {"raw_address": "1 Main Street"}),
        ("address", {"address": {"line1": "1 Main Street"}}),
        ("address", {"billing_details": {"address": {"city": "Springfield"}}}),
        ("birth-date", {"dob": {"day": 3, "month": 4, "year": 1985}}),
        ("birth-date", {"date_of_birth": "1985-04-03"}),
        ("birth-place", {"unparsed_place_of_birth": "Lyon"}),
        ("national-id", {"id_number": "123456780"}),
        ("national-id", {"ssn_last_4": "6789"}),
        ("national-id", {"tax_ids": [{"type": "eu_vat", "value": "DE287654321"}]}),
        ("national-id", {"document": {"number": "L01X00T47"}}),
        ("bank-account", {"account_number": "998877665544"}),
        ("bank-account", {"routing_number": "026009593"}),
        ("bank-account", {"sort_code": "20-33-98"}),
        ("card-number", {"card": {"number": "4539578763621486"}}),
        ("card-number", {"card": {"number": 4539578763621486}}),
        ("card-code", {"card": {"cvc": "847"}}),
        ("card-code", {"cryptogram": drawn(20)}),
        ("ip-address", {"client_ip": "81.2.69.142"}),
        ("ip-address", {"online": {"ip_address": "2a02:1210::1"}}),
        ("device", {"guid": "7f3b2a10-" + drawn(12)}),
        ("wallet", {"transaction_details": {"wallet_address": "1" + drawn(30)}}),
        ("wallet", {"wallet_addresses": {"solana": drawn(40)}}),
        ("purchase", {"object": "financial_connections.transaction", "description": "CORNER SHOP 0042"}),
        ("unknown-token", {"metadata": {"session": drawn(32)}}),
        ("unknown-value", {"metadata": {"order": drawn(32)}}),
        ("unknown-token", {"request_details": {"headers": [{"name": "X-Hub", "value": drawn(32)}]}}),
    ]


@pytest.mark.parametrize(("rule", "document"), named_fields(), ids=lambda v: v if isinstance(v, str) else "")
def test_a_named_field_is_found_at_any_depth(rule: str, document: object) -> None:
    assert rule in rules(exchange(json.dumps(document).encode()))
    assert rule in rules(exchange(json.dumps({"data": [{"object": "event", "data": {"object": document}}]}).encode()))


@pytest.mark.parametrize(
    ("rule", "pairs"),
    [
        ("client-secret-field", "client_secret=" + drawn(20)),
        ("client-secret-field", "a[b][client_secret]=" + drawn(20)),
        ("address", "customer_details%5Baddress%5D%5Bline1%5D=1+Main+Street"),
        ("national-id", "customer_details[tax_ids][0][value]=DE287654321"),
        ("national-id", "tax_id_data[][value]=DE287654321"),
        ("email", "provided_details[email]=jenny%40rosen.org"),
        ("birth-date", "individual[dob][day]=3&individual[dob][month]=4&individual[dob][year]=1985"),
        ("card-number", "card[number]=4539578763621486"),
        ("card-code", "card[cvc]=847"),
        ("person-name", "shipping[name]=Jenny+Rosen"),
        ("ip-address", "customer_ip_address=81.2.69.142"),
    ],
)
def test_forms_and_queries_are_read_by_name(rule: str, pairs: str) -> None:
    assert rule in rules(exchange(request_body=pairs.encode()))
    assert rule in rules(exchange(url=f"https://api.stripe.com/v1/things?{pairs}"))


def test_the_name_of_a_new_customer_is_known_by_its_path() -> None:
    url = "https://api.stripe.com/v1/customers"
    assert "person-name" in rules(exchange(url=url, request_body=b"name=Jenny+Rosen"))
    assert rules(exchange(url="https://api.stripe.com/v1/products", request_body=b"name=Blue+Hat")) == set()


@pytest.mark.parametrize(
    ("rule", "name", "value"),
    [
        ("authorization-header", "Authorization", "Bearer " + drawn(8)),
        ("authorization-header", "authorization", "Basic eHg6eXk="),
        ("authorization-header", "Proxy-Authorization", "Digest abc"),
        ("cookie-header", "Cookie", "a=b4"),
        ("cookie-header", "SET-COOKIE", "sid=12345; Path=/"),
        ("telemetry-header", "X-Stripe-Client-Telemetry", '{"last_request_metrics":{}}'),
        ("telemetry-header", "X-Stripe-Client-User-Agent", '{"platform":"Linux"}'),
        ("address-header", "X-Forwarded-For", "81.2.69.142"),
        ("key-header", "X-Api-Key", "abc"),
        ("unknown-token", "X-Acme", drawn(32)),
    ],
)
def test_a_header_that_must_not_be_there(rule: str, name: str, value: str) -> None:
    assert rule in rules(exchange(request_headers=((name, value),)))
    assert rule in rules(exchange(headers=((name, value),)))


HARMLESS = [
    {"id": "fcsess_1MwtnGLkdIwHu7ixs7NPQ7dq", "object": "financial_connections.session", "client_secret": None},
    {"id": "pi_3MtwBwLkdIwHu7ix28a3tqPa", "created": 1680800504, "amount": 4242424242424, "amount_cents": 123456789},
    {
        "secretary": "Bob Smith",
        "keyboard": "qwertz",
        "token_type": "bearer",
        "cvc_check": "pass",
        "id_number_provided": True,
    },
    {"url": "/v1/financial_connections/accounts", "has_more": False, "status": "requires_payment_method"},
    {"transacted_at": 1700000000123, "latency_ms": 1700000000123456, "type": "ac_present", "debit": "cs_debit"},
    {
        "payment_method": "pm_card_visa",
        "source": "tok_visa",
        "bank": "btok_us_verified",
        "account": "acct_1MwtnGLkdIwHu7ix",
    },
    {"card": {"number": "4242424242424242", "cvc": "123", "exp_month": 8}, "routing_number": "110000000"},
    {
        "account_number": "000123456789",
        "iban": "DE89370400440532013000",
        "email": "nobody+janesmith" + "@" + "stripe.com",
    },
    {"object": "product", "name": "Blue Hat", "description": "A hat", "tax_code": "txcd_99999999"},
    {"object": "climate.supplier", "name": "Climeworks", "locations": [{"city": "Hellisheidi", "country": "IS"}]},
    {"request_log_url": "https://dashboard.stripe.com/test/logs/req_AbCdEf123456Gh?t=1793188800"},
    {"idempotency_key": "7e2a1f0c-3b5d-4f6a-8c9b-0a1b2c3d4e5f", "sha": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"},
    {"websocket_url": "ws://127.0.0.1:12111/_fcproxy/fake/cli/REDACTED~5", "websocket_id": "REDACTED~5"},
    {"token": "tok_visa", "signature": "none", "sig": None},
    {"password": None, "secret": "", "access_token": True, "metadata": {"order_id": "6735"}},
    {"error": {"message": "No such customer: 'cus_NffrFeUfNV2Hib'", "type": "invalid_request_error", "param": "id"}},
    {"version": "2026-05-27.dahlia", "doc_url": "https://stripe.com/docs/error-codes/parameter-unknown"},
    {"object": "list", "data": [{"object": "plan", "name": "Gold"}], "task_test_configuration": "sk_test_mode"},
]


@pytest.mark.parametrize("document", HARMLESS, ids=lambda v: next(iter(v)))
def test_what_must_survive_stays_silent(document: object) -> None:
    assert found(exchange(json.dumps(document, indent=2).encode())) == []


@pytest.mark.parametrize(
    "text",
    [
        "account_holder[type]=customer&account_holder[customer]=cus_NiKSWdaFz2F6I0&permissions[]=balances",
        "limit=100&starting_after=fca_1MwtnGLkdIwHu7ixs7NPQ7dq&created[gte]=1680800504",
        "amount=4242424242424&currency=usd",
        "The secretary keeps the key: password is required, token: see the docs.",
    ],
)
def test_harmless_text_stays_silent(text: str) -> None:
    assert rules_in(text) == set()
    assert found(exchange(request_body=text.encode())) == []


def test_harmless_headers_stay_silent() -> None:
    headers = (
        ("Content-Type", "application/json"),
        ("Request-Id", "req_" + drawn(14)),
        ("Idempotency-Key", "7e2a1f0c-3b5d-4f6a-8c9b-0a1b2c3d4e5f"),
        ("Stripe-Version", "2026-05-27.dahlia"),
        ("User-Agent", "Stripe/v1 PythonBindings/16.1.0"),
        ("ETag", '"' + drawn(32) + '"'),
        ("Stripe-Account", "acct_" + drawn(16)),
        ("Location", "https://api.stripe.com/v1/things/fcsess_" + drawn(24)),
    )
    assert found(exchange(headers=headers, request_headers=headers)) == []


ROWS: list[Shape | NameRule | HeaderRule] = [*DETECTORS.shapes, *DETECTORS.names, *DETECTORS.headers]


def test_every_row_says_what_it_is_and_compiles() -> None:
    for shape in DETECTORS.shapes:
        assert re.compile(shape.pattern)
        assert bool(shape.literals) != bool(shape.mask)
    described = DETECTORS.described()
    for row in ROWS:
        assert described[row.rule]
        assert row.what
        assert row.source


def test_every_rule_of_the_table_is_exercised_here() -> None:
    tried = {rule for rule, _ in SHAPES} | {rule for rule, _ in named_fields()}
    headers = {row.rule for row in DETECTORS.headers}
    assert {row.rule for row in ROWS} - headers - tried - {"oauth-code"} == set()
    assert headers == {"authorization-header", "cookie-header", "telemetry-header", "address-header", "key-header"}
