"""Each default rule switched off by name: its values stay, verdict and provenance say so, the audit reports them."""

import json
import random
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from fcproxy.codings import DECODERS
from fcproxy.core.audit import Auditor
from fcproxy.core.errors import UsageError
from fcproxy.core.message import Interaction
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import Redactor
from fcproxy.core.rules import RuleBook
from fcproxy.server.provenance import provenance_of
from fcproxy.stripe.custom_rules import book_from
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.detectors import DETECTORS
from fcproxy.stripe.fields import FIELDS
from fcproxy.stripe.secrets import RULES
from fcproxy.stripe.shapes import SHAPES
from tests.attacks.hunt import everything, rng_for
from tests.attacks.places import interaction
from tests.attacks.prey import PREY, letters
from tests.stripe.test_every_row import sample, shaped

_LITTLE = "tells little of a person, and nothing at all by itself"
_WORDS = "free words and names of things: nothing in them tells whose they are"
_RANDOM = "a random word by nature, as ids are: only its place makes it a secret"

NOT_AUDITED: Mapping[str, str] = {
    "basic": "what it opens holds a name and a password that nothing tells from other words",
    "key-parameter": "names of keys and ids of all kinds stand under it; a key of Stripe's is told by its shape",
    "idempotency-key-field": _RANDOM,
    "header-idempotency-key": _RANDOM,
    "radar-session": _RANDOM,
    "wallet-transaction": "stands in a public ledger; a wallet's address is told by its name or shape",
    "fingerprint-field": _RANDOM,
    "tracking-number": _RANDOM,
    "object-url": "the hosts of Stripe's own pages are told by their shape; on others a path says nothing",
    "own-url": "the user's own pages; what looks like a credential in them is told by its shape",
    "own-endpoint": "the user's own server, likewise",
    "header-location": "as any other URL",
    "header-content-disposition": _WORDS,
    "email-field": "an address is told by its shape in any field; what is none names nobody",
    "postal-code-field": "the area is kept on purpose, and a placeholder is an area, too",
    "sex-field": _LITTLE,
    "nationality-field": _LITTLE,
    "exposure-field": _LITTLE,
    "document-date": _LITTLE,
    "card-expiry-month": _LITTLE,
    "card-expiry-year": _LITTLE,
    "card-issuer": _LITTLE,
    "card-bin": _LITTLE,
    "last4-field": _LITTLE,
    "bank-code": "names a bank and no account",
    "fc-account-name": _WORDS,
    "fc-institution": _WORDS,
    "user-agent-field": _WORDS,
    "forwarded-header": "what looks like a token in a header is below-secret's, too; of the rest nothing tells it",
}
"""Rules whose values the audit leaves alone by design, and why."""

COVERED = {"client-secret-field": "secret-field"}
"""Rules that are there to be named in a verdict; and those that would catch all of their values, too."""

KEEPING = tuple(rule.id for rule in FIELDS if rule.how == "keep")
REPLACING = tuple(rule_id for rule_id in RULES.ids if rule_id not in KEEPING)


def made(name: str, rng: random.Random) -> str:
    return next(prey for prey in PREY if prey.name == name).make(rng)


def texts(rng: random.Random) -> Iterator[str]:
    """Values of many sorts, each new."""
    token = letters(rng, 26)
    yield from (made("card", rng), made("account number", rng), made("IBAN", rng), made("e-mail", rng))
    yield f"+44{rng.randrange(10**9, 10**10)}"
    yield f"{token[:6].title()} {token[6:12].title()}"
    yield ".".join(str(rng.randrange(2, 250)) for _ in range(4))
    yield f"{rng.randrange(1950, 2000)}-0{rng.randrange(1, 9)}-1{rng.randrange(0, 9)}"
    yield "0x" + rng.randbytes(20).hex()
    yield "".join(rng.choices("123456789", k=4))
    yield from (token, f"https://pages.example.com/p/{token}", f"{rng.randrange(100, 900)}")


