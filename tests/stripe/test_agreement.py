"""What the audit refuses, the redactor does not leave: or a recording could not be kept."""

import json
import secrets
import time
from urllib.parse import quote, quote_plus

import pytest

from fcproxy.codings import DECODERS
from fcproxy.core import form
from fcproxy.core.audit import Auditor
from fcproxy.core.audit_rules import NameRule
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction, Redactor
from fcproxy.stripe.detector_names import NAMES as NAME_RULES
from fcproxy.stripe.detectors import DETECTORS, HEADERS
from fcproxy.stripe.secrets import default_redactor

TOKEN = "aB3" + secrets.token_hex(20)
FORM = Headers([("Content-Type", "application/x-www-form-urlencoded")])


def sent(path: str, body: str) -> Request:
    return Request("POST", f"https://api.stripe.com{path}", FORM, body.encode())


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
NAMES = (
    "vendor_api_key", "db_password", "shop_access_token", "tls_private_key", "shop_secret_key", "aws_secret_access_key",
)  # fmt: skip


def redacted(body: bytes, kind: str = "application/json", route: str = "/v1/things") -> RedactedInteraction:
    redactor = default_redactor(DECODERS)
    request = Request("GET", f"https://api.stripe.com{route}", Headers())
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
    assert json.loads(done.response.body) == {name: "REDACTED~1"}
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


VALUES: tuple[str | float, ...] = (
    "Zora Quillfeather9x", "4532015112830366", "839201746", "91.12.44.7", "zora@mailx9.org", "+4420794601",
    "qW9xZ8cV7bN6mA5sD4fG", "1971-03-04", "https://verify.stripe.com/start/test_qW9xZ8cV7bN6mA5sD4fG",
    '{"v": ["qW9xZ8cV7bN6mA5sD4fG"]}', 7734, 839201746, 12345678901234, -98765432109, 1.25e15,
)  # fmt: skip


def named(rule: NameRule, value: str | float) -> list[object]:
    """``value`` under each name of ``rule``, within each name and in each type of object that it asks for."""
    trees: list[object] = []
    for name in sorted(rule.names):
        leaf = {name: value}
        trees += [{around: leaf} for around in sorted(rule.within)]
        trees += [{"object": kind, **leaf} for kind in sorted(rule.objects)]
        trees += [] if rule.within or rule.objects else [leaf]
    return trees


@pytest.mark.parametrize("value", VALUES)
def test_each_name_that_the_audit_knows(value: str | float) -> None:
    """All of a value in one body: what of it the audit refuses before, it accepts after."""
    trees = [tree for rule in NAME_RULES for tree in named(rule, value)]
    if "://" not in str(value):
        trees = [tree for tree in trees if tree not in ({"websocketurl": value}, {"pollurl": value})]
    body = json.dumps(trees).encode()
    bare = Interaction(
        Request("GET", "https://api.stripe.com/v1/things", Headers()),
        Response(200, Headers([("Content-Type", "application/json")]), body, "OK"),
    )
    assert errors(bare) != []
    assert errors(redacted(body)) == []


@pytest.mark.parametrize("value", VALUES)
def test_each_header_that_the_audit_knows_told_in_a_body(value: str | float) -> None:
    names = sorted(name for rule in HEADERS for name in rule.names)
    trees = [tree for name in names for tree in ({name: value}, {"name": name, "value": value}, {"x": {name: [value]}})]
    assert errors(redacted(json.dumps([*trees, {"headers": trees}]).encode())) == []
    form = "&".join(
        f"{name}={quote(str(value))}&a[{n}][name]={name}&a[{n}][value]={quote(str(value))}"
        for n, name in enumerate(names)
    )
    assert errors(redacted(form.encode(), "application/x-www-form-urlencoded")) == []


UNTYPED = {
    "a list's url": (
        "/v1/things",
        {"object": "list", "url": "/v1/customers", "data": [{"id": "cus_1", "name": "HERE"}]},
    ),
    "a search's url": ("/v1/things", {"url": "/v1/customers/search", "data": [{"a": {"name": "HERE"}}]}),
    "a list in an object": ("/v1/things", {"object": "thing", "x": {"data": [{"name": "HERE"}], "url": "/v1/persons"}}),
    "the route": ("/v1/customers/cus_1AbC", {"id": "cus_1AbC", "name": "HERE"}),
    "the route of a list": ("/v1/customers?limit=3", {"data": [{"id": "cus_1", "name": "HERE"}], "has_more": False}),
    "the route of a card": ("/v1/issuing/cards/ic_1", {"number": "HERE"}),
    "the route of a page": ("/v1/checkout/sessions", {"url": "https://pay.example.com/c/HERE"}),
    "an event's type": (
        "/v1/events/evt_1",
        {"object": "event", "type": "customer.updated", "data": {"previous_attributes": {"name": "HERE"}}},
    ),
}
"""Route, and an answer whose objects do not tell their type."""


