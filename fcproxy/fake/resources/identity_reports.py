"""Identity VerificationReports. Source: docs.stripe.com/api/identity/verification_reports."""

from fcproxy.fake.call import Call
from fcproxy.fake.params import CREATED, LIST, choice, text
from fcproxy.fake.resource import Kind, Resource, Route
from fcproxy.fake.state import Doc, by

__all__ = ["RESOURCE"]

KIND = "identity.verification_report"
_URL = "/v1/identity/verification_reports"


def _list(call: Call) -> Doc:
    names = ("type", "verification_session", "client_reference_id")
    call.exclusive(("verification_session", "client_reference_id"))
    return call.page(KIND, _URL, filters={name: call.params.get(name) for name in names})


def _retrieve(call: Call) -> Doc:
    return call.target(KIND).doc


RESOURCE = Resource(
    name="identity.verification_reports",
    title="Identity Verification Reports",
    kinds=(
        Kind(
            KIND,
            "verification report",
            hidden=(
                "document.dob",
                "document.expiration_date",
                "document.number",
                "id_number.dob",
                "id_number.id_number",
            ),
            indexes={
                "type": by("type"),
                "verification_session": by("verification_session"),
                "client_reference_id": by("client_reference_id"),
            },
        ),
    ),
    routes=(
        Route(
            "GET",
            _URL,
            _list,
            KIND,
            "List VerificationReports",
            {
                **LIST,
                **CREATED,
                "client_reference_id": text(),
                "type": choice("document", "id_number"),
                "verification_session": text(),
            },
            listed=True,
        ),
        Route("GET", _URL + "/{id}", _retrieve, KIND, "Retrieve a VerificationReport"),
    ),
    notes=("One report for each finished attempt.",),
)
