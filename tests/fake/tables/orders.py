"""What is bought: onramp sessions and climate orders."""

from tests.fake.support import Caller
from tests.fake.transitions import Machine, asked, passing, told

COS = "/v1/crypto/onramp_sessions"
ORDERS = "/v1/climate/orders"
DAY = 86_400


def _session(call: Caller) -> str:
    return str(call.post(COS)["id"])


def _on_session(action: str) -> str:
    return f"crypto/onramp_sessions/{{id}}/{action}"


ONRAMP = Machine(
    "onramp sessions",
    _session,
    lambda call, name: str(call.get(f"{COS}/{name}")["status"]),
    {
        "identify": told(_on_session("require_payment")),
        "reject": told(_on_session("reject")),
        "pay": told(_on_session("pay")),
        "check out": asked("POST", f"{COS}/{{id}}/checkout"),
        "quote": asked("POST", f"{COS}/{{id}}/quote"),
        "fulfill": told(_on_session("fulfill")),
        "two minutes": passing(120),
    },
    {
        "initialized": {
            "identify": "requires_payment: updated",
            "reject": "rejected: updated",
            "quote": "initialized",
            "two minutes": "initialized",
        },
        "requires_payment": {
            "pay": "fulfillment_processing: updated",
            "check out": "fulfillment_processing: updated",
            "reject": "rejected: updated",
            "quote": "requires_payment",
            "two minutes": "requires_payment",
        },
        "fulfillment_processing": {
            "fulfill": "fulfillment_complete: updated",
            "two minutes": "fulfillment_complete: updated",
        },
        "fulfillment_complete": {"two minutes": "fulfillment_complete"},
        "rejected": {"two minutes": "rejected"},
    },
    prefix="crypto.onramp_session.",
)


def _order(call: Caller) -> str:
    return str(call.post(ORDERS, "product=climsku_frontier_offtake_portfolio_2027&metric_tons=0.01")["id"])


def _order_state(call: Caller, name: str) -> str:
    order = call.get(f"{ORDERS}/{name}")
    late = order["status"] not in ("canceled", "delivered") and order["created"] + DAY <= call.fake.now()
    return f"{order['status']}, late" if late else str(order["status"])


def _on_order(action: str) -> str:
    return f"climate/orders/{{id}}/{action}"


_PENDING = {"delay": "{}: delayed", "substitute": "{}: product_substituted", "update": "{}"}
_ANY = {"drop": "canceled: canceled", "deliver": "delivered: delivered", "years": "delivered: delivered"}


def _pending(state: str) -> dict[str, str]:
    return {act: row.format(state) for act, row in _PENDING.items()} | _ANY


def _final(state: str) -> dict[str, str]:
    return dict.fromkeys(("update", "a day", "years"), state)


CLIMATE = Machine(
    "orders",
    _order,
    _order_state,
    {
        "await funds": told(_on_order("await_funds")),
        "fund": told(_on_order("fund")),
        "confirm": told(_on_order("confirm")),
        "deliver": told(_on_order("deliver")),
        "delay": told(_on_order("delay")),
        "substitute": told(_on_order("substitute"), '{"product": "climsku_frontier_offtake_portfolio_2030"}'),
        "drop": told(_on_order("cancel")),
        "cancel": asked("POST", f"{ORDERS}/{{id}}/cancel"),
        "update": asked("POST", f"{ORDERS}/{{id}}", "metadata[a]=b"),
        "a day": passing(DAY),
        "years": passing(5 * 366 * DAY),
    },
    {
        "open": {
            **_pending("open"),
            "await funds": "awaiting_funds",
            "confirm": "confirmed",
            "cancel": "canceled: canceled",
            "a day": "confirmed, late",
        },
        "awaiting_funds": {
            "fund": "open",
            "drop": "canceled: canceled",
            "cancel": "canceled: canceled",
            "update": "awaiting_funds",
            "a day": "awaiting_funds, late",
            "years": "awaiting_funds, late",
        },
        "awaiting_funds, late": {
            "fund": "confirmed, late",
            "drop": "canceled: canceled",
            "update": "awaiting_funds, late",
            "a day": "awaiting_funds, late",
            "years": "awaiting_funds, late",
        },
        "confirmed": {**_pending("confirmed"), "cancel": "canceled: canceled", "a day": "confirmed, late"},
        "confirmed, late": {**_pending("confirmed, late"), "a day": "confirmed, late"},
        "delivered": _final("delivered"),
        "canceled": _final("canceled"),
    },
    prefix="climate.order.",
)
MACHINES = (ONRAMP, CLIMATE)