@pytest.mark.parametrize("case", UNTYPED)
def test_objects_that_do_not_tell_their_type(case: str) -> None:
    route, answer = UNTYPED[case]
    body = json.dumps(answer).replace("HERE", TOKEN).encode()
    assert TOKEN.encode() not in redacted(body, route=route).response.body


KEPT = {
    "a product's list": ("/v1/products", {"url": "/v1/products", "data": [{"name": "HERE"}]}),
    "a coupon that a customer has": ("/v1/customers/cus_1/discount", {"object": "coupon", "name": "HERE"}),
    "a product's event": (
        "/v1/events/evt_1",
        {"object": "event", "type": "product.updated", "data": {"previous_attributes": {"name": "HERE"}}},
    ),
    "an error": ("/v1/customers", {"error": {"type": "invalid_request_error", "param": "HERE", "code": "HERE"}}),
}


@pytest.mark.parametrize("case", KEPT)
def test_what_a_route_says_is_not_taken_too_far(case: str) -> None:
    route, answer = KEPT[case]
    body = json.dumps(answer).replace("HERE", "Gold plan 9").encode()
    assert redacted(body, route=route).response.body == body


@pytest.mark.parametrize(
    "clause", ["name:'{}'", 'name~"{}" AND created>100', "-name : '{}'", "metadata['a']:'b' OR name:'{}'"]
)
def test_who_is_searched_for_is_nobody_in_the_recording(clause: str) -> None:
    """docs.stripe.com/search: the query language of customers."""
    query = quote(clause.format("Jane Q. Doe"), safe="")
    sent = Request("GET", f"https://api.stripe.com/v1/customers/search?limit=3&query={query}", Headers())
    redactor = default_redactor(DECODERS)
    live = Interaction(sent, Response(200, Headers()))
    done = redactor.settle([redactor.redact(live)])[0]
    assert "Jane" not in done.request.url
    assert "Redacted%20Full%20Name%201" in done.request.url.replace("+", "%20")
    assert (errors(live), errors(done)) == (["search-query"], [])
    assert redactor.settle([redactor.redact(done)])[0] == done


def test_what_else_is_searched_for_stays() -> None:
    for path, clause in (("products", "name:'Gold'"), ("customers", "metadata['a']:'b'"), ("customers", "created>100")):
        sent = Request("GET", f"https://api.stripe.com/v1/{path}/search?query={quote(clause)}", Headers())
        redactor = default_redactor(DECODERS)
        one = Interaction(sent, Response(200, Headers()))
        assert redactor.settle([redactor.redact(one)]) == [one]
        assert errors(one) == []


NAMED_BESIDE = {
    "key": {"key": "api_key", "value": TOKEN},
    "name": {"settings": [{"x": 1, "value": TOKEN, "name": "X-Api-Key"}]},
    "a form's name": {"name": "customer[name]", "value": TOKEN},
    "a number": {"name": "account_number", "value": 839201746},
}


@pytest.mark.parametrize("case", NAMED_BESIDE)
def test_a_value_that_is_named_beside_it(case: str) -> None:
    """HTTP archives, HAR's params and settings are lists of such pairs."""
    body = json.dumps(NAMED_BESIDE[case])
    bare = Interaction(Request("GET", "https://api.stripe.com/v1/things", Headers()), answer(body))
    assert errors(bare) != []
    redactor = default_redactor(DECODERS)
    # The first may teach an outline; the name in the second is another value in the same one.
    redactor.redact(
        bare._replace(response=answer(body.replace("api_key", "colours").replace("X-Api-Key", "X-Colours")))
    )
    done = redactor.settle([redactor.redact(bare)])[0]
    assert errors(done) == []
    assert not any(secret in done.response.body for secret in (TOKEN.encode(), b"839201746"))


def answer(body: str) -> Response:
    return Response(200, Headers([("Content-Type", "application/json")]), body.encode(), "OK")


@pytest.mark.parametrize("pair", [("size", "medium-2"), ("colour", "green"), ("gift_wrap", "true")])
def test_what_else_is_named_beside_it_stays(pair: tuple[str, str]) -> None:
    body = json.dumps([{"key": pair[0], "value": pair[1]}, {"name": pair[0], "value": pair[1]}]).encode()
    assert redacted(body).response.body == body


@pytest.mark.parametrize(
    "types",
    [
        ("customer", "product"),
        ("product", "customer"),
        ("a", "customer", "b"),
        ("list", "customer"),
        ("coupon", "card"),
    ],
)
def test_an_object_that_tells_two_types(types: tuple[str, ...]) -> None:
    """Who reads a doubled key takes the first, or the last."""
    members = ",".join(f'"object":"{kind}"' for kind in types)
    body = f'{{{members},"name":"Wilma Testov","x":[{{"name":"Wilma Testov"}}]}}'
    done = redacted(body.encode())
    assert b"Wilma" not in done.response.body
    assert errors(done) == []
    bare = Interaction(Request("GET", "https://api.stripe.com/v1/things", Headers()), answer(body))
    assert "person-name" in errors(bare)


