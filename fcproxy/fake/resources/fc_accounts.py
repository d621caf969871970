"""Financial Connections Accounts. Source: docs.stripe.com/api/financial_connections/accounts."""

from fcproxy.fake.call import Call
from fcproxy.fake.errors import refuse
from fcproxy.fake.params import LIST, Params, array, choice, group, integer, required, spanned, text, time
from fcproxy.fake.resource import Action, Kind, Resource, Route, Span
from fcproxy.fake.resources.fc_authorizations import INSTITUTION, institution_id
from fcproxy.fake.resources.fc_institutions import OWNER, SECOND_OWNER, Template, institution_of
from fcproxy.fake.resources.fc_refresh import (
    FEATURES,
    INFERRED,
    POLLS,
    daily,
    finish_due,
    finish_refresh,
    inactive,
    start_refresh,
)
from fcproxy.fake.state import Doc, Row, by
from fcproxy.fake.versions import PREVIEW
from fcproxy.stripe.ids import IdShape, Shape

__all__ = ["ACCOUNT", "ACCOUNTS_URL", "HOLDER_EXPANDABLE", "RESOURCE", "open_account", "relink"]

KIND = "financial_connections.account"
OWNER_KIND = "financial_connections.account_owner"
OWNERSHIP = "financial_connections.account_ownership"
ACCOUNTS_URL = "/v1/financial_connections/accounts"
HOLDER_EXPANDABLE = {"account_holder.account": "account", "account_holder.customer": "customer"}
DAY = 86_400
RELINK_DAYS = 30
"""How long an account that needs a relink is said to stay active."""
_GIVEN = {"balance": "balance", "ownership": "owners", "transactions": "transactions"}
"""Feature -> the word under which the control API gives its data."""

TRANSACTION: Params = {
    "amount": required(integer()),
    "currency": text("currency"),
    "description": text(),
    "status": choice("pending", "posted", "void"),
    "transacted_at": time(),
}
ACCOUNT: Params = {
    "balance": group({"current": required(integer()), "available": integer(), "used": integer(), "currency": text()}),
    "category": choice("cash", "credit", "investment", "other"),
    "display_name": text(),
    "last4": text(most=4),
    "owners": array(group({"name": required(text()), "email": text(), "phone": text(), "raw_address": text()})),
    "status": choice("active", "inactive"),
    "subcategory": choice("checking", "savings", "mortgage", "line_of_credit", "credit_card", "other"),
    "supported_payment_method_types": array(choice("us_bank_account", "link")),
    "transactions": array(group(TRANSACTION), most=1000),
}
"""What the control API may say of an account that is linked."""

CATEGORY_OF = {
    "checking": "cash",
    "savings": "cash",
    "mortgage": "credit",
    "line_of_credit": "credit",
    "credit_card": "credit",
}
_PLAIN = Template("Account", "0000", "cash", "checking", 0, payable=True)


def open_account(call: Call, session: Row, name: str, template: Template | None, given: Doc) -> Row:
    """Links an account of the institution ``name``.

    ``given`` is what the control API said of it, over the institution's ``template``.
    """
    institution, base = institution_of(name), template or _PLAIN
    doc = _account_doc(call, session, name, base, given)
    if institution.action != "none":
        when = call.now + RELINK_DAYS * DAY
        active = {"action": institution.action, "cause": "access_expired", "expected_deactivation_date": when}
        doc["status_details"] = {"active": active}
    owners = [dict(owner) for owner in (OWNER, SECOND_OWNER)[: institution.owners]]
    private = {
        "session": session.id,
        "balance": given.get("balance", {"current": base.current}),
        "owners": given.get("owners", owners),
        "transactions": given.get("transactions"),
        "polls": 0,
    }
    row = call.add(KIND, doc, private)
    call.emit("financial_connections.account.created", row)
    if doc["status"] == "active":
        _first_data(call, row, session, given)
    if institution.deactivates:
        call.later(DAY, "fc.deactivate", account=row.id)
    return row


def _account_doc(call: Call, session: Row, name: str, base: Template, given: Doc) -> Doc:
    institution = institution_of(name)
    payable = ["us_bank_account", "link"] if base.payable else []
    subcategory = given.get("subcategory", base.subcategory)
    return {
        "id": call.mint(KIND),
        "object": KIND,
        "account_holder": session.doc["account_holder"],
        "account_numbers": _numbers() if institution.tokenized else None,
        "authorization": session.private["authorization"],
        "balance": None,
        "balance_refresh": None,
        "category": given.get("category", CATEGORY_OF.get(subcategory, base.category)),
        "created": call.now,
        "display_name": given.get("display_name", base.display_name),
        "inferred_balances_refresh": None,
        "institution": institution_id(name),
        "institution_name": name,
        "last4": given.get("last4", base.last4),
        "livemode": call.livemode,
        "ownership": None,
        "ownership_refresh": None,
        "permissions": session.doc["permissions"],
        "status": given.get("status", institution.status),
        "subcategory": subcategory,
        "subscriptions": [],
        "supported_payment_method_types": given.get("supported_payment_method_types", payable),
        "transaction_refresh": None,
    }


