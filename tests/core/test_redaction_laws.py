"""Laws of redaction, for the kinds of secret and for whole recordings."""

import json
import random
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcproxy.codings import DECODERS
from fcproxy.core.canonical import canonical
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.placeholders import Kind
from fcproxy.stripe.kinds import KINDS
from fcproxy.stripe.matching import MATCHING
from fcproxy.stripe.secrets import RULES, default_redactor
from tests.attacks.hunt import record, rng_for
from tests.attacks.places import LINE_PLACES, PLACES, interaction
from tests.attacks.prey import PREY, letters

SAMPLES = {
    "secret": ["sk_" + "test_" + "A1b2C3d4E5f6G7h8", "whsec_" + "A1b2C3d4E5f6G7h8", "opaque-1234"],
    "card": ["4532015112830366", "378734493671000", "4532-0151-1283-0366"],
    "iban": ["DE44500105175407324931", "GB33BUKB20201555555555", "12", "none", "0x9d7a"],
    "wallet": [
        "0x" + "52908400098527886E0F7030069857D2E4169EE7",
        "GA" + "A" * 54,
        "123456",
        "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "none",
    ],
    "postal_code": ["94111-1234", "SW1A 1AA", "10115"],
    "ip_address": ["8.8.8.8", "2a00:1450::1"],
    "digits": ["123456789", "DE123456789", "123-45-6789", "12AB34", "none", "\u00e9-?"],
    "number": ["123456789"],
    "file_name": ["passport.jpg", "scan"],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in SAMPLES for value in SAMPLES[kind]])
def test_a_placeholder_has_its_originals_hint(kind: str, value: str) -> None:
    one = KINDS[kind]
    for number in (1, 2, 77):
        assert one.hint(one.draw(number, one.hint(value))) == one.hint(value)


NUMBERED_ANEW = ("card", "digits", "wallet")
"""Their placeholders look like originals: redacted again they are numbered again, to the same end."""


@pytest.mark.parametrize(
    "kind",
    [kind for kind in KINDS.values() if kind.literal and kind.name not in NUMBERED_ANEW],
    ids=lambda kind: kind.name,
)
def test_what_is_drawn_is_recognised(kind: object) -> None:
    assert kind in KINDS.values()
    one = next(each for each in KINDS.values() if each is kind)
    hint = one.hint(SAMPLES.get(one.name, ["x"])[0])
    assert one.marked.fullmatch(one.draw(3, hint))


@pytest.mark.parametrize("value", ["4", "42", "4" * 11, "4" * 30, "hello4242", "\u0664\u0662" * 8, "é", "D" * 6000])
@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_placeholder_can_be_drawn_for_whatever_a_client_may_send(kind: Kind, value: str) -> None:
    if kind.name == "date_of_birth":
        return  # its hint is the name of the date's part
    drawn = kind.draw(1, kind.hint(value))
    assert value not in drawn or len(value) < 4


@pytest.mark.parametrize("where", [*LINE_PLACES, *PLACES])
def test_redaction_is_idempotent(where: str) -> None:
    """With a fresh redactor over the finished cassette: nothing changes any more."""
    place = {**LINE_PLACES, **PLACES}[where]
    interactions = []
    for prey in PREY:
        value = prey.make(rng_for("twice", where, prey.name))
        interactions += [prey.teach(value), place(value), place(f"see {value} here")]
    once = record(*interactions)
    assert record(*once) == once


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.text(max_size=20), st.floats(allow_nan=False)
)
KEYS = st.text(max_size=8).filter(lambda name: not RULES.field_rules(name))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(tree=TREES, indent=st.sampled_from([None, 0, 2]), ascii_only=st.booleans())
def test_bytes_outside_of_secrets_are_not_touched(tree: object, indent: int | None, ascii_only: bool) -> None:
    secret = "sk_" + "test_" + letters(random.Random(repr(tree)), 24)
    text = json.dumps({"a": tree, "note": "HERE", "b": tree}, indent=indent, ensure_ascii=ascii_only)
    data = text.replace("HERE", secret).encode("utf-8", "surrogatepass")
    one = Interaction(
        Request("GET", "https://api.stripe.com/v1/x", Headers()),
        Response(200, Headers([("Content-Type", "application/json")]), data),
    )
    done = record(one)[0].response
    if "Fcproxy-Body" not in done.headers and "@" not in text:
        expected = text.replace("HERE", "sk_test_REDACTED~1").encode("utf-8", "surrogatepass")
        assert done.body == expected


