"""Financial Connections Sessions. Source: docs.stripe.com/api/financial_connections/sessions."""

from typing import Any

from fcproxy.fake.call import Call
from fcproxy.fake.errors import refuse
from fcproxy.fake.params import Params, array, choice, group, integer, required, spanned, text
from fcproxy.fake.resource import Action, Kind, Resource, Route, Span
from fcproxy.fake.resources.fc_accounts import ACCOUNT, ACCOUNTS_URL, HOLDER_EXPANDABLE, open_account, relink
from fcproxy.fake.resources.fc_authorizations import (
    AUTHORIZATION,
    INSTITUTION,
    accounts_of,
    authorize,
    institution_name,
)
from fcproxy.fake.resources.fc_institutions import DEFAULT_INSTITUTION, Institution, Template, institution_of
from fcproxy.fake.resources.fc_refresh import FEATURES
from fcproxy.fake.state import Doc, Row
from fcproxy.fake.versions import PREVIEW
from fcproxy.stripe.envelope import list_envelope

__all__ = ["RESOURCE"]

KIND = "financial_connections.session"
PERMISSIONS = ("balances", "ownership", "payment_method", "transactions")
PREFETCH = {feature.prefetch: feature for feature in FEATURES.values()}
"""The word by which a session asks for data at once -> what it asks for."""
SUBCATEGORIES = ("checking", "credit_card", "line_of_credit", "mortgage", "savings")
_HOLDER_ACCOUNTS = "2025-12-15"
_LATER = "2026-07-29"
_ENDIVE = "2026-09-30"
NULL_WHEN_OVER = "2025-11-17"
"""The version from which a session that is over shows null for its client secret; before, it was never null."""
_SHOWN = 10
"""How many accounts a session's answer holds; the others are listed."""

_CREATE: Params = {
    "account_holder": required(
        group(
            {
                "type": required(choice("account", "customer")),
                "account": text(),
                "customer": text(),
                "customer_account": spanned(text(), since=_HOLDER_ACCOUNTS),
            }
        )
    ),
    "filters": group(
        {
            "account_subcategories": array(choice(*SUBCATEGORIES)),
            "countries": spanned(array(text("country")), until=_ENDIVE),
            "country": spanned(text("country"), since=_ENDIVE),
            "institution": spanned(text(), since=PREVIEW),
            "require_payment_method_support": spanned(choice("all", "at_least_one", "none"), since=_LATER),
        }
    ),
    "hosted": spanned(group({"delivery_method": choice("email", "url")}), since=PREVIEW),
    "limits": spanned(group({"accounts": required(integer(least=1, empty=True))}), since=_LATER),
    "manual_entry": spanned(
        group({"mode": choice("automatic", "custom", "disabled", newer={"custom": PREVIEW})}), since=_LATER
    ),
    "permissions": required(array(choice(*PERMISSIONS))),
    "prefetch": array(
        choice(*PREFETCH, newer={word: feature.since for word, feature in PREFETCH.items() if feature.since})
    ),
    "relink_options": spanned(group({"account": text(), "authorization": required(text())}), since=PREVIEW),
    "return_url": text("url"),
    "ui_mode": spanned(choice("hosted", "modal"), since=PREVIEW),
}
_HOSTED_URL = "https://connections.stripe.com/hosted/"
"""Where the page of a hosted session lies; Stripe's address is not published."""

_PREVIEWED = (
    "filters.institution",
    "hosted",
    "relink_options",
    "relink_result",
    "status",
    "status_details",
    "ui_mode",
    "url",
)
"""Fields that only preview versions show."""
HOLDERS = {"customer": ("customer", "customer_account"), "account": ("account",)}
"""Type of account holder -> the parameters that may name it."""


def _holder(call: Call) -> Doc:
    given = call.params["account_holder"]
    allowed = HOLDERS[given["type"]]
    for name in given:
        if name not in ("type", *allowed):
            why = f"`account_holder[type]` is `{given['type']}`."
            raise refuse("not_allowed", param=f"account_holder[{name}]", why=why)
    named = [name for name in allowed if name in given]
    if not named:
        raise refuse("parameter_missing", param=f"account_holder[{allowed[0]}]")
    if len(named) > 1:
        raise refuse("exclusive", param=f"account_holder[{named[1]}]", names=", ".join(named))
    if named[0] != "customer_account":
        call.known(named[0], given[named[0]], f"account_holder[{named[0]}]")
    elif not call.catalogue.may_exist("account", given["customer_account"]):
        call.reference("account", given["customer_account"], "account_holder[customer_account]")
    return {named[0]: given[named[0]], "type": given["type"]}


