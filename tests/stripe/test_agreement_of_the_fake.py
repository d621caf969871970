"""The fake's answers with secrets planted anywhere: redacted, the audit finds nothing, and the same requests hit."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcproxy.codings import DECODERS
from fcproxy.core.audit_copies import Copies
from fcproxy.core.canonical import canonical
from fcproxy.core.form import parse_pairs, split_key
from fcproxy.core.message import Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.server.audit_files import audit_bytes
from fcproxy.stripe.matching import MATCHING
from fcproxy.stripe.secrets import RULES, default_redactor
from fcproxy.vcr_format import render
from tests.attacks.hunt import record
from tests.attacks.prey import PREY, letters
from tests.stripe.test_stays_of_the_fake import tape

PLANTS: tuple[Callable[[random.Random], str], ...] = (
    *(prey.make for prey in PREY),
    lambda rng: f"{letters(rng, 6).title()} {letters(rng, 7).title()}",
    lambda rng: f"+44{rng.randrange(10**9, 10**10)}",
    lambda rng: ".".join(str(rng.randrange(2, 250)) for _ in range(4)),
    lambda rng: f"{rng.randrange(1950, 2000)}-0{rng.randrange(1, 9)}-1{rng.randrange(0, 9)}",
    lambda rng: "0x" + rng.randbytes(20).hex(),
    lambda rng: f"{rng.randrange(100, 600)}-{rng.randrange(10, 99)}-{rng.randrange(1000, 9999)}",
    lambda rng: str(rng.randrange(10**8, 10**9)),
    lambda rng: "".join(rng.choices("0123456789ABCDEFGH", k=rng.randrange(2, 12))),
    lambda rng: f"https://pages.example.com/a?token={letters(rng, 24)}",
)


def leaves(node: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of each text but types and the names of headers."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(value, (dict, list)):
            yield from leaves(value)
        elif isinstance(value, str) and key != "object" and not (key == "name" and "value" in node):
            yield node, key


def planted(one: Interaction, rng: random.Random) -> Interaction:
    """The interaction with secrets in some of its values."""
    answer = json.loads(one.response.body)
    places = list(leaves(answer))
    for node, key in rng.sample(places, min(3, len(places))):
        node[key] = rng.choice(PLANTS)(rng)
    pairs = parse_pairs(one.request.body.decode())
    if pairs and one.request.body[:1] not in b"{":
        at = rng.randrange(len(pairs))
        if not RULES.field_rules(split_key(pairs[at][0])[-1]):  # where a rule asks for it, nothing else stands there
            pairs[at] = (pairs[at][0], rng.choice(PLANTS)(rng))
    sent = "&".join(f"{quote_plus(key, safe='[]')}={quote_plus(value)}" for key, value in pairs).encode()
    received = json.dumps(answer, indent=rng.choice([None, 2])).encode()
    request, response = one.request, one.response
    return Interaction(
        Request(request.method, request.url, request.headers, sent if pairs else request.body),
        Response(response.status, response.headers.replaced("Content-Length", str(len(received))), received, "OK"),
    )


def refused(kept: list[RedactedInteraction], style: str, known: Copies) -> list[str]:
    report = audit_bytes(render(kept, style=style), "c.yaml", known=known)
    return [f"{finding.rule} {finding.place}" for finding in report.findings if finding.level == "error"]


@pytest.fixture(scope="module")
def told() -> list[Interaction]:
    return [one for one in tape() if one.response.body]


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_finding_no_further_change_and_one_key(told: list[Interaction], rng: random.Random) -> None:
    live = [planted(one, rng) for one in rng.sample(told, 3)]
    redactor = default_redactor(DECODERS)
    kept = redactor.settle([redactor.redact(one) for one in live])
    known = Copies(redactor.ledger.learned)
    assert {style: found for style in ("readable", "compact") if (found := refused(kept, style, known))} == {}
    assert record(*kept) == kept
    for one, stored in zip(live, kept, strict=True):
        asked, again = (
            canonical(request, MATCHING, default_redactor(DECODERS, comparing=True))
            for request in (one.request, stored.request)
        )
        assert asked.key == again.key


def test_the_audit_sees_what_is_planted(told: list[Interaction]) -> None:
    rng = random.Random(7)
    bare = [RedactedInteraction(planted(one, rng)) for one in rng.sample(told, 20)]
    assert len(refused(bare, "compact", Copies([]))) > 10
