"""Identity VerificationSessions. Source: docs.stripe.com/api/identity/verification_sessions."""

from base64 import urlsafe_b64encode

from fcproxy.fake.call import Call
from fcproxy.fake.errors import refuse
from fcproxy.fake.metadata import merge_metadata
from fcproxy.fake.params import CREATED, LIST, METADATA, Params, array, boolean, choice, group, required, spanned, text
from fcproxy.fake.resource import Action, Kind, Resource, Route, Span
from fcproxy.fake.resources.identity_checks import (
    CHECK_OF,
    LAST_ERRORS,
    OUTPUTS,
    REDACTED,
    make_report,
    outputs_of,
    redacted,
)
from fcproxy.fake.state import Doc, Row, by

__all__ = ["RESOURCE", "TRANSITIONS"]

KIND = "identity.verification_session"
REPORT = "identity.verification_report"
_URL = "/v1/identity/verification_sessions"
STATUSES = ("canceled", "processing", "requires_input", "verified")
REDACT_SECONDS = 60
"""How long a redaction takes on the fake's clock; Stripe may take days."""
POLLS = 2
"""The retrieval at which a redaction ends at the latest, so that polling ends where the clock stands still."""

TRANSITIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "update": (("requires_input",), ""),
    "submit": (("requires_input",), "processing"),
    "verify": (("requires_input", "processing"), "verified"),
    "fail": (("requires_input", "processing"), "requires_input"),
    "cancel": (("requires_input",), "canceled"),
    "redact": (("requires_input", "verified", "canceled"), ""),
}
"""What can be done -> from which statuses, and the status afterwards (empty: the same, or as redaction says)."""

_OPTIONS = group(
    {
        "document": group(
            {
                "allowed_types": array(choice("driving_license", "id_card", "passport")),
                "require_id_number": boolean(),
                "require_live_capture": boolean(),
                "require_matching_selfie": boolean(),
            },
            empty=True,
        )
    }
)
_DETAILS = group({"email": text("email"), "phone": text()})
_TYPE = choice("document", "id_number")
_UPDATE: Params = {"metadata": METADATA, "options": _OPTIONS, "provided_details": _DETAILS, "type": _TYPE}
_CREATE: Params = {
    **_UPDATE,
    "client_reference_id": text(),
    "related_customer": text(),
    "related_customer_account": spanned(text(), since="2025-12-15"),
    "related_person": group({"account": required(text()), "person": required(text())}),
    "return_url": text("url"),
    "verification_flow": text(),
}


def _blob(call: Call) -> str:
    # Decodes to text that begins with the account's id, as Stripe's does.
    tail = call.secret("identity secret", 60)
    return urlsafe_b64encode(f"{call.account}|{tail}".encode()[:60]).decode()


def _with_secrets(call: Call, row: Row) -> Doc:
    """The session with a fresh client secret and link while somebody may still use them."""
    if row.doc["status"] != "requires_input" or row.doc["redaction"] is not None:
        return row.doc
    mode = "live" if call.livemode else "test"
    return {
        **row.doc,
        "client_secret": f"{row.id}_secret_{mode}_{_blob(call)}",
        "url": f"https://verify.stripe.com/start/{mode}_{_blob(call)}",
    }


def _options(kind: str, given: Doc | None) -> Doc:
    document = (given or {}).get("document") or {}
    if kind == "document":
        return {"document": document}
    return {"document": document, "id_number": {}} if document else {"id_number": {}}


def _details(given: Doc | None) -> Doc | None:
    return given or None


def _kind_of_check(call: Call) -> str:
    call.exclusive(("type", "verification_flow"))
    if "verification_flow" in call.params:
        return "verification_flow"
    if "type" not in call.params:
        raise refuse("one_needed", param="type", names="type, verification_flow")
    return str(call.params["type"])


