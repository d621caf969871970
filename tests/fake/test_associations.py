"""Tax associations: what becomes of the tax of a payment, paid and refunded over the control API."""

import pytest

from tests.fake.conformance import faults, model_of
from tests.fake.presence import presence_faults
from tests.fake.support import ENDIVE, Caller, Doc

FORM = (
    "currency=usd&line_items[0][amount]=1000&customer_details[address][country]=US"
    "&customer_details[address][postal_code]=94080&customer_details[address_source]=billing"
)
FIND = "/v1/tax/associations/find"


@pytest.fixture
def call() -> Caller:
    return Caller(version=ENDIVE)


def calculated(call: Caller) -> str:
    return str(call.post("/v1/tax/calculations", FORM)["id"])


def pay(call: Caller, calculation: str, payment: str = "pi_1", **more: str) -> Doc:
    return call.control(f"tax/calculations/{calculation}/pay", {"payment_intent": payment, **more})


def reasons(association: Doc) -> list[str]:
    """Of each attempt, why it failed, or how it ended."""
    attempts = association["tax_transaction_attempts"]
    return [attempt.get("errored", {}).get("reason", attempt["status"]) for attempt in attempts]


def test_a_payment_makes_the_tax_transaction_and_a_refund_reverses_it(call: Caller) -> None:
    calculation = calculated(call)
    assert call.refused("GET", FIND, "payment_intent=pi_1")["code"] == "resource_missing"
    made = pay(call, calculation)
    assert call.get(FIND, "payment_intent=pi_1") == made
    paid = call.get(f"/v1/tax/transactions/{made['tax_transaction_attempts'][0]['committed']['transaction']}")
    assert (paid["reference"], paid["type"]) == ("pi_1", "transaction")
    call.control(f"tax/associations/{made['id']}/refund", {"amount": 400})
    call.control(f"tax/associations/{made['id']}/refund", {})
    over = call.control(f"tax/associations/{made['id']}/refund", {})
    assert reasons(over) == ["committed", "committed", "committed", "original_transaction_voided"]
    sources = [attempt["source"] for attempt in over["tax_transaction_attempts"]]
    assert [source[:3] for source in sources] == ["pi_", "re_", "re_", "re_"]
    back = call.get(f"/v1/tax/transactions/{over['tax_transaction_attempts'][1]['committed']['transaction']}")
    assert (back["reference"], back["reversal"]["original_transaction"]) == (sources[1], paid["id"])
    assert [*faults(over, model_of("tax.association")), *presence_faults(over)] == []


def test_why_no_transaction_is_made(call: Caller) -> None:
    first = calculated(call)
    assert reasons(pay(call, first, "pi_1", currency="eur")) == ["currency_mismatch"]
    assert reasons(pay(call, first, "pi_1")) == ["currency_mismatch", "committed"]
    assert reasons(pay(call, first, "pi_2")) == ["another_payment_associated_with_calculation"]
    second = calculated(call)
    call.post("/v1/tax/transactions/create_from_calculation", f"calculation={second}&reference=pi_3")
    assert reasons(pay(call, second, "pi_3")) == ["unique_reference_violation"]
    call.advance(91 * 86_400)
    assert reasons(pay(call, second, "pi_4")) == ["calculation_expired"]


def test_only_what_was_paid_is_refunded(call: Caller) -> None:
    unpaid = pay(call, calculated(call), "pi_1", currency="eur")["id"]
    assert call.control_refused(f"tax/associations/{unpaid}/refund", {})["status"] == 400
    assert call.control_refused("tax/associations/taxa_1/refund", {})["status"] == 404


def test_a_payment_has_an_id_of_its_own(call: Caller) -> None:
    made = call.control(f"tax/calculations/{calculated(call)}/pay", {})
    assert made["payment_intent"].startswith("pi_")
