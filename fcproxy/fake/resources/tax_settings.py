"""Tax Settings: one for an account and mode. Source: docs.stripe.com/api/tax/settings."""

from copy import deepcopy

from fcproxy.fake.call import Call
from fcproxy.fake.params import ADDRESS, Params, choice, group, required, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc, Row

__all__ = ["RESOURCE", "tax_settings"]

KIND = "tax.settings"
_URL = "/v1/tax/settings"
NEEDED = {"US": ("country", "state"), "CA": ("country", "state")}
"""Country -> the parts of a head office's address without which the settings stay pending."""

_UPDATE: Params = {
    "defaults": group(
        {"tax_behavior": choice("exclusive", "inclusive", "inferred_by_currency"), "tax_code": text()},
    ),
    "head_office": group({"address": required(group({**ADDRESS, "country": text("country")}))}),
}


def tax_settings(call: Call) -> Doc:
    """The settings of the account and mode, pending at first."""
    return call.settings(
        KIND,
        {
            "object": KIND,
            "defaults": {"provider": "stripe", "tax_behavior": None, "tax_code": None},
            "head_office": None,
            "livemode": call.livemode,
            "status": "pending",
            "status_details": {"pending": {"missing_fields": ["head_office"]}},
        },
    )


def _complete(address: Doc | None) -> bool:
    if not address or not address.get("country"):
        return False
    return all(address.get(name) for name in NEEDED.get(address["country"], ("country",)))


def _update(call: Call) -> Doc:
    settings = tax_settings(call)
    before = deepcopy(settings)
    settings["defaults"].update(call.params.get("defaults", {}))
    if "head_office" in call.params:
        old = (settings["head_office"] or {}).get("address", dict.fromkeys(ADDRESS))
        settings["head_office"] = {"address": {**old, **call.params["head_office"]["address"]}}
    if _complete((settings["head_office"] or {}).get("address")):
        settings.update(status="active", status_details={"active": {}})
    previous = {name: value for name, value in before.items() if settings[name] != value}
    if previous:
        call.emit("tax.settings.updated", Row("", KIND, call.scope, 0, settings), previous)
    return settings


RESOURCE = Resource(
    name="tax.settings",
    title="Tax Settings",
    kinds=(Kind(KIND, "tax settings"),),
    routes=(
        Route("GET", _URL, tax_settings, KIND, "Retrieve settings"),
        Route("POST", _URL, _update, KIND, "Update settings", _UPDATE),
    ),
    events=("tax.settings.updated",),
)
