"""Financial Connections Transactions. Source: docs.stripe.com/api/financial_connections/transactions."""

from fcproxy.fake.call import Call
from fcproxy.fake.errors import ApiError, StripeError
from fcproxy.fake.paging import in_range
from fcproxy.fake.params import LIST, RANGE, group, required, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc, Row, by

__all__ = ["RESOURCE"]

KIND = "financial_connections.transaction"
REFRESH = "financial_connections.transaction_refresh"
_URL = "/v1/financial_connections/transactions"
_NO_REFRESH = ApiError(
    400,
    "invalid_request_error",
    "financial_connections_no_successful_transaction_refresh",
    "This account has no successful transaction refresh yet, so that its transactions cannot be listed.",
    "account",
)


def _pending(row: Row) -> tuple[str, ...]:
    return (row.doc["account"],) if row.doc["status"] == "pending" else ()


def _list(call: Call) -> Doc:
    account = call.reference("financial_connections.account", call.params["account"], "account")
    table = call.state.tables[KIND]
    refresh = account.doc["transaction_refresh"]
    if not table.numbers(call.scope, {"account": account.id}) and (refresh or {}).get("status") != "succeeded":
        raise StripeError(_NO_REFRESH)
    after, bounds = 0, call.params.get("transacted_at")
    if "after" in call.params.get("transaction_refresh", {}):
        name = "transaction_refresh[after]"
        after = call.reference(REFRESH, call.params["transaction_refresh"]["after"], name).number

    def where(row: Row) -> bool:
        touched = call.find(REFRESH, row.doc["transaction_refresh"])
        fresh = touched is None or touched.number > after
        return fresh and in_range(row.doc["transacted_at"], bounds)

    return call.page(KIND, _URL, filters={"account": account.id}, where=where)


def _retrieve(call: Call) -> Doc:
    return call.target(KIND).doc


RESOURCE = Resource(
    name="financial_connections.transactions",
    title="Financial Connections Transactions",
    kinds=(
        Kind(KIND, "financial connections transaction", indexes={"account": by("account"), "pending": _pending}),
        Kind(REFRESH, "financial connections transaction refresh"),
    ),
    routes=(
        Route(
            "GET",
            _URL,
            _list,
            KIND,
            "List an Account's Transactions",
            {
                **LIST,
                "account": required(text()),
                "transacted_at": RANGE,
                "transaction_refresh": group({"after": required(text())}),
            },
            listed=True,
        ),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve a Transaction"),
    ),
    notes=("Accounts have the transactions that the control API gave them, or a handful of their own.",),
)