def test_a_list_that_tells_two_routes_and_an_event_with_two_types() -> None:
    for body in (
        '{"data":[{"name":"Wilma Testov"}],"url":"/v1/customers","url":"/v1/products"}',
        '{"object":"event","type":"customer.updated","type":"a.b","data":{"object":{"name":"Wilma Testov"}}}',
    ):
        assert b"Wilma" not in redacted(body.encode()).response.body


BELOW = {
    "an object": {"client_secret": {"value": TOKEN}},
    "deep": {"secret": {"a": [{"b": {"c": TOKEN}}]}},
    "a list": {"api_key": [{"a": TOKEN}, TOKEN]},
    "a key": {"client_secret": {TOKEN: True}},
    "a deep key": {"access_token": {"a": {TOKEN: {"b": None}}}},
    "in words": {"private_key": {"note": f"it is {TOKEN} now"}},
    "a suffix and a name": {"x": {"vendor_api_key": {"v": TOKEN}, "client_secret": {"v": TOKEN}}},
    "a pair": [["X-Api-Key", TOKEN]],
    "headers": {"request_headers": {"X-Own": TOKEN}, "headers": [["X-Own", TOKEN]]},
    "a state": {"state": {"a": TOKEN}, "session": {"b": TOKEN}, "nonce": [{"c": TOKEN}]},
    "pairs": {"rawHeaders": ["Accept", "*/*", "X-Api-Key", TOKEN, "Authorization", f"Bearer {TOKEN}"]},
    "a name that ends so": {"vendor_api_key": {"v": TOKEN}},
    "a key below a name that ends so": {"shop_access_token": {TOKEN: 1}},
    "a key below a token": {"token": {TOKEN: 1}, "signature": {TOKEN: 2}, "credentials": {TOKEN: 3}},
    "a pair whose name ends so": ["--vendor-api-key", TOKEN],
    "a token in a pair": ["token", TOKEN],
    "several values": [{"name": "X-Own", "values": ["a"]}, {"headers": {"values": [TOKEN], "name": "X-Own"}}],
}


@pytest.mark.parametrize("case", BELOW)
def test_what_stands_below_a_secret(case: str) -> None:
    body = json.dumps(BELOW[case])
    bare = Interaction(Request("GET", "https://api.stripe.com/v1/things", Headers()), answer(body))
    assert "unknown-token" in errors(bare)
    redactor = default_redactor(DECODERS)
    # The first may teach an outline; what stands in a list is a matter of values.
    redactor.redact(bare._replace(response=answer(body.replace("X-Api-Key", "colour").replace(TOKEN, "green"))))
    done = redactor.settle([redactor.redact(bare)])[0]
    assert TOKEN.encode() not in done.response.body
    assert errors(done) == []
    assert redactor.settle([redactor.redact(done)])[0].response == done.response


ORDINARY = {
    "id": "src_1AbCdEfGhIjKlMnOpQrStUvW", "object": "apps.secret", "type": "us_bank_account", "livemode": False,
    "created": 1700000000, "expires_at": "2026-05-27T10:00:00Z", "date": "2026-05-27", "version": "2026-05-27.dahlia",
    "status": "requires_action", "url": "/v1/apps/secrets", "last": "3d_secure_2", "algorithm": "sha256", "line1_check":
    "pass", "network": "visa", "number": 4242, "amount": "1099", "scope": {"type": "account"},
    "words": ["card", "link"], "entered_at": "2026-05-27T10:00:00.123456Z",
    "payment_method": "pm_1AbCdEfGhIjKlMnOpQrStUvW", "deleted": None,
    "cursor": "acct_1AbCdEfGhIjKlMnO",
}  # fmt: skip
"""Fields of objects that Stripe puts where a secret's name stands: a token, an authorization, an app's secret."""


@pytest.mark.parametrize(
    "name", ["token", "secret", "session", "headers", "authorization", "client_secret", "credential", "api_key"]
)
def test_an_object_where_a_secrets_name_stands_keeps_its_ordinary_fields(name: str) -> None:
    body = json.dumps({name: ORDINARY, "x": [{name: [ORDINARY]}]}).encode()
    assert redacted(body).response.body == body
    assert errors(redacted(body)) == []