def candidates(rule_id: str, rng: random.Random) -> Iterator[tuple[Interaction, str]]:
    """Interactions in which the rule has something to replace, and that."""
    for field in (rule for rule in FIELDS if rule.id == rule_id):
        names = [one.replace("*", "shop") for one in field.names[: None if field.how == "url" else 2]]
        for value in (sample(field, rng), *texts(rng)):
            for around in field.within or ("", "address"):
                for name in names:
                    yield interaction(received=json.dumps({around: {name: value}}).encode()), value
                    if around:
                        yield interaction(received=json.dumps({"object": around, name: value}).encode()), value
    for shape in (rule for rule in SHAPES if rule.id == rule_id):
        text, value = shaped(shape, rng)
        yield interaction(received=json.dumps({"note": f"see {text} there"}).encode()), value
    token = letters(rng, 26)
    special = {
        "birth-part": ({"dob": {"day": 7, "month": 11, "year": 1984}}, "1984"),
        "below-secret": ({"client_secret": {"value": f"aB3{token}"}}, f"aB3{token}"),
        "jwt": ({"note": f"see eyJ{token}.eyJ{token[::-1]}.{token} there"}, token),
        "search-query": ({"customer": {"query": f'name:"{token}"'}}, token),
        "search-query-path": ({"query": f'billing_details.name:"{token}"'}, token),
        "url-token": ({"note": f"see /in?token\\u003d{token} there"}, token),
    }
    if rule_id in special:
        tree, value = special[rule_id]
        yield interaction(received=json.dumps(tree).encode()), value
    headers = {
        "header-idempotency-key": ("Idempotency-Key", token),
        "header-location": ("Location", f"https://pages.example.com/p/{token}"),
        "header-content-disposition": ("Content-Disposition", f'attachment; filename="{token}.pdf"'),
    }
    if rule_id in headers:
        yield interaction(response=(headers[rule_id],)), token


@cache
def book_without(rule_id: str) -> RuleBook:
    return book_from({"disable": [rule_id]}, {})


def without(rule_id: str) -> Redactor:
    return Redactor(book_without(rule_id), DECODERS)


def kept(redactor: Redactor, one: Interaction) -> Interaction:
    return redactor.settle([redactor.redact(one)])[0]


def reported(one: Interaction) -> bool:
    return any(finding.level == "error" for finding in Auditor(DETECTORS, DECODERS, b"k" * 32).interaction(one))


@pytest.mark.parametrize("rule_id", REPLACING)
def test_what_a_rule_replaced_stays_without_it_and_is_reported(rule_id: str) -> None:
    """Where another rule catches the value, too, it stays caught; of each rule there is a value that is its alone."""
    stayed = False
    for one, value in candidates(rule_id, rng_for("off", rule_id)):
        if value in everything([kept(Redactor(RULES, DECODERS), one)]):
            continue
        left = kept(without(rule_id), one)
        if value in everything([left]):
            stayed = True
            if reported(left):
                break
    else:
        assert stayed or rule_id in COVERED
        assert rule_id in (NOT_AUDITED if stayed else COVERED)
        return
    assert rule_id not in NOT_AUDITED


@pytest.mark.parametrize("rule_id", KEEPING)
def test_without_a_rule_that_keeps_later_ones_count(rule_id: str) -> None:
    rule = next(one for one in FIELDS if one.id == rule_id)
    trees = [{around: {name: "4171"}} for around in rule.within or ("x",) for name in rule.names]
    one = interaction(received=json.dumps(trees).encode())
    assert kept(Redactor(RULES), one).response.body == one.response.body
    assert kept(without(rule_id), one).response.body != one.response.body


@pytest.mark.parametrize("rule_id", RULES.ids)
def test_verdict_and_provenance_name_it(rule_id: str) -> None:
    redactor = without(rule_id)
    verdict = stripe_deck(Mode.RECORD, redactor, None, cassette="c.yaml").verdict()
    assert verdict.disabled == (rule_id,)
    assert f"rule off: {rule_id}" in verdict.text()
    assert provenance_of([], redactor, None).disabled == (rule_id,)


def test_of_a_headers_rule_those_for_text_are_left() -> None:
    key = "sk_" + "test_" + letters(rng_for("off", "text"), 24)
    one = interaction(response=(("Idempotency-Key", f"for-{key}"),))
    assert (
        kept(without("header-idempotency-key"), one).response.headers.get("Idempotency-Key") == "for-sk_test_REDACTED~1"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("header-authorization", "Authorization holds a secret; its rule cannot be switched off"),
        ("header-request-id", "no rule is called 'header-request-id'"),
        ("header-idempotency_key", "did you mean 'header-idempotency-key'?"),
    ],
)
def test_what_cannot_be_switched_off(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        book_from({"disable": [name]}, {})
