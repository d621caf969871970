"""Sessions, accounts and the refreshes of their data."""

from tests.fake.support import CUSTOMER, Caller, Doc
from tests.fake.transitions import Act, Machine, asked, passing, told

FC = "/v1/financial_connections"
SESSION = (
    f"account_holder[type]=customer&account_holder[customer]={CUSTOMER}"
    "&permissions[]=balances&permissions[]=ownership&permissions[]=transactions"
)
HOUR = 3600


def _doc(call: Caller, kind: str, name: str) -> Doc:
    # Looked at from inside: a retrieval is one of the acts.
    row = call.fake.state.tables[f"financial_connections.{kind}"].get(name)
    assert row is not None
    return row.doc


def _session(call: Caller) -> str:
    return str(call.post(f"{FC}/sessions", SESSION)["id"])


def _session_state(call: Caller, name: str) -> str:
    doc = _doc(call, "session", name)
    ended = "closed" if doc["client_secret"] is None else "open"
    return "completed" if doc["accounts"]["data"] else ended


_COMPLETE = told("financial_connections/sessions/{id}/complete", '{"accounts": [{}]}')
SESSIONS = Machine(
    "sessions",
    _session,
    _session_state,
    {
        "complete": _COMPLETE,
        "fail to complete": told("financial_connections/sessions/{id}/complete", '{"institution": "Down (Error)"}'),
        "cancel": told("financial_connections/sessions/{id}/cancel"),
        "fail": told("financial_connections/sessions/{id}/fail"),
        "retrieve": asked("GET", f"{FC}/sessions/{{id}}"),
    },
    {
        "open": {
            "complete": "completed: account.created",
            "cancel": "closed",
            "fail": "closed",
            "retrieve": "open",
        },
        "completed": {"retrieve": "completed"},
        "closed": {"retrieve": "closed"},
    },
    prefix="financial_connections.",
)


def _account(call: Caller) -> str:
    session = _session(call)
    _COMPLETE(call, session)
    return str(_doc(call, "session", session)["accounts"]["data"][0])


def _account_state(call: Caller, name: str) -> str:
    doc = _doc(call, "account", name)
    return f"{doc['status']}, subscribed" if doc["subscriptions"] else str(doc["status"])


def _on_account(verb: str, form: str = "") -> Act:
    return asked("POST", f"{FC}/accounts/{{id}}/{verb}", form)


_INACTIVE = {"reactivate": "active: reactivated", "disconnect": "disconnected: disconnected"}
ACCOUNTS = Machine(
    "accounts",
    _account,
    _account_state,
    {
        "deactivate": told("financial_connections/accounts/{id}/deactivate"),
        "reactivate": told("financial_connections/accounts/{id}/reactivate"),
        "disconnect": _on_account("disconnect"),
        "refresh": _on_account("refresh", "features[]=balance"),
        "subscribe": _on_account("subscribe", "features[]=transactions"),
        "unsubscribe": _on_account("unsubscribe", "features[]=transactions"),
    },
    {
        "active": {
            "deactivate": "inactive: deactivated",
            "disconnect": "disconnected: disconnected",
            "refresh": "active",
            "subscribe": "active, subscribed",
            "unsubscribe": "active",
        },
        "active, subscribed": {
            "deactivate": "inactive, subscribed: deactivated",
            "disconnect": "disconnected: disconnected",
            "refresh": "active, subscribed",
            "subscribe": "active, subscribed",
            "unsubscribe": "active",
        },
        "inactive": _INACTIVE,
        "inactive, subscribed": {**_INACTIVE, "reactivate": "active, subscribed: reactivated"},
        "disconnected": {"disconnect": "disconnected"},
    },
    prefix="financial_connections.account.",
)


def _refreshes(feature: str, field: str) -> Machine:
    def state(call: Caller, name: str) -> str:
        doc = _doc(call, "account", name)
        refresh = doc[field] or {"status": "none", "next_refresh_available_at": None}
        again = refresh["next_refresh_available_at"]
        words = [refresh["status"]]
        if again is not None and again <= call.fake.now():
            words.append("and free")
        if doc["status"] != "active":
            words.append("of no use")
        return " ".join(words)

    done, ended = f": refreshed_{feature}", {"two hours": "{} and free", "retrieve twice": "{}", "settle": "{}"}
    after = {
        word: {act: row.format(word) for act, row in ended.items()} | {"fail": word, "break": f"{word} of no use"}
        for word in ("succeeded", "failed")
    }
    free = {
        f"{word} and free": {
            **dict.fromkeys(ended, f"{word} and free"),
            "fail": f"{word} and free",
            "refresh": "pending",
            "break": f"{word} and free of no use",
        }
        for word in after
    }
    broken = {
        f"{word} of no use": {
            **dict.fromkeys(("settle", "fail", "retrieve twice"), f"{word} of no use"),
            "two hours": f"{word.removesuffix(' and free')} and free of no use",
        }
        for word in (*after, *free)
    }
    return Machine(
        f"refreshes of {feature}",
        _account,
        state,
        {
            "refresh": _on_account("refresh", f"features[]={feature}"),
            "settle": told("financial_connections/accounts/{id}/settle"),
            "fail": told("financial_connections/accounts/{id}/settle", '{"status": "failed"}'),
            "two hours": passing(2 * HOUR),
            "retrieve twice": lambda call, name: max(
                asked("GET", f"{FC}/accounts/{{id}}")(call, name) for _ in range(2)
            ),
            "break": _quietly,
        },
        {
            "none": {
                **dict.fromkeys(("settle", "fail", "two hours", "retrieve twice"), "none"),
                "refresh": "pending",
                "break": "none of no use",
            },
            "pending": {
                "settle": f"succeeded{done}",
                "fail": f"failed{done}",
                "two hours": f"succeeded and free{done}",
                "retrieve twice": f"succeeded{done}",
                "break": "pending of no use",
            },
            **after,
            **free,
            **broken,
            "none of no use": dict.fromkeys(("settle", "fail", "two hours", "retrieve twice"), "none of no use"),
            "pending of no use": {
                **dict.fromkeys(("settle", "fail", "retrieve twice"), f"failed of no use{done}"),
                "two hours": f"failed and free of no use{done}",
            },
        },
        prefix="financial_connections.account.",
    )


def _quietly(call: Caller, name: str) -> int:
    """Deactivates the account, whose own event is none of the refreshes'."""
    status = told("financial_connections/accounts/{id}/deactivate")(call, name)
    events = call.fake.state.tables["event"]
    for row in [row for row in events if row.doc["type"].endswith(".deactivated")]:
        events.remove(row)
    return status


MACHINES = (
    SESSIONS,
    ACCOUNTS,
    _refreshes("balance", "balance_refresh"),
    _refreshes("ownership", "ownership_refresh"),
    _refreshes("transactions", "transaction_refresh"),
)