def _filters(given: Doc) -> Doc:
    countries = given.get("countries") or ([given["country"]] if "country" in given else None)
    filters: Doc = {
        "account_subcategories": given.get("account_subcategories") or None,
        "countries": countries,
        "country": countries[0] if countries else None,
    }
    if "institution" in given:
        filters["institution"] = given["institution"]
    if "require_payment_method_support" in given:
        filters["require_payment_method_support"] = given["require_payment_method_support"]
    return filters


def _optional(call: Call) -> Doc:
    found: Doc = {}
    if "filters" in call.params:
        found["filters"] = _filters(call.params["filters"])
    limits = call.params.get("limits")
    if limits and limits["accounts"] is not None:
        found["limits"] = limits
    for name in ("manual_entry", "return_url"):
        if call.params.get(name):
            found[name] = call.params[name]
    return {**found, **_shown_in_previews(call)}


def _shown_in_previews(call: Call) -> Doc:
    """Where the user links accounts, and what is to be linked anew. Raises StripeError (400)."""
    mode = call.params.get("ui_mode", "modal")
    found: Doc = {"status": "pending", "ui_mode": mode}
    if mode == "hosted":
        found["url"] = _HOSTED_URL + call.secret("hosted session", 32)
        found["hosted"] = {"delivery_method": call.params.get("hosted", {}).get("delivery_method", "url")}
        if call.params.get("return_url"):
            found["hosted"]["return_url"] = call.params["return_url"]
    elif "hosted" in call.params:
        raise refuse("not_allowed", param="hosted", why="`ui_mode` is not `hosted`.")
    if "institution" in call.params.get("filters", {}):
        call.reference(INSTITUTION, call.params["filters"]["institution"], "filters[institution]")
    if "relink_options" in call.params:
        found["relink_options"] = _relink_options(call, call.params["relink_options"])
    return found


def _relink_options(call: Call, given: Doc) -> Doc:
    row = call.reference(AUTHORIZATION, given["authorization"], "relink_options[authorization]")
    account = given.get("account")
    if account is not None and account not in {one.id for one in accounts_of(call, row.id)}:
        raise call.missing("financial_connections.account", account, "relink_options[account]", "missing_reference")
    return given


def _create(call: Call) -> Doc:
    holder = _holder(call)
    permissions = sorted(set(call.params["permissions"]))
    prefetch = call.params.get("prefetch", [])
    for position, feature in enumerate(prefetch):
        if PREFETCH[feature].permission not in permissions:
            why = f"`{PREFETCH[feature].permission}` is not among the `permissions`."
            raise refuse("not_allowed", param=f"prefetch[{position}]", why=why)
    optional = _optional(call)
    doc = {
        "id": call.mint(KIND),
        "object": KIND,
        "account_holder": holder,
        "accounts": list_envelope([], has_more=False, url=ACCOUNTS_URL, total_count=0),
        "client_secret": "fcsess_client_secret_" + call.secret("client_secret", 24),
        **optional,
        "livemode": call.livemode,
        "permissions": permissions,
        "prefetch": prefetch,
    }
    return call.add(KIND, doc, {"created": call.now, "status": "open"}).doc


def _retrieve(call: Call) -> Doc:
    row = call.target(KIND)
    secret = call.params.get("client_secret")
    if secret is not None and secret != row.doc["client_secret"]:
        raise refuse("missing", param="id", words="financial connections session", id=row.id, hint="")
    if row.doc["client_secret"] is None and call.version.date < NULL_WHEN_OVER:
        return {**row.doc, "client_secret": row.private["secret"]}
    return row.doc


def _open_session(call: Call) -> Row:
    row = call.target(KIND)
    status = row.private["status"]
    if status != "open":
        raise refuse("state", message=f"This Financial Connections Session cannot be used any more: it is {status}.")
    return row


def _templates(institution: Institution, session: Doc) -> list[Template]:
    wanted = at_filters(session, "account_subcategories")
    found = [account for account in institution.accounts if not wanted or account.subcategory in wanted]
    if at_filters(session, "require_payment_method_support") == "all" or "payment_method" in session["permissions"]:
        found = [account for account in found if account.payable] or found
    return found


def at_filters(session: Doc, name: str) -> Any:
    """What a session filters by; None where it does not."""
    return (session.get("filters") or {}).get(name)