def test_headers_in_json_that_tell_no_secret_stay() -> None:
    headers = {
        "Content-Type": "application/json; charset=utf-8", "Date": "Mon, 05 Jan 2026 10:00:00 GMT",
        "Via": "Stripe/v1 PythonBindings/16.1.0", "Stripe-Version": "2026-05-27.dahlia",
        "Request-Id": "req_AbCdEfGhIjKlMn", "Cache-Control": "no-cache, max-age=31536000", "Content-Length": "1234567",
    }  # fmt: skip
    body = json.dumps({"headers": headers, "response_headers": [list(pair) for pair in headers.items()]}).encode()
    assert redacted(body).response.body == body
    assert errors(redacted(body)) == []


BESIDE = {
    "flat": "name=client_secret&value=HERE",
    "turned round": "value=HERE&amount=5&key=X-Api-Key",
    "a list": "metadata[0][name]=colour&metadata[0][value]=red&metadata[1][name]=api_key&metadata[1][value]=HERE",
    "no numbers": "h[][value]=1&h[][name]=vendor_api_key&h[][value]=HERE",
    "escaped": "a%5B0%5D%5Bname%5D=Client-Secret&a%5B0%5D%5Bvalue%5D=HERE",
    "capitals": "Name=client_secret&Value=HERE",
    "a way": "name=card%5Bclient_secret%5D&value=HERE",
    "a key": "client_secret[HERE]=1",
    "a key in a list": "a[0][client_secret][x][HERE][]=1",
    "an escaped key": "a%5Bvendor_api_key%5D%5BHERE%5D=1",
    "a key below a token": "token[HERE]=1",
}


@pytest.mark.parametrize("where", ["form", "query", "in JSON", "answer"])
@pytest.mark.parametrize("case", BESIDE)
def test_what_stands_beside_a_name_or_in_a_key_in_a_form(case: str, where: str) -> None:
    text = BESIDE[case].replace("HERE", TOKEN)
    url = f"https://api.stripe.com/v1/things?a=1&{text}" if where == "query" else "https://api.stripe.com/v1/things"
    kind = "application/json" if where == "in JSON" else "application/x-www-form-urlencoded"
    body = json.dumps({"note": f"a=1&{text}"}) if where == "in JSON" else text
    headers = Headers([("Content-Type", kind)])
    bare = Interaction(
        Request("POST", url, headers, body.encode() if where == "form" else b""),
        Response(200, headers, body.encode() if where in ("in JSON", "answer") else b"", "OK"),
    )
    assert errors(bare) != []
    redactor = default_redactor(DECODERS)
    done = redactor.settle([redactor.redact(bare)])[0]
    assert TOKEN not in done.request.url
    assert TOKEN.encode() not in done.request.body + done.response.body
    assert errors(done) == []
    assert redactor.settle([redactor.redact(done)])[0] == done


CUSTOMER = json.dumps({"plan": "Gold", "name": "Wilma Testov"})
NESTED: dict[str, tuple[Request | str, str]] = {
    "JSON in a form": (sent("/v1/customers", f"metadata[more]={quote(CUSTOMER)}"), "Wilma"),
    "JSON in JSON": (json.dumps({"object": "customer", "metadata": {"more": CUSTOMER}}), "Wilma"),
    "JSON in a card": (json.dumps({"object": "card", "note": CUSTOMER}), "Wilma"),
    "a form in a form": (sent("/v1/customers", f"metadata[u]={quote('utm=a&name=Wilma&city=Bern')}"), "Wilma"),
    "words in a form": (sent("/v1/customers", f"description={quote('he said name=Wilma to us')}"), "Wilma"),
    "bare words in a form": (sent("/v1/customers", "description=name=Wilma"), "Wilma"),
    "a path in a form": (sent("/v1/customers", f"metadata[u]={quote('/x?name=Wilma Testov')}"), "Wilma"),
    "a URL in a form": (sent("/v1/customers", f"metadata[u]={quote('https://x.example/?name=Wilma')}"), "Wilma"),
    "words in an event": (
        json.dumps({"object": "event", "data": {"object": {"object": "customer", "note": "a; name=Wilma; b"}}}),
        "Wilma",
    ),
    "an object in words": (json.dumps({"object": "card", "note": f"INFO {CUSTOMER} sent"}), "Wilma"),
    "an object in a page": (json.dumps({"note": '<script>x({"phone": "839201746"});</script>'}), "839201746"),
    "below a secret in words": (json.dumps({"note": f'x {{"client_secret": {{"a": "{TOKEN}"}}}} y'}), TOKEN),
    "a pair in words": (json.dumps({"note": f'x {{"name": "client_secret", "value": "{TOKEN}"}} y'}), TOKEN),
    "an object cut short": (
        json.dumps({"note": '{"bank_account": {"account_number": "839201746501", "x'}),
        "839201746501",
    ),
    "a number cut short": (json.dumps({"note": '{"phone": 839201746, "x'}), "839201746"),
    "in another spelling": (json.dumps({"note": "{'phone': '839201746', 'x': None} came"}), "839201746"),
    "a telephone": (json.dumps({"note": "phone=839201746 is his"}), "839201746"),
    "a telephone in words in a form": (sent("/v1/things", "note=x+phone%3D839201746+city%3DBern"), "839201746"),
    "an address in words in a form": (sent("/v1/things", "note=write+to+zora%40mailx9.org+now"), "mailx9"),
    "an address in words in a query": (
        sent("/v1/things?note=mail%3A%20zora%40mailx9.org", "a=1"),
        "mailx9",
    ),
    "a telephone alone": (json.dumps({"note": "phone=839201746"}), "839201746"),
    "an account": (json.dumps({"note": "see account_number=839201746501 there"}), "839201746501"),
    "a token": (json.dumps({"note": f"private, token={TOKEN}"}), TOKEN),
    "a token behind a path": (json.dumps({"note": f"/in?token={TOKEN}"}), TOKEN),
    "a state": (json.dumps({"note": f"see state[a]={TOKEN} there"}), TOKEN),
    "a list": (json.dumps({"note": f"client_secret[]={TOKEN}"}), TOKEN),
    "quotes that are escaped": (json.dumps({"note": f'say my_secret_key=\\"{TOKEN}\\" there'}), TOKEN),
    "a form in words": (json.dumps({"note": f"see a={quote(f'client_secret[x]={TOKEN}&b=1')} there"}), TOKEN),
}