def _create(call: Call) -> Doc:
    kind = _kind_of_check(call)
    call.exclusive(("related_customer", "related_customer_account"))
    if "related_customer" in call.params:
        call.known("customer", call.params["related_customer"], "related_customer")
    doc: Doc = {
        "id": call.mint(KIND),
        "object": KIND,
        "client_reference_id": call.params.get("client_reference_id"),
        "client_secret": None,
        "created": call.now,
        "last_error": None,
        "last_verification_report": None,
        "livemode": call.livemode,
        "metadata": merge_metadata({}, call.params.get("metadata")),
        "options": _options(kind, call.params.get("options")) if kind != "verification_flow" else {},
        "provided_details": _details(call.params.get("provided_details")),
        "redaction": None,
        "related_customer": call.params.get("related_customer"),
        "related_customer_account": call.params.get("related_customer_account"),
        "status": "requires_input",
        "type": kind,
        "url": None,
        "verified_outputs": None,
    }
    for name in ("related_person", "verification_flow"):
        if name in call.params:
            doc[name] = call.params[name]
    row = call.add(KIND, doc, {"polls": 0})
    call.emit("identity.verification_session.created", row)
    return _with_secrets(call, row)


def _may(call: Call, action: str) -> Row:
    """The session, when the action is possible in its status. Raises StripeError (404, 400)."""
    row = call.target(KIND)
    allowed, _ = TRANSITIONS[action]
    if row.doc["redaction"] is not None and action != "redact":
        raise refuse("state", message=f"You cannot {action} this VerificationSession: it is redacted.")
    if row.doc["status"] not in allowed:
        rest = f"its status is `{row.doc['status']}`, and must be one of: {', '.join(allowed)}."
        raise refuse("state", message=f"You cannot {action} this VerificationSession: {rest}")
    return row


def _move(call: Call, row: Row, action: str, event: str, **fields: object) -> Row:
    status = TRANSITIONS[action][1] or row.doc["status"]
    call.change(row, status=status, **fields)
    call.emit(f"identity.verification_session.{event}", row)
    return row


def _retrieve(call: Call) -> Doc:
    row = call.target(KIND)
    if (row.doc["redaction"] or {}).get("status") == "processing":
        row.private["polls"] += 1
        if row.private["polls"] >= POLLS:
            _finish_redaction(call, row)
    return _with_secrets(call, row)


def _update(call: Call) -> Doc:
    row = _may(call, "update")
    changes: Doc = {}
    if "metadata" in call.params:
        changes["metadata"] = merge_metadata(row.doc["metadata"], call.params["metadata"])
    if "provided_details" in call.params:
        changes["provided_details"] = _details(call.params["provided_details"])
    if "type" in call.params or "options" in call.params:
        kind = str(call.params.get("type") or row.doc["type"])
        changes["type"] = kind
        changes["options"] = _options(kind, call.params.get("options", row.doc["options"]))
    call.change(row, **changes)
    return _with_secrets(call, row)


def _list(call: Call) -> Doc:
    names = ("status", "client_reference_id", "related_customer", "related_customer_account")
    return call.page(KIND, _URL, filters={name: call.params.get(name) for name in names})


def _cancel(call: Call) -> Doc:
    return _move(call, _may(call, "cancel"), "cancel", "canceled").doc


def _redact(call: Call) -> Doc:
    row = _may(call, "redact")
    if row.doc["redaction"] is not None:
        return row.doc
    call.change(row, redaction={"status": "processing"})
    if row.doc["status"] == "requires_input":
        _move(call, row, "cancel", "canceled")
    call.later(REDACT_SECONDS, "identity.redact", session=row.id)
    return row.doc


def _submit(call: Call) -> Doc:
    return _move(call, _may(call, "submit"), "submit", "processing").doc


def _processed(call: Call, action: str) -> Row:
    row = _may(call, action)
    if row.doc["status"] == "requires_input":
        _move(call, row, "submit", "processing")
    return row


def _verify(call: Call) -> Doc:
    row = _processed(call, "verify")
    report = make_report(call, row, call.params, None, None)
    outputs = outputs_of(row.doc, call.params)
    fields = {"last_error": None, "last_verification_report": report.id, "verified_outputs": outputs}
    return _move(call, row, "verify", "verified", **fields).doc


