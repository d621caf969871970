"""The quick look never clears what the close look would not."""

import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcproxy.core.audit_layers import opens
from fcproxy.core.audit_report import Report
from fcproxy.core.audit_tree import Context
from fcproxy.core.audit_triage import _SOME_TAIL
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.server import audit_files
from fcproxy.server.audit_files import Settings, audit_bytes
from fcproxy.vcr_format import render
from fcproxy.vcr_format.allowed import without_comments
from tests.core.audit_support import auditor, client_secret, drawn, exchange, secret_key
from tests.core.test_audit import CONTAINERS, ENCODINGS
from tests.stripe.test_detectors import HARMLESS, SHAPE_IDS, SHAPES, named_fields

KEY = Settings(b"k" * 16)
_TOKEN = drawn(24)


STYLES = ("readable", "compact")


def _cassette(*interactions: Interaction, style: str = "readable") -> bytes:
    return render([RedactedInteraction(interaction) for interaction in interactions], style=style)


def _quick(interaction: Interaction) -> Report:
    """With an auditor that has seen much harmless traffic, so that its memory is full of what is clean."""
    reports = [
        audit_bytes(_cassette(*SEEN, interaction, style=style), "a.yaml", settings=KEY, auditor=WARM)
        for style in STYLES
    ]
    assert reports[0].exit_code == reports[1].exit_code
    return reports[0]


def _session(number: int) -> Interaction:
    body = {
        "id": f"fcsess_1{drawn(23)}",
        "object": "financial_connections.session",
        "client_secret": f"fcsess_client_secret_REDACTED~{number}",
        "created": 1_700_000_000 + number,
        "accounts": {"object": "list", "data": [{"id": f"fca_1{drawn(23)}", "last4": "0001", "balance": None}]},
        "livemode": False,
    }
    headers = (("Content-Type", "application/json"), ("Request-Id", f"req_{drawn(14)}"), ("Server", "nginx"))
    asked = (("Authorization", "Bearer sk_test_REDACTED~1"), ("Idempotency-Key", f"REDACTED~idempotency-key-{number}"))
    form = f"account_holder[type]=customer&account_holder[customer]=cus_{drawn(14)}&permissions[0]=balances".encode()
    url = "https://api.stripe.com/v1/financial_connections/sessions"
    return exchange(
        json.dumps(body, indent=2).encode(), url=url, headers=headers, request_headers=asked, request_body=form
    )


SEEN = [_session(number) for number in range(1, 3)]
WARM = auditor()


@pytest.mark.parametrize("style", STYLES)
def test_usual_cassettes_need_no_close_look(style: str) -> None:
    data = _cassette(*(_session(number) for number in range(1, 40)), style=style)
    text = without_comments(data.decode())
    triage = auditor().triage
    parts = triage.skeleton("\n" + text.removeprefix("interactions:\n").removesuffix("\nversion: 1\n")).split("\n- ")
    assert [triage.clean(f"- {part}\n").clean for part in parts[1:]] == [True] * 39
    report = audit_bytes(data, "a.yaml", settings=KEY)
    assert report.findings == ()
    assert (report.coverage.interactions, report.coverage.bodies) == (39, 78)


def _places(value: str) -> list[Interaction]:
    document = {"id": f"fca_1{drawn(23)}", "note": value, "livemode": False}
    pretty = json.dumps(document, indent=2).encode()
    request = Request("GET", "https://api.stripe.com/v1/things", Headers())
    flat = value.replace("\n", " ").replace("\r", " ")
    return [
        exchange(pretty),
        exchange(json.dumps(document).encode()),
        exchange(value.encode()),
        exchange(request_body=value.encode()),
        exchange(json.dumps({"list": [value, "x"]}, indent=2).encode()),
        exchange(json.dumps({flat: None}, indent=2).encode()),
        exchange(headers=(("X-Note", flat),)),
        exchange(request_headers=(("Content-Type", flat),)),
        exchange(url=f"https://api.stripe.com/v1/things/{flat}"),
        exchange(url=f"https://api.stripe.com/v1/things?note={flat}"),
        Interaction(request, Response(200, Headers(), b"{}", flat)),
    ]


