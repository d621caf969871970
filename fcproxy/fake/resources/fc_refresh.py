"""How the data of a Financial Connections Account is refreshed: balance, ownership, transactions.

Source: docs.stripe.com/financial-connections/balances, /ownership, /transactions.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fcproxy.fake.call import Call
from fcproxy.fake.errors import ApiError, StripeError, refuse
from fcproxy.fake.resources.fc_institutions import MERCHANTS
from fcproxy.fake.state import Doc, Row
from fcproxy.fake.versions import PREVIEW
from fcproxy.stripe.envelope import list_envelope

__all__ = [
    "FEATURES",
    "INFERRED",
    "POLLS",
    "REFRESH_GAP",
    "REFRESH_SECONDS",
    "Feature",
    "daily",
    "finish_due",
    "finish_refresh",
    "inactive",
    "start_refresh",
]

REFRESH_SECONDS = 5
"""How long a refresh takes on the fake's clock."""
POLLS = 2
"""The retrieval of an account at which its pending refreshes end at the latest, so that polling does not last forever
where the clock stands still."""
REFRESH_GAP = 3600
"""Seconds until a feature may be refreshed again."""
TRANSACTION = "financial_connections.transaction"
TRANSACTION_REFRESH = "financial_connections.transaction_refresh"
OWNER = "financial_connections.account_owner"
OWNERSHIP = "financial_connections.account_ownership"
INFERRED = "financial_connections.account_inferred_balance"
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Feature:
    """One kind of data.

    ``field`` holds the state of its refresh, ``permission`` is what the session must have, ``prefetch`` the word by
    which a session asks for it at once. ``since`` is the version bound of its words.
    """

    name: str
    field: str
    permission: str
    prefetch: str
    since: str = ""

    def permitted(self, row: Row) -> None:
        """Raises StripeError (400) where the account's session did not ask for this data."""
        if self.permission not in (row.doc["permissions"] or ()):
            message = f"This account was not linked with the permission `{self.permission}`, which is needed here."
            raise refuse("state", param="features", message=message)

    def check(self, call: Call, row: Row) -> None:
        """Raises StripeError (400) where a refresh may not start now."""
        self.permitted(row)
        last = row.doc[self.field]
        if last is None:
            return
        if last["status"] == "pending":
            raise refuse("state", param="features", message=f"A refresh of {self.name} is already pending.")
        if last["next_refresh_available_at"] > call.now:
            when = last["next_refresh_available_at"]
            raise refuse("state", param="features", message=f"{self.name} cannot be refreshed again before {when}.")


FEATURES: Mapping[str, Feature] = {
    "balance": Feature("balance", "balance_refresh", "balances", "balances"),
    "inferred_balances": Feature(
        "inferred_balances", "inferred_balances_refresh", "balances", "inferred_balances", PREVIEW
    ),
    "ownership": Feature("ownership", "ownership_refresh", "ownership", "ownership"),
    "transactions": Feature("transactions", "transaction_refresh", "transactions", "transactions"),
}

_INACTIVE = ApiError(
    400,
    "invalid_request_error",
    "financial_connections_account_inactive",
    "The Financial Connections account is {status}: its data cannot be refreshed.",
)


def inactive(row: Row) -> StripeError:
    """The refusal for an account that is not active."""
    text = _INACTIVE.message.format(status=row.doc["status"])
    return StripeError(ApiError(_INACTIVE.status, _INACTIVE.type, _INACTIVE.code, text))


def start_refresh(call: Call, row: Row, feature: str) -> None:
    """Sets the feature's refresh pending; it ends on the clock, or when somebody looks for the second time."""
    field = FEATURES[feature].field
    refresh: Doc = {"last_attempted_at": call.now, "next_refresh_available_at": None, "status": "pending"}
    attempt = call.state.next("refresh")
    if feature == "transactions":
        refresh = {"id": call.mint(TRANSACTION_REFRESH), **refresh}
        record = {"id": refresh["id"], "object": TRANSACTION_REFRESH, "account": row.id}
        call.add(TRANSACTION_REFRESH, record, {"created": call.now})
    call.change(row, **{field: refresh})
    row.private["polls"] = 0
    row.private[f"{feature} attempt"] = attempt
    call.later(REFRESH_SECONDS, "fc.refresh", account=row.id, feature=feature, attempt=attempt)


def finish_due(call: Call, row: Row, status: str = "succeeded") -> None:
    """Ends every refresh of the account that is pending."""
    for feature in FEATURES:
        finish_refresh(call, row, feature, status)