def anywhere(one: Interaction) -> bytes:
    return one.request.url.encode() + one.request.body + one.response.body


@pytest.mark.parametrize("case", NESTED)
def test_names_in_texts_stand_where_the_text_does(case: str) -> None:
    message, secret = NESTED[case]
    bare = (
        Interaction(Request("GET", "https://api.stripe.com/v1/things", Headers()), answer(message))
        if isinstance(message, str)
        else Interaction(message, Response(200, Headers()))
    )
    assert errors(bare) != []
    done = redactor_of(bare, secret.encode()).redact(bare)
    assert secret.encode() not in anywhere(done)
    redactor = default_redactor(DECODERS)
    settled = redactor.settle([redactor.redact(bare)])[0]
    assert secret.encode() not in anywhere(settled)
    assert errors(settled) == []
    assert redactor.settle([redactor.redact(settled)])[0] == settled


def redactor_of(one: Interaction, secret: bytes) -> Redactor:
    """One that has met an interaction of the same outline without the secret, and its texts where they tell nothing."""
    redactor = default_redactor(DECODERS)
    bodies = [
        body.replace(secret, b"12" if secret.isdigit() else b"green") for body in (one.request.body, one.response.body)
    ]
    redactor.redact(
        one._replace(request=one.request._replace(body=bodies[0]), response=one.response._replace(body=bodies[1]))
    )
    texts = [value for _, value in form.parse_pairs(one.request.body.decode())]
    if one.response.body:
        texts += [str(value) for value in json.loads(one.response.body).values()]
    redactor.redact(
        Interaction(
            Request("GET", "https://api.stripe.com/v1/things", Headers()),
            answer(json.dumps([{"free": text} for text in texts])),
        )
    )
    return redactor


def test_words_that_tell_nothing_stay() -> None:
    text = (
        "a=b limit=3 type=card brand=visa id=pi_3AbCdEfGhIjKlMnOpQrStUvW amount=1099 token=tok_visa code=card_declined"
        " country=US name=Gold9 <a width=100 x='1'> https://shop.example/x?page=2&size=10&name=Gold9 YQ== x=[1]"
        ' INFO {"id": "pi_3AbCdEfGhIjKlMnOpQrStUvW", "name": "Gold 9", "amount": 1099} \'code\': \'card_declined\' {"x'
    )
    for body in (
        json.dumps({"note": text}),
        json.dumps({"object": "product", "note": text}),
        json.dumps({"a": [text]}),
    ):
        assert redacted(body.encode()).response.body == body.encode()
        assert errors(redacted(body.encode())) == []


BRACKETED: dict[str, tuple[object, str]] = {
    "a person's": ({"billing_details[name]": "Wilma Testov"}, "Wilma"),
    "an account's": ({"x": [{"bank_account[account_number]": "839201746501"}]}, "839201746501"),
    "a number": ({"bank_account[account_number]": 839201746501}, "839201746501"),
    "a user's": ({"metadata[token]": TOKEN}, TOKEN),
    "escaped": ({"a%5Bclient_secret%5D": TOKEN}, TOKEN),
    "a list's": ({"customers[0][name]": "Wilma Testov", "tags[]": "x"}, "Wilma"),
    "an object's": ({"client_secret[a][b]": {"x": TOKEN}}, TOKEN),
    "a header's": ({"headers[X-Own]": {"x": [TOKEN]}}, TOKEN),
    "a form's pair": ({"owner[x]": {"name": "Wilma Testov"}}, "Wilma"),
}


