"""Laws of redaction, for the kinds of secret and for whole recordings."""

import json
import random

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
from tests.attacks.places import LINE_PLACES, PLACES
from tests.attacks.prey import PREY, letters

SAMPLES = {
    "secret": ["sk_" + "test_" + "A1b2C3d4E5f6G7h8", "whsec_" + "A1b2C3d4E5f6G7h8", "opaque-1234"],
    "card": ["4532015112830366", "378734493671000", "4532-0151-1283-0366"],
    "iban": ["DE44500105175407324931", "GB33BUKB20201555555555"],
    "wallet": ["0x" + "52908400098527886E0F7030069857D2E4169EE7", "GA" + "A" * 54, "123456"],
    "postal_code": ["94111-1234", "SW1A 1AA", "10115"],
    "ip_address": ["8.8.8.8", "2a00:1450::1"],
    "digits": ["123456789", "DE123456789", "123-45-6789"],
    "number": ["123456789"],
    "file_name": ["passport.jpg", "scan"],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in SAMPLES for value in SAMPLES[kind]])
def test_a_placeholder_has_its_originals_hint(kind: str, value: str) -> None:
    one = KINDS[kind]
    for number in (1, 2, 77):
        assert one.hint(one.draw(number, one.hint(value))) == one.hint(value)


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS.values() if kind.literal and kind.name != "card"], ids=lambda kind: kind.name
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


def test_every_rule_has_an_id_a_reason_and_a_known_kind() -> None:
    rules = [*RULES.fields, *RULES.shapes]
    ids = [(rule.id, rule.reason) for rule in RULES.fields] + [(rule.id, rule.reason) for rule in RULES.shapes]
    assert len({name for name, _ in ids}) == len(rules)
    assert all(reason for _, reason in ids)
    assert {rule.kind for rule in RULES.fields} | {rule.kind for rule in RULES.shapes} <= set(KINDS)