def _first_data(call: Call, row: Row, session: Row, given: Doc) -> None:
    """Prefetched features start as pending; what the control API said of the account is there at once.

    A prefetch has begun while the user was still in the modal, so that the first retrieval finds it done.
    """
    for name, feature in FEATURES.items():
        said = _GIVEN.get(name) in given and feature.permission in session.doc["permissions"]
        if said or feature.prefetch in session.doc["prefetch"]:
            start_refresh(call, row, name)
        if said:
            finish_refresh(call, row, name, "succeeded")
    row.private["polls"] = POLLS - 1


def _numbers() -> list[Doc]:
    return [
        {
            "expected_expiry_date": None,
            "identifier_type": "tokenized_account_number",
            "status": "transactable",
            "supported_networks": ["ach"],
        }
    ]


def _list(call: Call) -> Doc:
    holder = call.params.get("account_holder", {})
    if "account" in holder and "customer" in holder:
        names = "account_holder[account], account_holder[customer]"
        raise refuse("exclusive", param="account_holder[customer]", names=names)
    for name in ("account", "customer"):
        if name in holder:
            call.known(name, holder[name], f"account_holder[{name}]")
    if "session" in call.params:
        call.reference("financial_connections.session", call.params["session"], "session")
    filters = {**holder, "session": call.params.get("session")}
    return call.page(KIND, ACCOUNTS_URL, filters=filters)


def _retrieve(call: Call) -> Doc:
    row = call.target(KIND)
    row.private["polls"] += 1
    if row.private["polls"] >= POLLS:
        finish_due(call, row)
    return row.doc


def _owners(call: Call) -> Doc:
    row = call.target(KIND)
    ownership = call.reference(OWNERSHIP, call.params["ownership"], "ownership")
    if ownership.private["account"] != row.id:
        raise refuse(
            "missing_reference",
            param="ownership",
            words="financial connections account ownership",
            id=ownership.id,
            hint="",
        )
    return call.page(OWNER_KIND, f"{ACCOUNTS_URL}/{row.id}/owners", filters={"ownership": ownership.id})


def _usable(call: Call) -> Row:
    row = call.target(KIND)
    if row.doc["status"] != "active":
        raise inactive(row)
    return row


def _refresh(call: Call) -> Doc:
    row = _usable(call)
    features = dict.fromkeys(call.params["features"])
    for feature in features:
        FEATURES[feature].check(call, row)
    for feature in features:
        start_refresh(call, row, feature)
    return row.doc


def _subscribe(call: Call) -> Doc:
    row = _usable(call)
    for feature in call.params["features"]:
        FEATURES[feature].permitted(row)
    for feature in call.params["features"]:
        if feature not in row.doc["subscriptions"]:
            call.change(row, subscriptions=sorted({*row.doc["subscriptions"], feature}))
            if row.doc[FEATURES[feature].field] is None:
                start_refresh(call, row, feature)
            call.later(DAY, "fc.daily", account=row.id, feature=feature)
    return row.doc


def _unsubscribe(call: Call) -> Doc:
    row = _usable(call)
    left = [feature for feature in row.doc["subscriptions"] if feature not in call.params["features"]]
    return call.change(row, subscriptions=left).doc


def _inferred(call: Call) -> Doc:
    row = call.target(KIND)
    return call.page(INFERRED, f"{ACCOUNTS_URL}/{row.id}/inferred_balances", filters={"account": row.id})


def _disconnect(call: Call) -> Doc:
    row = call.target(KIND)
    if row.doc["status"] != "disconnected":
        call.change(row, status="disconnected", subscriptions=[])
        call.emit("financial_connections.account.disconnected", row)
    return row.doc


def _set_status(call: Call, row: Row, old: str, new: str, event: str) -> Doc:
    if row.doc["status"] != old:
        raise refuse("state", message=f"The account is {row.doc['status']}, not {old}.")
    call.change(row, status=new)
    call.emit(f"financial_connections.account.{event}", row)
    return row.doc


def _deactivate(call: Call) -> Doc:
    return _set_status(call, call.target(KIND), "active", "inactive", "deactivated")


def _reactivate(call: Call) -> Doc:
    return relink(call, call.target(KIND))


def relink(call: Call, row: Row) -> Doc:
    """Mends the link of an account that is inactive: what was said of its end is over. Raises StripeError (400)."""
    if row.doc["status"] == "inactive":
        row.doc.pop("status_details", None)
    return _set_status(call, row, "inactive", "active", "reactivated")


def _settle(call: Call) -> Doc:
    row = call.target(KIND)
    finish_due(call, row, call.params.get("status", "succeeded"))
    return row.doc


def _add_transactions(call: Call) -> Doc:
    row = call.target(KIND)
    row.private["transactions"] = [*(row.private["transactions"] or []), *call.params["transactions"]]
    return row.doc


def _job_deactivate(call: Call, data: Doc) -> None:
    row = call.find(KIND, data["account"])
    if row is not None and row.doc["status"] == "active":
        _set_status(call, row, "active", "inactive", "deactivated")


