"""What an identity check finds: reports, verified outputs, and what redaction leaves of them.

Source: docs.stripe.com/identity/verification-checks, /access-verification-results. Nothing is really checked: the
values are those that the control API gave, or the defaults here.
"""

from collections.abc import Mapping
from typing import Any

from fcproxy.fake.call import Call
from fcproxy.fake.params import ADDRESS, Params, choice, group, integer, text
from fcproxy.fake.state import Doc, Row

__all__ = ["CHECK_OF", "LAST_ERRORS", "OUTPUTS", "REDACTED", "make_report", "outputs_of", "redacted"]

REPORT = "identity.verification_report"
REDACTED = "[redacted]"

LAST_ERRORS: Mapping[str, str] = {
    "abandoned": "The user did not finish the verification.",
    "consent_declined": "The user declined to be verified.",
    "country_not_supported": "The country is not supported.",
    "device_not_supported": "The device has no camera that can be used.",
    "document_expired": "The document is expired.",
    "document_type_not_supported": "The document's type is not among the allowed ones.",
    "document_unverified_other": "The document could not be verified.",
    "email_unverified_other": "The email address could not be verified.",
    "email_verification_declined": "The user declined to verify the email address.",
    "id_number_insufficient_document_data": "The document does not say enough to check the ID number.",
    "id_number_mismatch": "The ID number does not belong to the name and date of birth.",
    "id_number_unverified_other": "The ID number could not be verified.",
    "phone_unverified_other": "The phone number could not be verified.",
    "phone_verification_declined": "The user declined to verify the phone number.",
    "selfie_document_missing_photo": "The document has no photo to compare the selfie with.",
    "selfie_face_mismatch": "The selfie does not show the face on the document.",
    "selfie_manipulated": "The selfie was changed.",
    "selfie_unverified_other": "The selfie could not be verified.",
    "under_supported_age": "The user is too young to be verified.",
}
"""Code of a failed check -> the reason that is shown with it."""

_CHECKS = ("document", "selfie", "id_number", "email", "phone")
CHECK_OF: Mapping[str, str] = {code: check for code in LAST_ERRORS for check in _CHECKS if code.startswith(f"{check}_")}
"""Code -> the check that a report shows it at. Codes without one end an attempt before anything is checked."""

_DATE: Params = {"day": integer(least=1, most=31), "month": integer(least=1, most=12), "year": integer()}
OUTPUTS: Params = {
    "address": group(ADDRESS),
    "dob": group(_DATE),
    "email": text(),
    "first_name": text(),
    "id_number": text(),
    "id_number_type": choice("br_cpf", "sg_nric", "us_ssn"),
    "last_name": text(),
    "phone": text(),
    "sex": choice("female", "male", "unknown"),
    "unparsed_place_of_birth": text(),
    "unparsed_sex": text(),
    "document_type": choice("driving_license", "id_card", "passport"),
    "document_number": text(),
    "issuing_country": text("country"),
}
"""What the control API may say of the person that was checked."""

_PERSON: Doc = {
    "address": {
        "city": "San Francisco",
        "country": "US",
        "line1": "1234 Main St.",
        "line2": None,
        "postal_code": "94111",
        "state": "CA",
    },
    "dob": {"day": 1, "month": 1, "year": 1991},
    "first_name": "Jenny",
    "last_name": "Rosen",
}
_NUMBER = {"id_number": "000000000", "id_number_type": "us_ssn"}


def _needs(session: Doc, option: str) -> bool:
    return bool(((session["options"] or {}).get("document") or {}).get(option))


def _has_document(session: Doc) -> bool:
    return bool(session["type"] != "id_number")


def _has_number(session: Doc) -> bool:
    return session["type"] == "id_number" or _needs(session, "require_id_number")


def _person(session: Doc, given: Doc) -> Doc:
    details = session["provided_details"] or {}
    person = {**_PERSON, "email": details.get("email"), "phone": details.get("phone")}
    if _has_number(session):
        person.update(_NUMBER)
    person.update(given)
    if given.get("address"):
        person["address"] = {**dict.fromkeys(ADDRESS), **given["address"]}
    return person


