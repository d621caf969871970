"""What an institution changes of a linked account, each with the event that tells of it.

Source: docs.stripe.com/api/events/types, docs.stripe.com/financial-connections/relink, /tokenized-account-numbers.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fcproxy.fake.call import Call
from fcproxy.fake.errors import refuse
from fcproxy.fake.params import Params, array, choice, time
from fcproxy.fake.resource import Action, Resource
from fcproxy.fake.resources.fc_authorizations import tell_of_authorization
from fcproxy.fake.state import Doc, Row

__all__ = ["RESOURCE"]

KIND = "financial_connections.account"
_EVENT = KIND + "."
_CHANGE: Params = {
    "account_number_status": choice("deactivated", "expired", "pending", "transactable"),
    "expected_deactivation_date": time(),
    "expected_expiry_date": time(),
    "supported_payment_method_types": array(choice("us_bank_account", "link")),
}


def _numbers(row: Row, name: str, **fields: object) -> list[Doc]:
    if not row.doc["account_numbers"]:
        raise refuse("not_allowed", param=name, why="the account has no tokenized account number.")
    return [{**number, **fields} for number in row.doc["account_numbers"]]


def _change(call: Call) -> Doc:
    row = call.target(KIND)
    for name, value in call.params.items():
        _CHANGES[name](call, row, value)
    return row.doc


def _number_status(call: Call, row: Row, value: str) -> None:
    previous = {"account_numbers": row.doc["account_numbers"]}
    call.change(row, account_numbers=_numbers(row, "account_number_status", status=value))
    call.emit(_EVENT + "account_numbers_updated", row, previous)


def _number_ends(call: Call, row: Row, value: int) -> None:
    call.change(row, account_numbers=_numbers(row, "expected_expiry_date", expected_expiry_date=value))
    call.emit(_EVENT + "upcoming_account_number_expiry", row)


def _payment_methods(call: Call, row: Row, value: list[str]) -> None:
    previous = {"supported_payment_method_types": row.doc["supported_payment_method_types"]}
    call.change(row, supported_payment_method_types=value)
    call.emit(_EVENT + "supported_payment_method_types_updated", row, previous)


def _link_ends(call: Call, row: Row, value: int) -> None:
    if row.doc["status"] != "active":
        raise refuse("not_allowed", param="expected_deactivation_date", why=f"the account is {row.doc['status']}.")
    known = row.doc.get("status_details")
    active = {"action": "relink_required", "cause": "access_expired", "expected_deactivation_date": value}
    call.change(row, status_details={"active": active})
    if known:
        call.emit(_EVENT + "expected_deactivation_date_updated", row, {"status_details": known})
    else:
        call.emit(_EVENT + "upcoming_deactivation", row)
    tell_of_authorization(call, row, "expected_deactivation_date_updated" if known else "upcoming_deactivation")
    call.later(max(value - call.now, 0), "fc.link_ends", account=row.id, date=value)


def _job_link_ends(call: Call, data: Doc) -> None:
    row = call.find(KIND, data["account"])
    if row is None or row.doc["status"] != "active":
        return
    active = (row.doc.get("status_details") or {}).get("active", {})
    if active.get("expected_deactivation_date") == data["date"]:
        call.change(row, status="inactive")
        call.emit(_EVENT + "deactivated", row)


_CHANGES: Mapping[str, Callable[[Call, Row, Any], None]] = {
    "account_number_status": _number_status,
    "expected_deactivation_date": _link_ends,
    "expected_expiry_date": _number_ends,
    "supported_payment_method_types": _payment_methods,
}

RESOURCE = Resource(
    name="financial_connections.changes",
    title="Changes of Financial Connections Accounts",
    actions=(
        Action(
            "financial_connections/accounts/{id}/change",
            _change,
            KIND,
            "changes what the institution says of the account: its tokenized numbers, what it can pay with, its end",
            _CHANGE,
        ),
    ),
    jobs={"fc.link_ends": _job_link_ends},
    events=tuple(
        _EVENT + word
        for word in (
            "account_numbers_updated",
            "expected_deactivation_date_updated",
            "supported_payment_method_types_updated",
            "upcoming_account_number_expiry",
            "upcoming_deactivation",
        )
    ),
)
