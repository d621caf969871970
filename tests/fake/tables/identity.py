"""Verification sessions: their status, whether an attempt failed before, and what redaction has come to."""

from tests.fake.support import Caller
from tests.fake.transitions import Machine, asked, passing, told

VS = "/v1/identity/verification_sessions"
_CONTROL = "identity/verification_sessions/{id}/"
_REDACTION = {"processing": " redacting", "redacted": " redacted"}


def _begin(call: Caller) -> str:
    return str(call.post(VS, "type=document&metadata[order]=1")["id"])


def _state(call: Caller, name: str) -> str:
    # Looked at from inside: a retrieval is one of the acts.
    row = call.fake.state.tables["identity.verification_session"].get(name)
    assert row is not None
    redaction = _REDACTION[row.doc["redaction"]["status"]] if row.doc["redaction"] else ""
    return f"{row.doc['status']}{' again' if row.doc['last_error'] else ''}{redaction}"


def _staying(state: str) -> dict[str, str]:
    return {"a minute": state, "retrieve twice": state}


def _redaction(state: str) -> dict[str, dict[str, str]]:
    ended = f"{state} redacted"
    return {
        f"{state} redacting": {
            "a minute": f"{ended}: redacted",
            "retrieve twice": f"{ended}: redacted",
            "redact": f"{state} redacting",
        },
        ended: {**_staying(ended), "redact": ended},
    }


_TRIED = {"verify": "verified: processing verified", "fail": "requires_input again: processing requires_input"}
_ENDED = {"verify": "verified: verified", "fail": "requires_input again: requires_input"}

MACHINES = (
    Machine(
        "verification sessions",
        _begin,
        _state,
        {
            "update": asked("POST", VS + "/{id}", "metadata[a]=b"),
            "submit": told(_CONTROL + "submit"),
            "verify": told(_CONTROL + "verify"),
            "fail": told(_CONTROL + "fail"),
            "cancel": asked("POST", VS + "/{id}/cancel"),
            "redact": asked("POST", VS + "/{id}/redact"),
            "a minute": passing(60),
            "retrieve twice": lambda call, name: max(asked("GET", VS + "/{id}")(call, name) for _ in range(2)),
        },
        {
            "requires_input": {
                **_staying("requires_input"),
                **_TRIED,
                "update": "requires_input",
                "submit": "processing: processing",
                "cancel": "canceled: canceled",
                "redact": "canceled redacting: canceled",
            },
            "requires_input again": {
                **_staying("requires_input again"),
                **_TRIED,
                "update": "requires_input again",
                "submit": "processing again: processing",
                "cancel": "canceled again: canceled",
                "redact": "canceled again redacting: canceled",
            },
            "processing": {**_staying("processing"), **_ENDED},
            "processing again": {**_staying("processing again"), **_ENDED},
            "verified": {**_staying("verified"), "redact": "verified redacting"},
            "canceled": {**_staying("canceled"), "redact": "canceled redacting"},
            "canceled again": {**_staying("canceled again"), "redact": "canceled again redacting"},
            **_redaction("verified"),
            **_redaction("canceled"),
            **_redaction("canceled again"),
        },
        prefix="identity.verification_session.",
    ),
)
