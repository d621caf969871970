"""Financial Connections Authorizations and Institutions: whom a user gave access at, and once for how many accounts.

Both can be looked at with a preview version only; events of Authorizations come in every version.
Source: Stripe's preview SDK (financial_connections.authorization, .institution); docs.stripe.com/api/events/types.
"""

from collections.abc import Sequence
from typing import Any

from fcproxy.fake.call import Call
from fcproxy.fake.mint import chance
from fcproxy.fake.params import LIST
from fcproxy.fake.resource import Kind, Resource, Route, Span
from fcproxy.fake.resources.fc_institutions import INSTITUTIONS
from fcproxy.fake.state import Doc, Row
from fcproxy.fake.versions import PREVIEW
from fcproxy.stripe.ids import IdShape, Shape

__all__ = [
    "AUTHORIZATION",
    "INSTITUTION",
    "RESOURCE",
    "accounts_of",
    "authorize",
    "institution_id",
    "institution_name",
    "tell_of_authorization",
]

AUTHORIZATION = "financial_connections.authorization"
INSTITUTION = "financial_connections.institution"
_ACCOUNT = "financial_connections.account"
_EVENT = AUTHORIZATION + "."
_URL = "/v1/financial_connections/institutions"
_FEATURES = ("balances", "ownership", "payment_method", "transactions")
_ROUTING_NUMBER = "110000000"


def institution_id(name: str) -> str:
    """The id of the institution with a name: the same in every fake."""
    return "fcinst_" + chance("institutions", name, 0, 14)


_NAMES = {institution_id(name): name for name in INSTITUTIONS}


def institution_name(object_id: str) -> str:
    """The name of a known institution."""
    return _NAMES[object_id]


def _institutions(livemode: bool) -> Sequence[Doc]:
    return [
        {
            "id": institution_id(name),
            "object": INSTITUTION,
            "countries": ["US"],
            "features": {feature: {"supported": True} for feature in _FEATURES},
            "livemode": livemode,
            "name": name,
            "routing_numbers": [_ROUTING_NUMBER],
            "status": "inactive" if institution.down else "active",
            "url": None,
        }
        for name, institution in INSTITUTIONS.items()
    ]


def authorize(call: Call, session: Row, name: str) -> Row:
    """The access that a user gives in a session, at the institution ``name``."""
    doc = {
        "id": call.mint(AUTHORIZATION),
        "object": AUTHORIZATION,
        "account_holder": session.doc["account_holder"],
        "institution": institution_id(name),
        "institution_name": name,
        "livemode": call.livemode,
        "status": "active",
        "status_details": {},
    }
    return call.add(AUTHORIZATION, doc, {"created": call.now})


def accounts_of(call: Call, authorization: str) -> list[Row]:
    """The accounts that were linked with an authorization, the newest first."""
    return list(call.state.tables[_ACCOUNT].walk(call.scope, {"authorization": authorization}))


def _settled(call: Call, row: Row) -> Row:
    """The authorization, with the status that follows from its accounts'."""
    accounts = [account.doc for account in accounts_of(call, row.id)]
    statuses = {account["status"] for account in accounts}
    status = next((word for word in ("active", "inactive", "disconnected") if word in statuses), "active")
    ends = [
        (account.get("status_details") or {}).get("active") for account in accounts if account["status"] == "active"
    ]
    details: dict[str, Any] = {}
    if status == "active" and (known := [end for end in ends if end]):
        details = {"active": {name: known[0][name] for name in ("action", "expected_deactivation_date")}}
    if status == "inactive":
        details = {"inactive": {"action": "relink_required"}}
    return call.change(row, status=status, status_details=details)


def tell_of_authorization(call: Call, account: Row, event: str) -> None:
    """The event about the authorization of an account that changed, beside the account's own."""
    row = call.find(AUTHORIZATION, account.doc["authorization"])
    if row is not None:
        call.emit(_EVENT + event, _settled(call, row))


def _retrieve(call: Call) -> Doc:
    return _settled(call, call.target(AUTHORIZATION)).doc


def _list(call: Call) -> Doc:
    return call.page_of_constants(INSTITUTION, _URL)


def _retrieve_institution(call: Call) -> Doc:
    return call.target(INSTITUTION).doc


RESOURCE = Resource(
    name="financial_connections.authorizations",
    title="Financial Connections Authorizations and Institutions (preview versions)",
    kinds=(
        Kind(
            AUTHORIZATION,
            "financial connections authorization",
            expandable={
                "account_holder.account": "account",
                "account_holder.customer": "customer",
                "institution": INSTITUTION,
            },
            spans=(Span("account_holder", since=PREVIEW), Span("institution", since=PREVIEW)),
            shape=IdShape("fcauth_", Shape.LONG),
        ),
        Kind(INSTITUTION, "financial connections institution", constants=_institutions),
    ),
    routes=(
        Route(
            "GET",
            "/v1/financial_connections/authorizations/{id}",
            _retrieve,
            AUTHORIZATION,
            "Retrieve an Authorization",
            since=PREVIEW,
        ),
        Route("GET", _URL, _list, INSTITUTION, "List Institutions", LIST, listed=True, since=PREVIEW),
        Route("GET", _URL + "/{id}", _retrieve_institution, INSTITUTION, "Retrieve an Institution", since=PREVIEW),
    ),
    events=(_EVENT + "expected_deactivation_date_updated", _EVENT + "upcoming_deactivation"),
    notes=("An Authorization's status is that of the accounts that were linked with it.",),
)