@pytest.mark.parametrize("case", BRACKETED)
def test_keys_of_a_form_in_json(case: str) -> None:
    tree, secret = BRACKETED[case]
    body = json.dumps(tree)
    bare = Interaction(Request("GET", "https://api.stripe.com/v1/things", Headers()), answer(body))
    assert errors(bare) != []
    redactor = default_redactor(DECODERS)
    # The first may teach an outline.
    redactor.redact(bare._replace(response=answer(body.replace(secret, "12" if secret.isdigit() else "green"))))
    done = redactor.settle([redactor.redact(bare)])[0]
    assert secret.encode() not in done.response.body
    assert errors(done) == []


def test_ordinary_keys_with_brackets_stay() -> None:
    body = json.dumps({"product_data[name]": "Gold 9", "a[": {"b%": 1}, "[x]": "y", "%5B": "z", "items[0][price]": "p"})
    assert redacted(body.encode()).response.body == body.encode()
    assert errors(redacted(body.encode())) == []


@pytest.mark.parametrize(
    "tree",
    [
        {"name": "X-Api-Key", "values": [TOKEN]},
        {"key": "client_secret", "value": ["a", TOKEN]},
        {"Values": [TOKEN], "Name": "api_key"},
        {"note": f"metadata['client_secret']:'{TOKEN}'"},
    ],
)
def test_values_in_a_list_and_a_name_in_brackets(tree: dict[str, object]) -> None:
    body = json.dumps(tree)
    bare = Interaction(Request("GET", "https://api.stripe.com/v1/things", Headers()), answer(body))
    assert errors(bare) != []
    assert TOKEN.encode() not in redacted(body.encode()).response.body
    assert errors(redacted(body.encode())) == []


def test_what_a_challenge_quotes_goes_as_a_whole() -> None:
    challenge = Headers([("WWW-Authenticate", f'Bearer client_secret="x\\"{TOKEN}", realm="a"')])
    redactor = default_redactor(DECODERS)
    request = Request("GET", "https://api.stripe.com/v1/things", Headers())
    done = redactor.settle([redactor.redact(Interaction(request, Response(401, challenge)))])[0]
    assert done.response.headers.get("WWW-Authenticate") == 'Bearer client_secret="REDACTED~1", realm="a"'
    assert errors(done) == []


@pytest.mark.parametrize("name", ["billing_details[name]", "client_secret[a]"])
def test_the_name_of_a_part_is_read_as_a_forms(name: str) -> None:
    value = "Wilma Testov" if name.endswith("[name]") else TOKEN
    body = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n--b--\r\n'
    headers = Headers([("Content-Type", "multipart/form-data; boundary=b")])
    bare = Interaction(
        Request("POST", "https://api.stripe.com/v1/things", headers, body.encode()), Response(200, Headers())
    )
    assert errors(bare) != []
    redactor = default_redactor(DECODERS)
    done = redactor.settle([redactor.redact(bare)])[0]
    assert value.encode() not in done.request.body
    assert errors(done) == []


def test_ordinary_names_and_values_in_a_form_stay() -> None:
    for body in (
        b"custom_fields[0][name]=PO+number&custom_fields[0][value]=2024-000123A&name=Pro&value=aB3x9Kq7Zt2Lm5Rv8",
        b"value=requires_action&value_list=rsl_1AbCdEfGhIjKlMnOpQrStUvW&name=token",
        b"client_secret[expand]=true&session[payment_method_types][0]=card&token[pm_1AbCdEfGhIjKlMnOpQrStUvW]=1",
    ):
        headers = Headers([("Content-Type", "application/x-www-form-urlencoded")])
        one = Interaction(Request("POST", "https://api.stripe.com/v1/things", headers, body), Response(200, Headers()))
        redactor = default_redactor(DECODERS)
        assert redactor.settle([redactor.redact(one)]) == [one]
        assert errors(one) == []


@pytest.mark.parametrize(
    "body",
    [
        "&".join(f"a[][name]=n{number}&a[][value]=v{number}" for number in range(6000)),
        "{" + ",".join(f'"name": "n{number}", "value": "v{number}"' for number in range(6000)) + "}",
    ],
)
def test_names_and_values_are_read_in_time_that_grows_with_their_number(body: str) -> None:
    """Half a minute or more, where each value was asked of each name."""
    kind = "application/json" if body[0] == "{" else "application/x-www-form-urlencoded"
    began = time.perf_counter()
    assert errors(redacted(body.encode(), kind)) == []
    assert time.perf_counter() - began < 5


def test_names_that_are_all_new_are_looked_up_in_little_time() -> None:
    """Each was compared with each name of each row: 20 s for a form of a MiB."""
    body = "&".join(f"x{number}=1" for number in range(100_000))
    began = time.perf_counter()
    redacted(body.encode(), "application/x-www-form-urlencoded")
    assert time.perf_counter() - began < 5


