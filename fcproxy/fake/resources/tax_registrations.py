"""Tax Registrations. Source: docs.stripe.com/api/tax/registrations."""

from collections.abc import Mapping

from fcproxy.fake.call import Call
from fcproxy.fake.errors import ApiError, StripeError, refuse
from fcproxy.fake.params import LIST, Param, Params, array, choice, group, required, spanned, text, time
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc, Row, by
from fcproxy.stripe.places import EU

__all__ = ["OPTIONS", "RESOURCE", "collects"]

KIND = "tax.registration"
_URL = "/v1/tax/registrations"
_ENDIVE = "2026-09-30"

_STANDARD = (
    "ae al ao au aw ba bb bd bf bh bs cd ch et gb gn is jp me mk mr no nz om rs sg sr uy za zw"  # place may be given
)
_SCHEME_SHOWN = frozenset(code.lower() for code in (*EU, "AE", "AU", "CH", "GB", "JP", "NO", "NZ", "SG"))
"""Countries whose registrations show how the place of supply is found; others take the parameter and do not show it."""
_SIMPLIFIED = (
    "am az bj bw by ci cl cm co cr cv ec eg ge gh id in ke kg kh kr kz la lk ma md mu mx my ng np pe ph ru sa sn th tj "
    "tr tw tz ua ug uz vn zm"
)
_LOCAL = (
    "admissions_tax attendance_tax entertainment_tax gross_receipts_tax hospitality_tax luxury_tax "
    "mass_transit_parking_tax parking_tax resort_tax tourism_tax utility_users_tax"
)
"""US taxes of local jurisdictions that exist since endive."""
_NEW = ("digital_excise_tax", *_LOCAL.split())

_JURISDICTION = group({"jurisdiction": required(text())})
_US: Params = {
    "state": required(text()),
    "type": required(
        choice(
            "state_sales_tax",
            "state_communications_tax",
            "state_retail_delivery_fee",
            "local_amusement_tax",
            "local_lease_tax",
            *_NEW,
            newer=dict.fromkeys(_NEW, _ENDIVE),
        )
    ),
    "local_amusement_tax": _JURISDICTION,
    "local_lease_tax": _JURISDICTION,
    "state_sales_tax": group(
        {
            "elections": required(
                array(
                    group(
                        {
                            "jurisdiction": text(),
                            "type": required(
                                choice("local_use_tax", "simplified_sellers_use_tax", "single_local_use_tax")
                            ),
                        }
                    )
                )
            )
        }
    ),
    **{name: spanned(_JURISDICTION, since=_ENDIVE) for name in _LOCAL.split()},
}
_EU: Params = {
    "type": required(choice("ioss", "oss_non_union", "oss_union", "standard")),
    "standard": group({"place_of_supply_scheme": required(choice("inbound_goods", "small_seller", "standard"))}),
}
_CA: Params = {
    "type": required(choice("province_standard", "simplified", "standard")),
    "province_standard": group({"province": required(text())}),
}
_PLAIN: Params = {
    "type": required(choice("standard")),
    "standard": group({"place_of_supply_scheme": choice("inbound_goods", "standard")}),
}

OPTIONS: Mapping[str, Param] = {
    **{code: group(_PLAIN) for code in _STANDARD.split()},
    **{code: group({"type": required(choice("simplified"))}) for code in _SIMPLIFIED.split()},
    **{code.lower(): group(_EU) for code in sorted(EU)},
    "ca": group(_CA),
    "us": group(_US),
}
"""Country in lower case -> what its registrations say."""

_CREATE: Params = {
    "active_from": required(time("now")),
    "country": required(text("country")),
    "country_options": required(group(OPTIONS)),
    "expires_at": time(),
}
_UPDATE: Params = {"active_from": time("now"), "expires_at": time("now", empty=True)}
_EXISTS = ApiError(
    400,
    "invalid_request_error",
    "resource_already_exists",
    "There is already a registration for this place and type that is active or scheduled.",
    "country_options",
)


def _options(call: Call) -> Doc:
    country = call.params["country"].lower()
    given = call.params["country_options"]
    if country not in OPTIONS:
        raise refuse("pattern", param="country", value=call.params["country"])
    for name in given:
        if name != country:
            why = f"`country` is `{call.params['country']}`."
            raise refuse("not_allowed", param=f"country_options[{name}]", why=why)
    if country not in given:
        raise refuse("parameter_missing", param=f"country_options[{country}]")
    options = dict(given[country])
    kind = options["type"]
    for name in options:
        if name not in ("state", "type", kind):
            why = f"`type` is `{kind}`."
            raise refuse("not_allowed", param=f"country_options[{country}][{name}]", why=why)
    if country in _SCHEME_SHOWN and kind == "standard":
        options["standard"] = {"place_of_supply_scheme": "standard", **options.get("standard", {})}
    elif kind == "standard":
        options.pop("standard", None)
    needs_place = kind == "province_standard" or kind.startswith("local_")
    if needs_place and kind not in options:
        raise refuse("parameter_missing", param=f"country_options[{country}][{kind}]")
    return {country: options}


