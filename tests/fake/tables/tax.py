"""Tax: settings, registrations, calculations, transactions with their reversals."""

import json

from tests.fake.support import Caller
from tests.fake.transitions import Act, Machine, asked, passing

TAX = "/v1/tax"
DAY = 86_400
_OFFICE = "head_office[address][country]="


def _get(call: Caller, path: str) -> str:
    answer = call("GET", path)
    return str(answer["status"]) if call.status == 200 else str(call.status)


SETTINGS = Machine(
    "settings",
    lambda call: "",
    lambda call, name: _get(call, f"{TAX}/settings"),
    {
        "retrieve": asked("GET", f"{TAX}/settings"),
        "nothing": asked("POST", f"{TAX}/settings"),
        "defaults": asked("POST", f"{TAX}/settings", "defaults[tax_code]=txcd_10000000"),
        "half an office": asked("POST", f"{TAX}/settings", f"{_OFFICE}US"),
        "an office": asked("POST", f"{TAX}/settings", f"{_OFFICE}DE"),
    },
    {
        "pending": {
            "retrieve": "pending",
            "nothing": "pending",
            "defaults": "pending: updated",
            "half an office": "pending: updated",
            "an office": "active: updated",
        },
        "active": {
            "retrieve": "active",
            "nothing": "active",
            "defaults": "active: updated",
            "half an office": "active: updated",
            "an office": "active",
        },
    },
    prefix="tax.settings.",
)


def _registration(call: Caller) -> str:
    begins = call.fake.now() + 2 * DAY
    form = "country=US&country_options[us][state]=CA&country_options[us][type]=state_sales_tax"
    return str(call.post(f"{TAX}/registrations", f"{form}&active_from={begins}&expires_at={begins + 9 * DAY}")["id"])


def _ending(days: int) -> Act:
    def act(call: Caller, name: str) -> int:
        call("POST", f"{TAX}/registrations/{name}", f"expires_at={call.fake.now() + days * DAY}")
        return call.status

    return act


_REGISTRATION = f"{TAX}/registrations/{{id}}"
REGISTRATIONS = Machine(
    "registrations",
    _registration,
    lambda call, name: _get(call, f"{TAX}/registrations/{name}"),
    {
        "begin now": asked("POST", _REGISTRATION, "active_from=now"),
        "end now": asked("POST", _REGISTRATION, "expires_at=now"),
        "end in a day": _ending(1),
        "end in a year": _ending(365),
        "never end": asked("POST", _REGISTRATION, "expires_at="),
        "a day": passing(DAY),
        "ten days": passing(10 * DAY),
        "twenty days": passing(20 * DAY),
    },
    {
        "scheduled": {
            "begin now": "active",
            "end now": "expired",
            "end in a year": "scheduled",
            "never end": "scheduled",
            "a day": "scheduled",
            "ten days": "active",
            "twenty days": "expired",
        },
        "active": {
            "end now": "expired",
            "end in a day": "active",
            "end in a year": "active",
            "never end": "active",
            "a day": "active",
            "ten days": "active",
            "twenty days": "expired",
        },
        "expired": dict.fromkeys(("a day", "ten days", "twenty days"), "expired"),
    },
)


def _calculation(call: Caller) -> str:
    form = "currency=eur&line_items[0][amount]=1000&customer_details[address_source]=billing"
    call.post(f"{TAX}/registrations", "country=DE&country_options[de][type]=oss_union&active_from=now")
    return str(call.post(f"{TAX}/calculations", f"{form}&customer_details[address][country]=DE")["id"])


def _calculation_state(call: Caller, name: str) -> str:
    answer = call("GET", f"{TAX}/calculations/{name}")
    return "usable" if "id" in answer else "expired"


_LINES = "/{id}/line_items"
CALCULATIONS = Machine(
    "calculations",
    _calculation,
    _calculation_state,
    {
        "retrieve": asked("GET", f"{TAX}/calculations/{{id}}"),
        "list lines": asked("GET", f"{TAX}/calculations{_LINES}"),
        "use": asked("POST", f"{TAX}/transactions/create_from_calculation", "calculation={id}&reference=one"),
        "89 days": passing(89 * DAY),
        "90 days": passing(90 * DAY),
    },
    {
        "usable": {
            "retrieve": "usable",
            "list lines": "usable",
            "use": "usable",
            "89 days": "usable",
            "90 days": "expired",
        },
        "expired": {"retrieve": "404", "list lines": "404", "89 days": "expired", "90 days": "expired"},
    },
)


def _transaction(call: Caller) -> str:
    form = f"calculation={_calculation(call)}&reference=order"
    return str(call.post(f"{TAX}/transactions/create_from_calculation", form)["id"])


def _transaction_state(call: Caller, name: str) -> str:
    """What is left of 10.00 and 1.90 tax, by the transaction's reversals."""
    original = call.get(f"{TAX}/transactions/{name}")
    assert (original["type"], original["reversal"]) == ("transaction", None)
    left, tax = 1000, 190
    for row in call.fake.state.tables["tax.transaction"]:
        if row.doc["reversal"] == {"original_transaction": name}:
            lines = call.get(f"{TAX}/transactions/{row.id}/line_items")["data"]
            left += sum(line["amount"] for line in lines)
            tax += sum(line["amount_tax"] for line in lines)
    return json.dumps([left, tax])


def _reverse(form: str) -> Act:
    def act(call: Caller, name: str) -> int:
        line = call.get(f"{TAX}/transactions/{name}/line_items")["data"][0]["id"]
        reference = f"reversal-{len(call.fake.state.tables['tax.transaction'])}"
        given = f"original_transaction={name}&reference={reference}&{form.replace('{line}', line)}"
        call("POST", f"{TAX}/transactions/create_reversal", given)
        return call.status

    return act


_LINE = "line_items[0][original_line_item]={line}&line_items[0][reference]=l"
_WHOLE, _PART, _GONE = "[1000, 190]", "[400, 76]", "[0, 0]"
TRANSACTIONS = Machine(
    "transactions",
    _transaction,
    _transaction_state,
    {
        "reverse": _reverse("mode=full"),
        "reverse a line": _reverse(f"mode=partial&{_LINE}&line_items[0][amount]=-600&line_items[0][amount_tax]=-114"),
        "reverse its tax": _reverse(f"mode=partial&{_LINE}&line_items[0][amount]=0&line_items[0][amount_tax]=-191"),
        "reverse a sum": _reverse("mode=partial&flat_amount=-714"),
        "reverse too much": _reverse("mode=partial&flat_amount=-1191"),
        "reverse nothing": _reverse("mode=partial"),
        "reverse under the same name": asked(
            "POST", f"{TAX}/transactions/create_reversal", "original_transaction={id}&reference=order&mode=full"
        ),
        "a year": passing(365 * DAY),
    },
    {
        _WHOLE: {"reverse": _GONE, "reverse a line": _PART, "reverse a sum": _PART, "a year": _WHOLE},
        _PART: {"reverse": _GONE, "a year": _PART},
        _GONE: {"a year": _GONE},
    },
)
MACHINES = (SETTINGS, REGISTRATIONS, CALCULATIONS, TRANSACTIONS)