def outputs_of(session: Doc, given: Doc) -> Doc:
    """The verified outputs of a session that passed."""
    person = _person(session, given)
    names = ("address", "dob", "email", "first_name", "id_number", "id_number_type", "last_name", "phone")
    more = ("sex", "unparsed_place_of_birth", "unparsed_sex")
    return {name: person.get(name) for name in (*names, *more)}


def make_report(call: Call, session: Row, given: Doc, code: str | None, reason: str | None) -> Row:
    """The report of a finished attempt; ``code`` is what failed, None where everything passed."""
    doc: Doc = {
        "id": call.mint(REPORT),
        "object": REPORT,
        "client_reference_id": session.doc["client_reference_id"],
        "created": call.now,
        "livemode": call.livemode,
        "options": {name: value for name, value in (session.doc["options"] or {}).items() if name in _REPORTED},
        "type": session.doc["type"],
        "verification_session": session.id,
    }
    if "verification_flow" in session.doc:
        doc["verification_flow"] = session.doc["verification_flow"]
    person = _person(session.doc, given)
    failed = CHECK_OF.get(code) if code else None
    error = {"code": code, "reason": reason} if code else None
    for check, data in _sections(call, session.doc, person).items():
        broken = check == failed
        found = dict.fromkeys(data) if broken else data
        doc[check] = {**found, "error": error if broken else None, "status": "unverified" if broken else "verified"}
    if failed and failed not in doc:
        doc[failed] = {**dict.fromkeys(_FIELDS_OF[failed]), "error": error, "status": "unverified"}
    return call.add(REPORT, doc)


_REPORTED = ("document", "id_number")
_FIELDS_OF: Mapping[str, tuple[str, ...]] = {
    "document": (
        "address",
        "dob",
        "expiration_date",
        "files",
        "first_name",
        "issued_date",
        "issuing_country",
        "last_name",
        "number",
        "sex",
        "type",
        "unparsed_place_of_birth",
        "unparsed_sex",
    ),
    "selfie": ("document", "selfie"),
    "id_number": ("dob", "first_name", "id_number", "id_number_type", "last_name"),
    "email": ("email",),
    "phone": ("phone",),
}
"""Check -> what a report says of it, all null where the check failed before anything was read."""


def _sections(call: Call, session: Doc, person: Doc) -> dict[str, Doc]:
    sections: dict[str, Doc] = {}
    if _has_document(session):
        files = [call.mint("file"), call.mint("file")]
        sections["document"] = {
            "address": person["address"],
            "dob": person["dob"],
            "expiration_date": {"day": 1, "month": 12, "year": 2030},
            "files": files,
            "first_name": person["first_name"],
            "issued_date": {"day": 1, "month": 12, "year": 2020},
            "issuing_country": person.get("issuing_country", "US"),
            "last_name": person["last_name"],
            "number": person.get("document_number", "A00000000"),
            "sex": person.get("sex"),
            "type": person.get("document_type", "driving_license"),
            "unparsed_place_of_birth": person.get("unparsed_place_of_birth"),
            "unparsed_sex": person.get("unparsed_sex"),
        }
        if _needs(session, "require_matching_selfie"):
            sections["selfie"] = {"document": files[0], "selfie": call.mint("file")}
    if _has_number(session):
        number = str(person["id_number"])
        shown = number[-4:] if person["id_number_type"] == "us_ssn" else number
        sections["id_number"] = {
            "dob": person["dob"],
            "first_name": person["first_name"],
            "id_number": shown,
            "id_number_type": person["id_number_type"],
            "last_name": person["last_name"],
        }
    for name in ("email", "phone"):
        if ((session["options"] or {}).get(name) or {}).get("require_verification"):
            sections[name] = {name: person[name]}
    return sections


_KEPT = frozenset(("status", "error", "id_number_type", "type"))


def redacted(value: Any) -> Any:
    """Personal data as redaction leaves it: text becomes a word, dates and numbers nothing."""
    if isinstance(value, dict):
        return {name: item if name in _KEPT else redacted(item) for name, item in value.items()}
    if isinstance(value, list):
        return []
    return REDACTED if isinstance(value, str) else None
