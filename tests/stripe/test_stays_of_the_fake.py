"""All that the fake answers, redacted: of its fields change those on a list, by the rule beside each, and no others."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from fcproxy.core.ledger import Ledger
from fcproxy.core.message import Interaction, Request, Response
from fcproxy.core.placeholders import Kind
from fcproxy.core.views import view
from fcproxy.fake import Fake
from fcproxy.stripe.secrets import default_redactor
from tests.fake.journeys import JOURNEYS
from tests.fake.support import Caller

CHANGED: Mapping[str, str] = {
    # What is one thing's wherever it stands.
    "* *exp_month": "card-expiry-month",
    "* *exp_year": "card-expiry-year",
    "* *fingerprint": "fingerprint-field",
    "* *last4": "last4-field",
    "* *client_secret": "client-secret-field",
    "* *email": "email-field",
    "* *ip_address": "ip-field",
    "* *address.city": "city-field",
    "* *address.line1": "street-field",
    "* *address.postal_code": "postal-code-field",
    "* *first_name": "part-of-name",
    "* *last_name": "part-of-name",
    "* *dob.day": "birth-part",
    "* *dob.year": "birth-part",
    "* *bank_name": "fc-institution",
    "* *account_holder_name": "name-field",
    "* *radar_options.session": "radar-session",
    # What is another thing elsewhere.
    "customer name": "name-of-person",
    "customer shipping.name": "name-of-person",
    "customer business_name": "name-field",
    "customer invoice_settings.custom_fields.name": "name-of-person",
    "customers: name": "name-of-person",
    "customers: shipping.name": "name-of-person",
    "customers: business_name": "name-field",
    "customers: invoice_settings.custom_fields.name": "name-of-person",
    "customers: tax_id_data.value": "tax-id-value",
    "customers/tax_ids: value": "tax-id-value",
    "tax_id value": "tax-id-value",
    "tax.* customer_details.tax_ids.value": "tax-id-value",
    "tax/calculations: customer_details.tax_ids.value": "tax-id-value",
    "climate.order beneficiary.public_name": "name-field",
    "climate/orders: beneficiary.public_name": "name-field",
    "climate.order certificate": "url-token",
    "financial_connections.account institution_name": "fc-institution",
    "financial_connections.account_owner name": "name-of-person",
    "financial_connections.account_owner phone": "phone-field",
    "financial_connections.account_owner raw_address": "street-field",
    "financial_connections.transaction description": "fc-transaction",
    "forwarding.request response_details.body": "credential-field",
    "forwarding/requests: request.headers.value": "forwarded-header",
    "identity.verification_report document.issued_date.*": "document-date",
    "identity.verification_session url": "url-token",
    "payment_method ideal.bic": "bank-code",
    "payment_methods: card.cvc": "card-code",
    "webhook_endpoint secret": "secret-field",
}
"""Type of the object (or route of the request) and place in it -> the rule. The first that fits counts."""


def listed(place: str) -> str | None:
    """The row for a place."""
    return next((row for row in CHANGED if fnmatchcase(place, row)), None)


class Taped(Caller):
    """A caller that keeps what went to and fro."""

    def __init__(self, tape: list[Interaction]) -> None:
        class Kept(Fake):
            def handle(self, request: Request) -> Response:
                response = super().handle(request)
                tape.append(Interaction(request, response))
                return response

        super().__init__(Kept())


def tape() -> list[Interaction]:
    interactions: list[Interaction] = []
    for journey in JOURNEYS:
        for _ in journey(Taped(interactions)):
            pass
    return interactions


def changes(before: Interaction, after: Interaction) -> Iterator[tuple[str, str]]:
    """(place, text before) of each value of query and bodies that is another."""
    yield from _differing(json.loads(before.response.body), json.loads(after.response.body), "", ())
    route = "/".join(part for part in view(before).path.split("/")[2:] if not re.search(r"[0-9]|_card_", part))
    old, new = view(before).fields, view(after).fields
    for place in old.keys() | new.keys():
        if place.startswith(("request.query", "request.body")) and old.get(place) != new.get(place):
            yield f"{route}: {_NUMBER.sub('', place[13:])}", str(json.loads(old[place]))


_NUMBER = re.compile(r"\[[0-9]+\]")


def _differing(old: Any, new: Any, kind: str, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(old, dict):
        assert list(old) == list(new)
        told = old.get("object")
        if isinstance(told, str) and told != "list":
            kind, path = told, ()
        for name in old:
            yield from _differing(old[name], new[name], kind, (*path, name))
    elif isinstance(old, list):
        for one, other in zip(old, new, strict=True):
            yield from _differing(one, other, kind, path)
    elif old != new:
        yield f"{kind} {'.'.join(path)}", str(old)


def test_what_changes_of_all_that_the_fake_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    spoke: defaultdict[str, set[str]] = defaultdict(set)
    plain = Ledger.marker

    def spied(self: Ledger, kind: Kind, value: str, rule: str, **more: str | None) -> str:
        spoke[value].add(rule)
        return plain(self, kind, value, rule, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "marker", spied)
    redactor = default_redactor()
    before = tape()
    after = redactor.settle([redactor.redact(one) for one in before])
    found = {change for one, other in zip(before, after, strict=True) for change in changes(one, other)}
    unlisted = {
        (place, text): rules
        for place, text in found
        if CHANGED.get(listed(place) or "")
        not in (rules := {rule for value in spoke if value in text or text in value for rule in spoke[value]})
    }
    assert unlisted == {}
    assert CHANGED.keys() - {listed(place) for place, _ in found} == set()