def _job_refresh(call: Call, data: Doc) -> None:
    row = call.find(KIND, data["account"])
    if row is not None:
        finish_refresh(call, row, data["feature"], "succeeded", attempt=data["attempt"])


def _job_daily(call: Call, data: Doc) -> None:
    row = call.find(KIND, data["account"])
    if row is not None and daily(call, row, data["feature"]):
        call.later(DAY, "fc.daily", account=row.id, feature=data["feature"])


_ID = ACCOUNTS_URL + "/{id}"
_OLD_URL = "/v1/linked_accounts"
"""An older path that the OpenAPI document still has: the same calls but for subscriptions."""
_SUBSCRIPTION: Params = {
    "features": required(
        array(
            choice(
                "balance",
                "inferred_balances",
                "transactions",
                newer={"balance": PREVIEW, "inferred_balances": PREVIEW},
            )
        )
    )
}
_REFRESH: Params = {
    "features": required(
        array(choice(*FEATURES, newer={name: row.since for name, row in FEATURES.items() if row.since}))
    )
}
_HOLDER: Params = {"account": text(), "customer": text(), "customer_account": spanned(text(), since="2025-12-15")}
_CONTROL = "financial_connections/accounts/{id}/"


def _routes(url: str) -> tuple[Route, ...]:
    """The calls that both paths have."""
    path = url + "/{id}"
    query = {**LIST, "account_holder": group(_HOLDER), "session": text()}
    return (
        Route("GET", url, _list, KIND, "List Accounts", query, listed=True),
        Route("GET", path, _retrieve, KIND, "Retrieve an Account"),
        Route(
            "GET",
            path + "/owners",
            _owners,
            OWNER_KIND,
            "List an Account's owners",
            {**LIST, "ownership": required(text())},
            listed=True,
        ),
        Route("POST", path + "/refresh", _refresh, KIND, "Refresh an Account's data", _REFRESH),
        Route("POST", path + "/disconnect", _disconnect, KIND, "Disconnect an Account"),
    )


RESOURCE = Resource(
    name="financial_connections.accounts",
    title="Financial Connections Accounts",
    kinds=(
        Kind(
            KIND,
            "financial connections account",
            expandable={**HOLDER_EXPANDABLE, "institution": INSTITUTION, "ownership": OWNERSHIP},
            spans=(
                Span("account_numbers", since="2025-11-17"),
                Span("authorization", since=PREVIEW),
                Span("inferred_balances_refresh", since=PREVIEW),
                Span("institution", since=PREVIEW),
                Span("status_details", since="2026-06-24"),
                Span("account_holder.customer_account", since="2025-12-15"),
            ),
            indexes={
                "account": by("account_holder.account"),
                "authorization": by("authorization"),
                "customer": by("account_holder.customer"),
                "customer_account": by("account_holder.customer_account"),
                "session": lambda row: (row.private["session"],),
            },
        ),
        Kind(OWNERSHIP, "financial connections account ownership", lists={"owners": OWNER_KIND}),
        Kind(
            INFERRED,
            "financial connections account inferred balance",
            indexes={"account": lambda row: (row.private["account"],)},
            shape=IdShape("fcinfbal_", Shape.LONG),
        ),
        Kind(OWNER_KIND, "financial connections account owner", indexes={"ownership": by("ownership")}),
    ),
    routes=(
        *_routes(ACCOUNTS_URL),
        Route("POST", _ID + "/subscribe", _subscribe, KIND, "Subscribe to daily refreshes", _SUBSCRIPTION),
        Route("POST", _ID + "/unsubscribe", _unsubscribe, KIND, "Unsubscribe from them", _SUBSCRIPTION),
        Route(
            "GET",
            _ID + "/inferred_balances",
            _inferred,
            INFERRED,
            "List an Account's inferred balances",
            LIST,
            listed=True,
            since=PREVIEW,
        ),
        *_routes(_OLD_URL),
    ),
    actions=(
        Action(_CONTROL + "deactivate", _deactivate, KIND, "breaks the link, as an institution may"),
        Action(_CONTROL + "reactivate", _reactivate, KIND, "mends the link, as a relink does"),
        Action(
            _CONTROL + "settle",
            _settle,
            KIND,
            "ends the refreshes that are pending",
            {"status": choice("succeeded", "failed")},
        ),
        Action(
            _CONTROL + "transactions",
            _add_transactions,
            KIND,
            "adds transactions for the next refresh to find",
            {"transactions": required(array(group(TRANSACTION), most=1000))},
        ),
    ),
    jobs={"fc.deactivate": _job_deactivate, "fc.refresh": _job_refresh, "fc.daily": _job_daily},
    events=tuple(
        f"financial_connections.account.{word}"
        for word in (
            "created",
            "deactivated",
            "disconnected",
            "reactivated",
            "refreshed_balance",
            "refreshed_inferred_balances",
            "refreshed_ownership",
            "refreshed_transactions",
        )
    ),
    notes=(
        "A refresh ends after a few seconds of the fake's clock, or when the control API settles it.",
        "Where the clock stands still, a refresh ends at the second retrieval of its account, a prefetch at the first.",
    ),
)