@settings(max_examples=40, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([None, "application/json", "text/plain", "multipart/form-data; boundary=x"]),
)
def test_any_body_is_taken_and_redacting_it_again_changes_nothing(data: bytes, media: str | None) -> None:
    headers = Headers([("Content-Type", media)] if media else [])
    one = Interaction(Request("POST", "https://api.stripe.com/v1/x", headers, data), Response(200, headers, data))
    once = record(one)
    assert record(*once) == once


@pytest.mark.parametrize("prey", [prey for prey in PREY if prey.name != "Basic password"], ids=lambda prey: prey.name)
def test_the_same_secret_is_the_same_everywhere_and_others_are_others(prey: object) -> None:
    one = next(each for each in PREY if each is prey)
    rng = rng_for("same", one.name)
    first, second = one.make(rng), one.make(rng)
    kept = record(one.teach(first), one.teach(second), one.teach(first))
    assert kept[0] == kept[2]
    assert kept[0] != kept[1]


def test_a_secret_that_a_form_would_take_apart_is_the_same_each_time() -> None:
    value = letters(rng_for("apart"), 9) + "/+&=" + letters(rng_for("apart", "2"), 9)
    forms = [f"a={turn}&password={quote_plus(value)}&account_number=12345%3D6789012" for turn in range(3)]
    kept = record(*(interaction(sent=form.encode()) for form in forms))
    assert [one.request.body for one in kept] == [
        f"a={turn}&password=REDACTED~1&account_number=00000-0000001".encode() for turn in range(3)
    ]


REQUESTS = (
    "/v1/x?client_secret={}", "/v1/x/{}", "/v1/x?note=see%20{}%20there",
)  # fmt: skip


@pytest.mark.parametrize("target", REQUESTS)
@pytest.mark.parametrize(
    "prey", [prey for prey in PREY if prey.shaped and prey.name != "e-mail"], ids=lambda prey: prey.name
)
def test_originals_and_placeholders_have_one_canonical_form(prey: object, target: str) -> None:
    one = next(each for each in PREY if each is prey)
    value = one.make(rng_for("symmetry", target, one.name))
    live = Request(
        "POST", "https://api.stripe.com" + target.format(value), Headers(), f"a=1&token={value}&b=2".encode()
    )
    redactor = default_redactor(DECODERS)
    stored = redactor.settle([redactor.redact(Interaction(live, Response(200, Headers())))])[0].request
    assert stored != live
    forms = [canonical(request, MATCHING, default_redactor(DECODERS, comparing=True)) for request in (live, stored)]
    assert forms[0].key == forms[1].key


FIELDS_AND_TEXTS = (
    ("password", "Ab1cDef/+&=Gh2ijkLm"),
    ("account_number", "12345=6789012"),
    ("iban", "0x9d7ae9a3badf4d7d0c68128c56641c3eff4e9ab7"),
    ("iban", "GB33BUKB20201555555555"),
    ("wallet_addresses[solana]", "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"),
    ("wallet_addresses[bitcoin]", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("wallet_addresses[xrp]", "123456"),
    ("id_number", "12AB34"),
    ("note", "see 123-45-6789"),
    ("note", "to 0x52908400098527886E0F7030069857D2E4169EE7"),
    ("note", "call +442079460123"),
)


@pytest.mark.parametrize(("name", "value"), FIELDS_AND_TEXTS)
def test_what_replays_with_originals_does_with_placeholders(name: str, value: str) -> None:
    sent = f"a=1&{name}={quote_plus(value)}".encode()
    headers = Headers([("Content-Type", "application/x-www-form-urlencoded")])
    live = Request("POST", "https://api.stripe.com/v1/x", headers, sent)
    stored = record(Interaction(live, Response(200, Headers())))[0].request
    assert stored.body != sent
    forms = [canonical(request, MATCHING, default_redactor(DECODERS, comparing=True)) for request in (live, stored)]
    assert forms[0].key == forms[1].key


def test_every_rule_has_an_id_a_reason_and_a_known_kind() -> None:
    rules = [*RULES.fields, *RULES.shapes]
    ids = [(rule.id, rule.reason) for rule in RULES.fields] + [(rule.id, rule.reason) for rule in RULES.shapes]
    assert len({name for name, _ in ids}) == len(rules)
    assert all(reason for _, reason in ids)
    assert {rule.kind for rule in RULES.fields} | {rule.kind for rule in RULES.shapes} <= set(KINDS)