def _complete(call: Call) -> Doc:
    row = _open_session(call)
    if "relink_options" in row.doc:
        return _relinked(call, row)
    wanted = at_filters(row.doc, "institution")
    name = call.params.get("institution", institution_name(wanted) if wanted else DEFAULT_INSTITUTION)
    institution = institution_of(name)
    if institution.down:
        raise refuse("state", param="institution", message=f"The institution {name} {institution.down}.")
    chosen: list[Doc] = call.params.get("accounts", [])
    limit = row.doc.get("limits", {}).get("accounts")
    if limit is not None and len(chosen) > limit:
        raise refuse("too_many", param="accounts", bound=limit)
    templates = _templates(institution, row.doc)
    pairs = (
        [(templates[position % len(templates)] if templates else None, given) for position, given in enumerate(chosen)]
        if "accounts" in call.params
        else [(template, {}) for template in templates[:limit]]
    )
    row.private["authorization"] = authorize(call, row, name).id
    ids = [open_account(call, row, name, template, given).id for template, given in pairs]
    return _succeeded(call, row, ids)


def _succeeded(call: Call, row: Row, ids: list[str], **fields: Any) -> Doc:
    accounts = list_envelope(ids[:_SHOWN], has_more=len(ids) > _SHOWN, url=ACCOUNTS_URL, total_count=len(ids))
    row.private["status"] = "succeeded"
    return call.change(row, accounts=accounts, status="succeeded", **fields).doc


def _relinked(call: Call, row: Row) -> Doc:
    """Mends the links that the session was made for: of one account, or of all of an authorization."""
    options = row.doc["relink_options"]
    wanted = options.get("account")
    accounts = [one for one in accounts_of(call, options["authorization"]) if wanted in (None, one.id)]
    for account in accounts:
        if account.doc["status"] == "inactive":
            relink(call, account)
    return _succeeded(call, row, [one.id for one in accounts], relink_result=dict(options))


def _close(status: str) -> Any:
    def close(call: Call) -> Doc:
        row = _open_session(call)
        row.private.update(status=status, secret=row.doc["client_secret"])
        fields: Doc = {"client_secret": None, "status": status}
        if status == "cancelled":
            fields["status_details"] = {"cancelled": {"reason": "other"}}
        elif "relink_options" in row.doc:
            fields["relink_result"] = {"failure_reason": "other"}
        return call.change(row, **fields).doc

    return close


_PATH = "financial_connections/sessions/{id}/"


def _routes(url: str) -> tuple[Route, ...]:
    """The calls of a Session, at today's path and at the older one that the OpenAPI document still has."""
    secret = {"client_secret": text()}
    return (
        Route("POST", url, _create, KIND, "Create a Session", _CREATE),
        Route("GET", url + "/{id}", _retrieve, KIND, "Retrieve a Session", secret, publishable=True),
    )


RESOURCE = Resource(
    name="financial_connections.sessions",
    title="Financial Connections Sessions",
    kinds=(
        Kind(
            KIND,
            "financial connections session",
            expandable=HOLDER_EXPANDABLE,
            lists={"accounts": "financial_connections.account"},
            spans=(
                Span("filters.country", since="2026-08-26"),
                Span("filters.countries", until=_ENDIVE),
                Span("filters.account_subcategories", since="2024-09-30"),
                Span("filters.require_payment_method_support", since=_LATER),
                *(Span(name, since=PREVIEW) for name in _PREVIEWED),
                Span("limits", since=_LATER),
                Span("manual_entry", since=_LATER),
                Span("account_holder.customer_account", since=_HOLDER_ACCOUNTS),
            ),
        ),
    ),
    routes=(*_routes("/v1/financial_connections/sessions"), *_routes("/v1/link_account_sessions")),
    actions=(
        Action(
            _PATH + "complete",
            _complete,
            KIND,
            "links accounts, as the user would in the modal",
            {"institution": text(), "accounts": array(group(ACCOUNT), most=100)},
        ),
        Action(_PATH + "cancel", _close("cancelled"), KIND, "closes the modal without linking anything"),
        Action(_PATH + "fail", _close("failed"), KIND, "ends the session with a failure"),
    ),
    notes=(
        f"A completed session keeps its client secret; a cancelled or failed one shows null from {NULL_WHEN_OVER} on.",
        "There is no modal: the control API completes, cancels and fails sessions.",
    ),
)