def finish_refresh(call: Call, row: Row, feature: str, status: str, attempt: int | None = None) -> None:
    """Ends a pending refresh; does nothing where it has ended, or where ``attempt`` is not the latest one."""
    field = FEATURES[feature].field
    refresh = row.doc[field]
    if refresh is None or refresh["status"] != "pending":
        return
    if attempt is not None and attempt != row.private[f"{feature} attempt"]:
        return
    if row.doc["status"] != "active":
        status = "failed"
    if status == "succeeded":
        _APPLY[feature](call, row)
    done = {**refresh, "status": status, "next_refresh_available_at": call.now + REFRESH_GAP}
    call.change(row, **{field: done})
    call.emit(f"financial_connections.account.refreshed_{feature}", row)


def daily(call: Call, row: Row, feature: str) -> bool:
    """The refresh of the day, of a feature that is subscribed to. False where the subscription has ended."""
    if feature not in row.doc["subscriptions"]:
        return False
    pending = (row.doc[FEATURES[feature].field] or {}).get("status") == "pending"
    if row.doc["status"] == "active" and not pending:
        start_refresh(call, row, feature)
    return True


def _balance(call: Call, row: Row) -> None:
    given = row.private["balance"]
    currency, current = given.get("currency", "usd"), given["current"]
    kind = "credit" if row.doc["category"] == "credit" else "cash"
    balance: Doc = {"as_of": call.now, "current": {currency: current}, "type": kind}
    if kind == "credit":
        balance["credit"] = {"used": {currency: given.get("used", abs(current))}}
    else:
        balance["cash"] = {"available": {currency: given.get("available", current)}}
    call.change(row, balance=balance)


def _inferred_balances(call: Call, row: Row) -> None:
    given = row.private["balance"]
    doc = {
        "id": call.mint(INFERRED),
        "object": INFERRED,
        "as_of": call.now,
        "current": {given.get("currency", "usd"): given["current"]},
    }
    call.add(INFERRED, doc, {"account": row.id, "created": call.now})


def _ownership(call: Call, row: Row) -> None:
    ownership = call.mint(OWNERSHIP)
    ids = []
    for given in row.private["owners"]:
        owner = {
            "id": call.mint(OWNER),
            "object": OWNER,
            "email": given.get("email"),
            "name": given["name"],
            "ownership": ownership,
            "phone": given.get("phone"),
            "raw_address": given.get("raw_address"),
            "refreshed_at": call.now,
        }
        ids.append(owner["id"])
        call.add(OWNER, owner, {"created": call.now})
    url = f"/v1/financial_connections/accounts/{row.id}/owners?ownership={ownership}"
    # Newest first, as the owners' own list is.
    owners = list_envelope(ids[::-1], has_more=False, url=url)
    doc = {"id": ownership, "object": OWNERSHIP, "created": call.now, "owners": owners}
    call.add(OWNERSHIP, doc, {"account": row.id})
    call.change(row, ownership=ownership)


def _generated(call: Call, row: Row) -> list[Doc]:
    """The transactions of an account that nobody described: a first handful, then one more at each refresh."""
    seen = row.private.get("generated", 0)
    count = len(MERCHANTS) if seen == 0 else 1
    row.private["generated"] = seen + count
    found = []
    for position in range(seen, seen + count):
        description, amount = MERCHANTS[position % len(MERCHANTS)]
        age = (seen + count - 1 - position) * DAY
        newest = position == seen + count - 1
        found.append(
            {
                "amount": amount,
                "description": description,
                "transacted_at": call.now - age,
                "status": "pending" if newest else "posted",
            }
        )
    return found


def _transactions(call: Call, row: Row) -> None:
    refresh = row.doc["transaction_refresh"]["id"]
    table = call.state.tables[TRANSACTION]
    for number in list(table.numbers(call.scope, {"pending": row.id})):
        known = table.at(number)
        call.change(
            known,
            status="posted",
            status_transitions={"posted_at": call.now, "void_at": None},
            transaction_refresh=refresh,
            updated=call.now,
        )
    given = row.private["transactions"]
    fresh = _generated(call, row) if given is None else given
    row.private["transactions"] = None if given is None else []
    for item in sorted(fresh, key=lambda item: item.get("transacted_at", call.now)):
        _add(call, row, refresh, item)


def _add(call: Call, row: Row, refresh: str, given: Doc) -> None:
    moment, status = given.get("transacted_at", call.now), given.get("status", "posted")
    doc = {
        "id": call.mint(TRANSACTION),
        "object": TRANSACTION,
        "account": row.id,
        "amount": given["amount"],
        "currency": given.get("currency", "usd"),
        "description": given.get("description", MERCHANTS[0][0]),
        "livemode": call.livemode,
        "status": status,
        "status_transitions": {
            "posted_at": moment if status == "posted" else None,
            "void_at": moment if status == "void" else None,
        },
        "transacted_at": moment,
        "transaction_refresh": refresh,
        "updated": call.now,
    }
    call.add(TRANSACTION, doc, {"created": call.now})


_APPLY = {
    "balance": _balance,
    "inferred_balances": _inferred_balances,
    "ownership": _ownership,
    "transactions": _transactions,
}
