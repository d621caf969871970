"""Tax associations: what became of the tax of a payment. Source: docs.stripe.com/api/tax/association.

There are no PaymentIntents in the fake: the control API says that one was paid or refunded which the app had linked
with a calculation (``hooks[inputs][tax][calculation]``). Stripe then makes or reverses the tax transaction by itself.
"""

from dataclasses import replace
from typing import Any

from fcproxy.fake.call import Call
from fcproxy.fake.errors import StripeError, refuse
from fcproxy.fake.params import integer, required, text
from fcproxy.fake.resource import Action, Kind, Resource, Route
from fcproxy.fake.resources.tax_calculations import usable_calculation
from fcproxy.fake.resources.tax_transactions import commit, reverse
from fcproxy.fake.state import Doc, Row, by
from fcproxy.stripe.ids import IdShape, Shape

__all__ = ["RESOURCE"]

KIND = "tax.association"
CALCULATION = "tax.calculation"
TRANSACTION = "tax.transaction"


def _of_payment(call: Call, payment: str) -> Row | None:
    return next(call.state.tables[KIND].walk(call.scope, {"payment_intent": payment}), None)


def _attempt(call: Call, row: Row, source: str, outcome: Doc) -> Doc:
    status = "committed" if "committed" in outcome else "errored"
    attempts = [*row.doc["tax_transaction_attempts"], {"source": source, "status": status, **outcome}]
    return call.change(row, tax_transaction_attempts=attempts).doc


def _errored(reason: str) -> Doc:
    return {"errored": {"reason": reason}}


def _committed(row: Row) -> str | None:
    """The tax transaction that a payment of a calculation led to; None where none did."""
    found = (attempt.get("committed") for attempt in row.doc["tax_transaction_attempts"])
    return next((done["transaction"] for done in found if done), None)


def _pay(call: Call) -> Doc:
    calculation = call.target(CALCULATION)
    payment = call.params.get("payment_intent") or call.mint("payment_intent")
    row = _of_payment(call, payment) or call.add(
        KIND,
        {
            "id": call.mint(KIND),
            "object": KIND,
            "calculation": calculation.id,
            "payment_intent": payment,
            "tax_transaction_attempts": [],
        },
        {"created": call.now},
    )
    return _attempt(call, row, payment, _outcome(call, row, calculation, payment))


def _outcome(call: Call, row: Row, calculation: Row, payment: str) -> Doc:
    others = call.state.tables[KIND].walk(call.scope, {"calculation": calculation.id})
    if any(other.id != row.id and _committed(other) for other in others):
        return _errored("another_payment_associated_with_calculation")
    if call.params.get("currency", calculation.doc["currency"]) != calculation.doc["currency"]:
        return _errored("currency_mismatch")
    if call.state.tables[TRANSACTION].numbers(call.scope, {"reference": payment}):
        return _errored("unique_reference_violation")
    try:
        usable_calculation(call, calculation.id, "id")
    except StripeError:
        return _errored("calculation_expired")
    made = commit(_with(call, calculation=calculation.id, reference=payment))
    return {"committed": {"transaction": made["id"]}}


def _refund(call: Call) -> Doc:
    row = call.target(KIND)
    paid = _committed(row)
    if paid is None:
        raise refuse("state", message="There is no tax transaction of this payment.")
    refund = call.mint("refund")
    amount = call.params.get("amount")
    share = {"mode": "full"} if amount is None else {"mode": "partial", "flat_amount": -amount}
    try:
        made = reverse(_with(call, original_transaction=paid, reference=refund, **share))
    except StripeError:
        # Nothing, or less than this, is left of it.
        return _attempt(call, row, refund, _errored("original_transaction_voided"))
    return _attempt(call, row, refund, {"committed": {"transaction": made["id"]}})


def _with(call: Call, **params: Any) -> Call:
    return replace(call, params=params)


def _find(call: Call) -> Doc:
    row = _of_payment(call, call.params["payment_intent"])
    if row is None:
        words = {"words": "tax association", "id": call.params["payment_intent"], "hint": ""}
        raise refuse("missing", param="payment_intent", **words)
    return row.doc


RESOURCE = Resource(
    name="tax.associations",
    title="Tax Associations",
    kinds=(
        Kind(
            KIND,
            "tax association",
            indexes={"calculation": by("calculation"), "payment_intent": by("payment_intent")},
            shape=IdShape("taxa_", Shape.LONG),
        ),
    ),
    routes=(
        Route(
            "GET",
            "/v1/tax/associations/find",
            _find,
            KIND,
            "Find an association",
            {"payment_intent": required(text())},
        ),
    ),
    actions=(
        Action(
            "tax/calculations/{id}/pay",
            _pay,
            CALCULATION,
            "pays a PaymentIntent that is linked with the calculation, so that Stripe makes the tax transaction",
            {"currency": text("currency"), "payment_intent": text()},
        ),
        Action(
            "tax/associations/{id}/refund",
            _refund,
            KIND,
            "refunds such a payment, so that Stripe reverses the tax",
            {"amount": integer(least=1)},
        ),
    ),
    notes=("There are no PaymentIntents here: the control API pays and refunds them.",),
)