@pytest.mark.parametrize("name", ENCODINGS)
def test_no_encoding_slips_through(name: str) -> None:
    for interaction in _places(ENCODINGS[name](secret_key())):
        close = WARM.interaction(interaction)
        assert bool(_quick(interaction).findings) == bool(close)


@pytest.mark.parametrize(("rule", "value"), SHAPES, ids=SHAPE_IDS)
def test_no_shape_slips_through(rule: str, value: str) -> None:
    del rule
    for interaction in _places(value):
        close = WARM.interaction(interaction)
        assert bool(_quick(interaction).findings) == bool(close)


@pytest.mark.parametrize("document", [field for _, field in named_fields()], ids=lambda v: next(iter(v)))
def test_no_field_slips_through(document: object) -> None:
    for body in (document, {"data": [document]}, {"object": "event", "data": {"object": document}}):
        assert _quick(exchange(json.dumps(body, indent=2).encode())).findings


@pytest.mark.parametrize("name", CONTAINERS)
def test_no_container_slips_through(name: str) -> None:
    assert _quick(exchange(CONTAINERS[name](drawn(24)))).findings


@pytest.mark.parametrize("document", HARMLESS, ids=lambda v: next(iter(v)))
def test_harmless_documents_stay_silent(document: object) -> None:
    assert _quick(exchange(json.dumps(document, indent=2).encode())).findings == ()


@pytest.mark.parametrize(
    "value",
    [
        client_secret(),
        "sk_" + "test_" + drawn(24),
        "acct_" + "c2tfdGVzdF9" + "hYmNkZWZnaGlqa2xtbm9w",
        "id_1" + "736b5f746573745f6162636465666768696a6b6c6d6e6f70",
    ],
    ids=["client secret", "key", "base64", "hex"],
)
def test_what_poses_as_an_id_is_found(value: str) -> None:
    for interaction in _places(value):
        assert _quick(interaction).findings


def test_names_are_wary_of_their_path() -> None:
    url = "https://api.stripe.com/v1/customers"
    assert _quick(exchange(url="https://api.stripe.com/v1/products", request_body=b"name=Blue")).findings == ()
    assert _quick(exchange(url=url, request_body=b"name=Blue")).findings
    assert _quick(exchange(request_body=b"metadata[a]=" + drawn(30).encode())).findings


@pytest.mark.parametrize("style", STYLES)
def test_a_users_own_data_needs_no_close_look(style: str) -> None:
    """What differs from one to the next by a number, what is told by its place, what is escaped in a form."""
    form = "address[city]=Redacted%20City%20{n}&metadata[order]=order-{n:06d}&email=redacted-{n}%40example.com"
    made = [
        exchange(
            json.dumps(
                {"object": "product", "name": "Gold", "metadata": {"order": f"order-{n:06d}"}}, indent=2
            ).encode(),
            url="https://api.stripe.com/v1/products?limit=100",
            request_body=form.format(n=n).encode(),
        )
        for n in range(1, 30)
    ]
    triage = auditor().triage
    text = without_comments(_cassette(*made, style=style).decode())
    parts = triage.skeleton("\n" + text.removeprefix("interactions:\n").removesuffix("\nversion: 1\n")).split("\n- ")
    glances = [triage.clean(f"- {part}\n") for part in parts[1:]]
    assert [(glance.bodies, glance.clean, sorted(glance.layers)) for glance in glances] == [
        (2, True, ["percent", "quoted-printable"])
    ] * 29