def _fail(call: Call) -> Doc:
    code = call.params.get("code", "document_unverified_other")
    reason = call.params.get("reason", LAST_ERRORS[code])
    row = _processed(call, "fail")
    fields: Doc = {"last_error": {"code": code, "reason": reason}}
    if code in CHECK_OF:
        fields["last_verification_report"] = make_report(call, row, {}, code, reason).id
    return _move(call, row, "fail", "requires_input", **fields).doc


def _finish_redaction(call: Call, row: Row) -> None:
    if (row.doc["redaction"] or {}).get("status") != "processing":
        return
    _redact_row(call, row)
    reports = call.state.tables[REPORT]
    for number in list(reports.numbers(call.scope, {"verification_session": row.id})):
        _redact_report(call, reports.at(number))
    events = call.state.tables["event"]
    for number in list(events.numbers(call.scope, {"object": row.id})):
        data = events.at(number).doc["data"]["object"]
        data.update({name: redacted(data.get(name)) for name in ("metadata", "provided_details")})
    call.emit("identity.verification_session.redacted", row)


def _redact_row(call: Call, row: Row) -> None:
    call.change(
        row,
        client_reference_id=None if row.doc["client_reference_id"] is None else REDACTED,
        metadata=redacted(row.doc["metadata"]),
        provided_details=redacted(row.doc["provided_details"]),
        verified_outputs=redacted(row.doc["verified_outputs"]),
        redaction={"status": "redacted"},
    )


def _redact_report(call: Call, report: Row) -> None:
    checks = ("document", "selfie", "id_number", "email", "phone")
    call.change(report, **{name: redacted(report.doc[name]) for name in checks if name in report.doc})


def _job_redact(call: Call, data: Doc) -> None:
    row = call.find(KIND, data["session"])
    if row is not None:
        _finish_redaction(call, row)


_ID = _URL + "/{id}"
_CONTROL = "identity/verification_sessions/{id}/"

RESOURCE = Resource(
    name="identity.verification_sessions",
    title="Identity Verification Sessions",
    kinds=(
        Kind(
            KIND,
            "verification session",
            expandable={"last_verification_report": REPORT},
            hidden=("verified_outputs", "verified_outputs.dob", "verified_outputs.id_number"),
            spans=(Span("related_customer_account", since="2025-12-15"),),
            indexes={
                "status": by("status"),
                "client_reference_id": by("client_reference_id"),
                "related_customer": by("related_customer"),
                "related_customer_account": by("related_customer_account"),
            },
        ),
    ),
    routes=(
        Route("POST", _URL, _create, KIND, "Create a VerificationSession", _CREATE),
        Route(
            "GET",
            _URL,
            _list,
            KIND,
            "List VerificationSessions",
            {
                **LIST,
                **CREATED,
                "client_reference_id": text(),
                "related_customer": text(),
                "related_customer_account": spanned(text(), since="2025-12-15"),
                "status": choice(*STATUSES),
            },
            listed=True,
        ),
        Route("GET", _ID, _retrieve, KIND, "Retrieve a VerificationSession"),
        Route("POST", _ID, _update, KIND, "Update a VerificationSession", _UPDATE),
        Route("POST", _ID + "/cancel", _cancel, KIND, "Cancel a VerificationSession"),
        Route("POST", _ID + "/redact", _redact, KIND, "Redact a VerificationSession"),
    ),
    actions=(
        Action(_CONTROL + "submit", _submit, KIND, "submits documents, so that the check is processing"),
        Action(_CONTROL + "verify", _verify, KIND, "passes the check, with outputs of choice", OUTPUTS),
        Action(
            _CONTROL + "fail",
            _fail,
            KIND,
            "fails the check, with a code of choice",
            {"code": choice(*LAST_ERRORS), "reason": text()},
        ),
    ),
    jobs={"identity.redact": _job_redact},
    events=tuple(
        f"identity.verification_session.{word}"
        for word in ("canceled", "created", "processing", "redacted", "requires_input", "verified")
    ),
    notes=(
        "Nothing is checked: the control API submits, passes and fails a check.",
        "A redaction takes a minute of the fake's clock, or ends at the second retrieval.",
        "Secret keys see expanded sensitive fields; Stripe asks for restricted ones.",
    ),
)