def _place(doc: Doc) -> tuple[str, ...]:
    """What two registrations may not have in common."""
    options = doc["country_options"][doc["country"].lower()]
    province = options.get("province_standard", {}).get("province", "")
    return (doc["country"], options["type"], options.get("state", ""), province)


def _status(now: int, active_from: int, expires_at: int | None) -> str:
    if expires_at is not None and expires_at <= now:
        return "expired"
    return "active" if active_from <= now else "scheduled"


def _moment(call: Call, name: str) -> int | None:
    value = call.params.get(name)
    return call.now if value == "now" else value


def _check_times(active_from: int, expires_at: int | None) -> None:
    if expires_at is not None and expires_at <= active_from:
        raise refuse("state", param="expires_at", message="`expires_at` must be after `active_from`.")


def _watch(call: Call, row: Row) -> None:
    """Puts the moments at which the status changes on the clock."""
    for moment in (row.doc["active_from"], row.doc["expires_at"]):
        if moment is not None and moment > call.now:
            call.later(moment - call.now, "tax.registration", registration=row.id)


def _job(call: Call, data: Doc) -> None:
    row = call.find(KIND, data["registration"])
    if row is not None:
        call.change(row, status=_status(call.now, row.doc["active_from"], row.doc["expires_at"]))


def _create(call: Call) -> Doc:
    options = _options(call)
    active_from, expires_at = _moment(call, "active_from") or call.now, _moment(call, "expires_at")
    if call.params["active_from"] != "now" and active_from < call.now:
        raise refuse("state", param="active_from", message="`active_from` must be `now` or lie in the future.")
    _check_times(active_from, expires_at)
    doc: Doc = {
        "id": "",
        "object": KIND,
        "active_from": active_from,
        "country": call.params["country"],
        "country_options": options,
        "created": call.now,
        "expires_at": expires_at,
        "livemode": call.livemode,
        "status": _status(call.now, active_from, expires_at),
    }
    table = call.state.tables[KIND]
    for number in table.numbers(call.scope, {"country": doc["country"]}):
        other = table.at(number).doc
        if other["status"] != "expired" and _place(other) == _place(doc):
            raise StripeError(_EXISTS)
    doc["id"] = call.mint(KIND)
    row = call.add(KIND, doc)
    _watch(call, row)
    return row.doc


def _update(call: Call) -> Doc:
    row = call.target(KIND)
    active_from, expires_at = row.doc["active_from"], row.doc["expires_at"]
    if "active_from" in call.params:
        if row.doc["status"] != "scheduled":
            raise refuse("not_allowed", param="active_from", why=f"the registration is {row.doc['status']}.")
        active_from = _moment(call, "active_from")
    if "expires_at" in call.params:
        if row.doc["status"] == "expired":
            raise refuse("not_allowed", param="expires_at", why="the registration is expired.")
        expires_at = _moment(call, "expires_at")
    if call.params.get("expires_at") != "now":
        _check_times(active_from, expires_at)
    status = _status(call.now, active_from, expires_at)
    call.change(row, active_from=active_from, expires_at=expires_at, status=status)
    _watch(call, row)
    return row.doc


def _retrieve(call: Call) -> Doc:
    return call.target(KIND).doc


def _list(call: Call) -> Doc:
    status = call.params.get("status")
    return call.page(KIND, _URL, filters={"status": None if status == "all" else status})


def collects(call: Call, country: str, state: str | None) -> bool:
    """Whether an active registration makes the account collect tax in a place."""
    table = call.state.tables[KIND]
    for number in table.numbers(call.scope, {"status": "active"}):
        doc = table.at(number).doc
        options = doc["country_options"][doc["country"].lower()]
        if doc["country"] == country and options.get("state", state) == state:
            return True
        if country in EU and doc["country"] in EU and options["type"] != "standard":
            return True
    return False


RESOURCE = Resource(
    name="tax.registrations",
    title="Tax Registrations",
    kinds=(Kind(KIND, "tax registration", indexes={"status": by("status"), "country": by("country")}),),
    routes=(
        Route("POST", _URL, _create, KIND, "Create a registration", _CREATE),
        Route(
            "GET",
            _URL,
            _list,
            KIND,
            "List registrations",
            {**LIST, "status": choice("active", "all", "expired", "scheduled")},
            listed=True,
        ),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve a registration"),
        Route("POST", _URL + "/{id}", _update, KIND, "Update a registration", _UPDATE),
    ),
    jobs={"tax.registration": _job},
)