@pytest.mark.parametrize(
    "place", ["address[city]={}", "metadata[a]=1&address[city]={}", "dob[day]=3&dob[month]=4&dob[year]={}"]
)
def test_no_pair_of_a_form_hides_behind_another(place: str) -> None:
    for number in range(3):
        assert _quick(
            exchange(request_body=place.format("1985" if "dob" in place else f"Lyon{number}").encode())
        ).findings


def test_keys_that_stand_twice_are_both_seen() -> None:
    line = _cassette(exchange(b"{}"), style="compact").decode()
    doubled = line.replace('"uri": ', f'"uri": "https://x.example/?client_secret={drawn(20)}", "uri": ')
    assert audit_bytes(doubled.encode(), "a.yaml", settings=KEY, auditor=WARM).findings


def test_a_copy_in_a_clean_looking_interaction_is_found() -> None:
    secret = "tail_" + drawn(24)
    source = exchange(request_headers=(("Authorization", f"Bearer {secret}"),))
    echo = exchange(json.dumps({"id": secret}, indent=2).encode())
    report = audit_bytes(_cassette(*SEEN, echo, source), "a.yaml", settings=KEY, auditor=WARM)
    assert {(finding.interaction, finding.rule) for finding in report.findings} == {
        (2, "learned"),
        (3, "authorization-header"),
    }


def test_what_is_unreadable_keeps_its_number() -> None:
    report = audit_bytes(_cassette(*SEEN, exchange(bytes(range(256)))), "a.yaml", settings=KEY, auditor=WARM)
    assert [(finding.interaction, finding.rule) for finding in report.findings] == [(2, "unreadable")]
    assert report.coverage.interactions == 3


_words = st.sampled_from(
    ["id", "name", "email", "note", "metadata", "secret", "number", "value", "dob", "card", "object", "phone"]
)
_texts = st.one_of(
    st.sampled_from(
        ["x", "Jenny Rosen", "jenny" + "@" + "rosen.org", "card", "customer", "REDACTED~1", "Redacted Name 1"]
    ),
    st.sampled_from(
        [drawn(24), "cus_" + drawn(14), "415 555 2671", "4539578763621486", "1985-04-03", "00012", secret_key()]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
)
_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 10**17), _texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_words, inner, max_size=4)),
    max_leaves=12,
)


_names = st.one_of(
    _words,
    st.sampled_from(["metadata[order]", "address[city]", "dob[day]", "dob[month]", "dob[year]", "card[number]", "a[]"]),
    st.sampled_from(["metadata[shop_token]", "account_holder[type]", "shipping[name]", "x[0][value]", "url"]),
)
_pairs = st.one_of(
    st.tuples(_names, st.one_of(_texts, st.sampled_from(["order-000123", "ab-12345", "14", "1985", "https://x.io"]))),
    st.tuples(_names, _texts.map(lambda text: quote(text, safe=""))),
    st.tuples(_names, _texts.map(quote_plus)),
)
_forms = st.lists(_pairs, max_size=4).map(lambda pairs: "&".join(f"{k}={v}" for k, v in pairs))


@settings(max_examples=100, deadline=None)
@given(
    _values,
    _forms,
    st.sampled_from(["Server", "X-Other", "Content-Type", "Cookie"]),
    _texts,
    st.sampled_from(["customers", "things", "persons", "customers?name=Jenny"]),
    st.sampled_from(STYLES),
)
def test_the_quick_look_agrees_with_the_close_one(
    body: object, form: str, header: str, value: str, path: str, style: str
) -> None:
    interaction = exchange(
        json.dumps(body, indent=2).encode(),
        url=f"https://api.stripe.com/v1/{path}",
        request_body=form.encode(),
        headers=((header, value.strip()),),
    )
    data = _cassette(*SEEN, interaction, style=style)
    quick = audit_bytes(data, "a.yaml", settings=KEY, auditor=WARM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit_files, "quick_report", lambda *_: None)
        close = audit_bytes(data, "a.yaml", settings=KEY, auditor=WARM)
    assert quick.findings == close.findings
    assert quick.coverage.interactions == close.coverage.interactions
    assert quick.coverage.bodies == close.coverage.bodies
    assert quick.coverage.layers.keys() == close.coverage.layers.keys()