def test_names_of_secrets_in_lists_of_words_stay() -> None:
    body = json.dumps(
        {
            "expand": ["client_secret", "payment_method"],
            "columns": ["api_key", "secret_key", "token", "sha256", "line1"],
        }
    ).encode()
    assert redacted(body).response.body == body
    assert errors(redacted(body)) == []


MARKUP = {
    "an input": '<form><input type="hidden" name="client_secret" value="HERE"></form>',
    "an input, turned round": '<input value="HERE" type=hidden id="x" name=client_secret>',
    "an input, single quotes": "<INPUT name='api_key' id='x' value='HERE'/>",
    "an input, bare": "<input name=access_token value=HERE >",
    "an input called token": '<input type="hidden" name="token" value="HERE">',
    "meta": '<head><meta name="csrf-token" content="HERE"></head>',
    "meta, turned round": '<meta content="HERE" name="csrf-token" />',
    "a namespace": "<r><a:client_secret>HERE</a:client_secret></r>",
    "attributes": '<r><client_secret type="x">HERE</client_secret></r>',
    "both, and CDATA": '<r><a:api_key xmlns:a="x">\n <![CDATA[HERE]]></a:api_key></r>',
}


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
@pytest.mark.parametrize("case", MARKUP)
def test_names_in_markup(case: str, kind: str) -> None:
    text = MARKUP[case].replace("HERE", TOKEN)
    body = json.dumps({"page": text}) if kind == "application/json" else text
    bare = Response(200, Headers([("Content-Type", kind)]), body.encode(), "OK")
    assert errors(Interaction(Request("GET", "https://api.stripe.com/v1/things", Headers()), bare)) != []
    done = redacted(body.encode(), kind)
    assert TOKEN.encode() not in done.response.body
    assert errors(done) == []


@pytest.mark.parametrize(
    "text",
    [
        "<p>token</p><password>see section 12 of the manual</password><h1>key 12345678</h1>",
        '<input name="client_secret" value="" placeholder="sk_..."><input name="quantity" value="12345678a">',
        '<meta name="viewport" content="width=device-width1"><meta name="keywords" content="secret">',
        "<tok:status>requires_action</tok:status><secret-name>my_secret_name</secret-name><token>token_2</token>",
    ],
)
def test_markup_without_secrets_stays(text: str) -> None:
    done = redacted(text.encode(), "text/html")
    assert done.response.body == text.encode()
    assert errors(done) == []


IN_HEADERS = {
    "a quoted parameter": ("WWW-Authenticate", 'Bearer realm="x", token="HERE"'),
    "a bare parameter": ("WWW-Authenticate", "Bearer realm=x, access_token=HERE"),
    "a quoted quote": ("WWW-Authenticate", 'Bearer realm="a\\"b", client_secret="HERE"'),
    "a code": ("Location", "/callback?code=HERE"),
    "a code and a state": ("Location", "/oauth/callback?state=HERE&code=HERE#x"),
    "elsewhere": ("Location", "//x.example/in?a=1&code=HERE"),
}


@pytest.mark.parametrize("case", IN_HEADERS)
def test_names_in_headers(case: str) -> None:
    name, value = IN_HEADERS[case]
    bare = Interaction(
        Request("GET", "https://api.stripe.com/v1/things", Headers()),
        Response(302, Headers([(name, value.replace("HERE", TOKEN))])),
    )
    redactor = default_redactor(DECODERS)
    done = redactor.settle([redactor.redact(bare)])[0]
    assert done.response.headers.get(name) == value.replace("HERE", "REDACTED~1")
    assert errors(bare) != []
    assert errors(done) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WWW-Authenticate", 'Basic realm="Stripe", charset="UTF-8"'),
        ("WWW-Authenticate", 'Bearer realm="api 2", error="invalid_token", error_description="The token expired"'),
        ("Location", "/v1/things?state=active&code=card_declined&starting_after=cus_AbCdEfGhIjKlMn"),
        ("Location", "/v1/things?code=404"),
    ],
)
def test_what_else_headers_tell_stays(name: str, value: str) -> None:
    one = Interaction(
        Request("GET", "https://api.stripe.com/v1/things", Headers()), Response(302, Headers([(name, value)]))
    )
    redactor = default_redactor(DECODERS)
    assert redactor.settle([redactor.redact(one)]) == [one]
    assert errors(one) == []


def test_where_a_network_address_is_goes_and_where_a_supplier_is_stays() -> None:
    for place in ({"latitude": 37.774929, "longitude": -122.419416}, {"latitude": "48.137154", "longitude": "11"}):
        body = json.dumps({"object": "review", "ip_address_location": {"country": "US", **place}})
        done = redacted(body.encode())
        assert not any(str(one) in done.response.body.decode() for one in place.values() if len(str(one)) > 3)
        assert errors(done) == []
        bare = Interaction(Request("GET", "https://api.stripe.com/v1/reviews/prv_1", Headers()), answer(body))
        assert "ip-address" in errors(bare)
        stays = json.dumps({"object": "climate.supplier", "locations": [{"country": "US", **place}]}).encode()
        assert redacted(stays).response.body == stays
        assert errors(redacted(stays)) == []