# What tells by its name and by what stands beside or above it, in ever new combinations of a few words.
_telling_values = st.recursive(
    st.one_of(
        st.none(),
        st.sampled_from([1, 14, 1985]),
        st.sampled_from(["Jenny Rosen", "X-Api-Key", "color", "plan", "customer", "REDACTED~1", "00012", _TOKEN]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["object", "name", "key", "value", "client_secret", "headers", "note", "plan", "day"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=10,
)
_telling_forms = st.lists(
    st.tuples(
        st.sampled_from(
            ["name", "key", "value", "a[name]", "a[value]", "a[day]", "a[month]", "a[year]", "client_secret[x]", "note"]
        ),
        st.sampled_from(["Jenny%20Rosen", "X-Api-Key", "color", "4", "12", "1985", "https://x.io", _TOKEN]),
    ),
    max_size=4,
).map(lambda pairs: "&".join(f"{k}={v}" for k, v in pairs))


@settings(max_examples=300, deadline=None)
@given(_telling_values, _telling_forms, st.sampled_from(["customers", "things"]), st.sampled_from([None, 2]))
def test_what_was_clean_elsewhere_is_not_taken_for_clean_here(
    body: object, form: str, path: str, indent: int | None
) -> None:
    interaction = exchange(
        json.dumps(body, indent=indent).encode(), url=f"https://api.stripe.com/v1/{path}", request_body=form.encode()
    )
    text = without_comments(_cassette(interaction).decode())
    part = LEARNT.triage.skeleton(text.removeprefix("interactions:\n").removesuffix("version: 1\n"))
    if LEARNT.triage.clean(part).clean:
        assert LEARNT.interaction(interaction) == []


LEARNT = auditor()
"""Remembers what is clean from one example to the next."""


@pytest.mark.parametrize(
    ("harmless", "telling"),
    [
        ({"object": "plan", "name": "Jenny Rosen"}, {"object": "customer", "name": "Jenny Rosen"}),
        ({"name": "Color", "value": "hunter2hunter2"}, {"name": "X-Api-Key", "value": "hunter2hunter2"}),
        ({"key": "Color", "value": "hunter2hunter2"}, {"key": "X-Api-Key", "value": "hunter2hunter2"}),
        ({"product": {"name": "Jenny Rosen"}}, {"billing_details": {"name": "Jenny Rosen"}}),
        ({"product": {}, "name": "Jenny Rosen"}, {"owner": {"name": "Jenny Rosen"}}),
        ({"metadata": {"a": "harmless"}}, {"metadata": {"a": _TOKEN}}),
        ({"client_secret": {"a": "x"}}, {"client_secret": {_TOKEN: "x"}}),
        (["X-Api-Key", "b"], ["X-Api-Key", _TOKEN]),
        ({"password": ["REDACTED~1"]}, {"password": ["hunter2hunter2"]}),
        ({"object": "customer", "name": [["x"]]}, {"object": "customer", "name": [["Jenny Rosen"]]}),
        ({"dob": {"year": "1985", "Day": "x", "Month": "y"}}, {"dob": {"year": "1985", "Day": "4", "Month": "12"}}),
    ],
    ids=str,
)
@pytest.mark.parametrize("indent", [None, 2])
def test_what_tells_about_a_value_is_part_of_what_is_remembered(
    harmless: object, telling: object, indent: int | None
) -> None:
    def written(number: int, data: object) -> str:
        return json.dumps({"id": number, "data": data}, indent=indent, separators=(",", ":"))

    warm = auditor()
    root = Context()
    for number in range(2):
        assert warm.triage._document(written(number, harmless), root)
    body = written(1, telling)
    assert warm.interaction(exchange(body.encode()))
    assert not warm.triage._document(body, root)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ["my_secret_thing", "api_key_1", "passwordHash", "access_token_x"])
def test_a_name_that_says_in_words_what_its_value_is_is_seen(name: str, indent: int | None) -> None:
    assert _quick(exchange(json.dumps({name: "hunter2hunter2"}, indent=indent).encode())).findings


def test_octets_are_seen_one_a_line() -> None:
    body = json.dumps({"data": list(secret_key().encode())}, indent=2)
    assert {finding.rule for finding in _quick(exchange(body.encode())).findings} == {"secret-key"}


@pytest.mark.parametrize(
    "body",
    [
        '--x\r\nContent-Disposition: form-data; name="account_number"\r\n\r\n12345678\r\n--x--\r\n',
        "\0".join(secret_key()) + "\0",
        "\0".join("name=Jenny Rosen") + "\0",
    ],
    ids=["multipart", "wide", "wide form"],
)
def test_a_body_that_is_no_plain_text_is_read_closely(body: str) -> None:
    assert _quick(exchange(url="https://api.stripe.com/v1/customers", request_body=body.encode())).findings


@pytest.mark.parametrize("style", STYLES)
def test_a_body_under_a_coding_is_read_closely(style: str) -> None:
    coded = exchange(b"{}", headers=(("Content-Encoding", "gzip"),))
    text = without_comments(_cassette(coded, style=style).decode())
    part = text.removeprefix("interactions:\n").removesuffix("version: 1\n")
    assert not auditor().triage.clean(part).clean


def test_json_that_is_no_yaml_is_unreadable() -> None:
    broken = _cassette(exchange(b"{}"), style="compact").replace(b'"body": {"string"', b'"body"\n: {"string"')
    assert [finding.rule for finding in audit_bytes(broken, "a.yaml", settings=KEY).findings] == ["unreadable"]


@pytest.mark.parametrize("scalar", ["- x", "]x", "}x", ",x", "x:", "x: y"])
def test_a_body_that_is_no_yaml_makes_the_file_unreadable(scalar: str) -> None:
    broken = _cassette(*SEEN, exchange(request_body=b"BODY")).replace(b"BODY", scalar.encode())
    assert {finding.rule for finding in audit_bytes(broken, "a.yaml", settings=KEY).findings} == {"unreadable"}


def test_an_id_with_a_phones_digits_is_one_below_that_name() -> None:
    assert _quick(exchange(json.dumps({"phone": "tel_4155552671"}).encode())).findings


BROKEN = [
    '{\n  "object": "plan",\n  "amount": 007,\n  "name": "Jenny Rosen"\n}',
    '{\n  "object": "plan",\n  "note": "a\tb",\n  "name": "Jenny Rosen"\n}',
    '{\n\u3000"object": "plan",\n  "note": "a",\n  "name": "Jenny Rosen"\n}',
    '{\n  "object": "plan",\n  "note": "a"\n  "name": "Jenny Rosen"\n}',
    '[\n  "X-Api-Key",\n\n]',
]


@pytest.mark.parametrize("body", BROKEN)
def test_json_that_is_none_is_read_closely(body: str) -> None:
    triage = auditor().triage
    root = Context(frozenset(("customer",)), frozenset(("customer",)))
    assert triage._document('{\n  "object": "plan",\n  "note": "a",\n  "name": "Jenny Rosen"\n}', root)
    assert triage._document('[\n  "X-Api-Key",\n  "b"\n]', root)
    assert not triage._document(body, root)


def test_what_stands_for_ids_is_harmless_itself() -> None:
    for prefix in ("id", "financial_connections", "api.stripe.com/v1/things/fcsess"):
        assert auditor().text(prefix + _SOME_TAIL, "text") == []
    assert not opens(_SOME_TAIL[1:])
    assert len(_SOME_TAIL) > 60