@pytest.mark.parametrize(
    "clause",
    ['billing_details.name:"{}"', "status:'x' AND shipping.name~'{}'", '-customer_details.individual_name:"{}"'],
)
def test_who_is_searched_for_by_a_path(clause: str) -> None:
    query = quote(clause.format("Jane Q. Doe"), safe="")
    sent = Request("GET", f"https://api.stripe.com/v1/charges/search?query={query}", Headers())
    redactor = default_redactor(DECODERS)
    live = Interaction(sent, Response(200, Headers()))
    done = redactor.settle([redactor.redact(live)])[0]
    assert "Jane" not in done.request.url
    assert (errors(live), errors(done)) == (["search-query"], [])


@pytest.mark.parametrize("query", ["name" * 25_000, "a." * 50_000, "name." * 20_000 + ":'x'"])
def test_a_search_is_read_in_time_that_grows_with_its_length(query: str) -> None:
    """A minute or more, where a name was looked for from each of its letters."""
    body = json.dumps({"customer": {"query": query}}).encode()
    began = time.perf_counter()
    errors(redacted(body))
    assert time.perf_counter() - began < 5


def test_what_else_is_searched_for_by_a_path_stays() -> None:
    for clause in ("payment_method_details.card.brand:'visa'", "shipping.username:'Gold 9'", "product.name:'Gold 9'"):
        sent = Request("GET", f"https://api.stripe.com/v1/charges/search?query={quote(clause)}", Headers())
        redactor = default_redactor(DECODERS)
        one = Interaction(sent, Response(200, Headers()))
        assert redactor.settle([redactor.redact(one)]) == [one]
        assert errors(one) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"at": 1790000000, "by": 20261130001}',
        "Ref: 20261130001",
        "a, 20261130001",
        "(12) 20261130001",
        "sum = 1.234.567.890",
        "Ref: 20261130001 shipped today again",
        "due: 2026-11-30 now; cus_AbCdEfGhIjKlMn 2026-12-01",
        'paid, 371449635398431; "q"',
    ],
)
def test_a_number_behind_a_blank_is_no_telephone_number(text: str) -> None:
    done = taken(sent("/v1/payment_intents", f"description={quote_plus(text)}"))
    assert done.request.body.decode() == f"description={quote_plus(text)}"
    assert errors(done) == []


def taken(request: Request) -> Interaction:
    redactor = default_redactor(DECODERS)
    return redactor.settle([redactor.redact(Interaction(request, Response(200, Headers())))])[0]


def test_an_escaped_quote_is_no_value_to_the_audit() -> None:
    note = json.dumps({"note": json.dumps({"text": 'see line1="below" here'})})
    done = redacted(json.dumps({"object": "product", "description": f"it says {note}"}).encode())
    assert errors(done) == []


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("call Zora (email=zora@mailx9.org).", "call Zora (email=redacted-1%40example.com)."),
        ("a@mailx9.org; phone=+442079460123, ok.", "redacted-1@example.com; phone=%2B12015550100, ok."),
        ("(access_token=aB3rNpOvDbZHWg4VDN2aPiel4R2p6sQNG).", "(access_token=REDACTED~1)."),
        ("password=Hunter22xyzQ.", "password=REDACTED~1."),
        ("{email=zora@mailx9.org}", "{email=redacted-1%40example.com}"),
        ("email=zora@mailx9.org;", "email=redacted-1%40example.com;"),
    ],
)  # fmt: skip
def test_signs_behind_a_value_in_words_stay(text: str, stays: str) -> None:
    for body in ({"description": text}, {"note": json.dumps({"text": text})}):
        done = redacted(json.dumps(body).encode())
        assert done.response.body == json.dumps(body).encode().replace(text.encode(), stays.encode())
        assert errors(done) == []
        assert redacted(done.response.body).response.body == done.response.body
    form = taken(sent("/v1/things", f"description={quote_plus(text)}"))
    assert form.request.body.decode() == f"description={quote(stays, safe='')}"
    assert errors(form) == []


@pytest.mark.parametrize(
    "form", ["destination={}&amount=1000", "limit=10&account={}", "account={}&created[gte]=1790000000"]
)
def test_an_account_beside_a_number_is_no_quoted_printable(form: str) -> None:
    body = form.format("acct_1032D82eZvKYlo2C")
    done = taken(sent("/v1/transfers", body))
    assert done.request.body.decode() == body
    assert errors(done) == []
