"""Identity: sessions against their table of transitions, reports, redaction."""

from base64 import urlsafe_b64decode
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from fcproxy.fake.resources.identity_checks import LAST_ERRORS
from fcproxy.fake.resources.identity_sessions import TRANSITIONS
from tests.fake.support import Caller, Doc

VS = "/v1/identity/verification_sessions"
EVENT = "identity.verification_session."


def start(call: Caller, more: str = "") -> Doc:
    return call.post(VS, f"type=document&{more}")


def act(call: Caller, session: Doc, action: str, body: Any = None) -> Doc:
    return call.control(f"identity/verification_sessions/{session['id']}/{action}", body)


def test_a_fresh_session_has_a_secret_that_names_the_account() -> None:
    call = Caller()
    session = start(call, "client_reference_id=ref")
    head, blob = session["client_secret"].split("_secret_test_")
    assert head == session["id"]
    assert len(blob) == 80
    assert urlsafe_b64decode(blob).decode().startswith(call.fake.state.account())
    assert session["url"].startswith("https://verify.stripe.com/start/test_")
    assert (session["status"], session["type"], session["options"]) == ("requires_input", "document", {"document": {}})
    assert "verified_outputs" not in session
    assert call.events() == [EVENT + "created"]


def test_each_retrieval_gives_a_fresh_secret_until_it_is_of_no_use() -> None:
    call = Caller()
    session = start(call)
    path = f"{VS}/{session['id']}"
    assert len({session["client_secret"], *(call.get(path)["client_secret"] for _ in range(3))}) == 4
    assert call.get(VS)["data"][0]["client_secret"] is None
    act(call, session, "submit")
    assert (call.get(path)["client_secret"], call.get(path)["url"]) == (None, None)


def test_one_of_type_and_flow_is_needed() -> None:
    call = Caller()
    assert call.refused("POST", VS)["code"] == "parameter_missing"
    assert call.refused("POST", VS, "type=document&verification_flow=vf_1")["code"] == "parameters_exclusive"
    assert call.post(VS, "verification_flow=vf_1")["type"] == "verification_flow"


def test_a_passed_check() -> None:
    call = Caller()
    session = start(call, "options[document][require_id_number]=true")
    act(
        call,
        session,
        "verify",
        {"first_name": "Ada", "id_number": "123456789", "dob": {"day": 1, "month": 2, "year": 1990}},
    )
    assert call.events()[1:] == [EVENT + "processing", EVENT + "verified"]
    path = f"{VS}/{session['id']}"
    plain = call.get(path, "expand[]=verified_outputs")
    assert (plain["status"], plain["last_error"], plain["verified_outputs"]["first_name"]) == ("verified", None, "Ada")
    assert not {"dob", "id_number"} & set(plain["verified_outputs"])
    full = call.get(path, "expand[]=verified_outputs.dob&expand[]=last_verification_report.id_number.id_number")
    assert full["verified_outputs"]["dob"] == {"day": 1, "month": 2, "year": 1990}
    report = full["last_verification_report"]
    assert (report["document"]["status"], report["id_number"]["id_number"]) == ("verified", "6789")
    assert "dob" not in report["document"]


@pytest.mark.parametrize("code", sorted(LAST_ERRORS))
def test_a_failed_check(code: str) -> None:
    call = Caller()
    session = start(call)
    act(call, session, "fail", {"code": code})
    shown = call.get(f"{VS}/{session['id']}", "expand[]=last_verification_report")
    assert (shown["status"], shown["last_error"]) == ("requires_input", {"code": code, "reason": LAST_ERRORS[code]})
    assert shown["client_secret"]
    report = shown["last_verification_report"]
    errors = [check["error"] for check in (report or {}).values() if isinstance(check, dict) and check.get("error")]
    assert errors == ([{"code": code, "reason": LAST_ERRORS[code]}] if report else [])
    act(call, session, "verify")
    assert call.get(f"{VS}/{session['id']}")["last_error"] is None


def test_an_update_changes_what_is_given() -> None:
    call = Caller()
    session = start(call, "metadata[a]=1")
    path = f"{VS}/{session['id']}"
    changed = call.post(path, "metadata[b]=2&provided_details[email]=a@b.co&type=id_number")
    assert (changed["metadata"], changed["type"]) == ({"a": "1", "b": "2"}, "id_number")
    assert changed["provided_details"] == {"email": "a@b.co"}
    act(call, session, "submit")
    assert call.refused("POST", path, "metadata[b]=3")["status"] == 400


def test_redaction_takes_its_time_and_then_everything_personal() -> None:
    call = Caller()
    session = start(call, "metadata[who]=Ada&provided_details[email]=ada@example.com")
    act(call, session, "verify", {"first_name": "Ada"})
    path = f"{VS}/{session['id']}"
    redacting = call.post(f"{path}/redact")
    assert (redacting["status"], redacting["redaction"]) == ("verified", {"status": "processing"})
    call.advance(60)
    shown = call.get(path, "expand[]=verified_outputs.dob&expand[]=last_verification_report.document.dob")
    assert shown["redaction"] == {"status": "redacted"}
    assert shown["metadata"] == {"who": "[redacted]"}
    assert shown["verified_outputs"]["first_name"] == "[redacted]"
    assert shown["verified_outputs"]["dob"] == {"day": None, "month": None, "year": None}
    assert shown["last_verification_report"]["document"]["last_name"] == "[redacted]"
    assert call.events()[-1] == EVENT + "redacted"
    for body in (call.get("/v1/events", "limit=100"), call.fake.dump()["objects"]):
        assert "ada@example.com" not in str(body)


def test_redaction_of_an_open_session_cancels_it() -> None:
    call = Caller()
    session = start(call)
    path = f"{VS}/{session['id']}"
    assert call.post(f"{path}/redact")["status"] == "canceled"
    assert [call.get(path)["redaction"]["status"] for _ in range(2)] == ["processing", "redacted"]
    assert call.events() == [EVENT + word for word in ("created", "canceled", "redacted")]
    assert call.refused("POST", f"{path}/cancel")["status"] == 400


def test_lists_are_filtered() -> None:
    call = Caller()
    first = start(call, "client_reference_id=a&related_customer=cus_NiKSWdaFz2F6I0")
    second = start(call)
    act(call, second, "verify")
    for query, found in (
        ("status=verified", [second]),
        ("client_reference_id=a", [first]),
        ("related_customer=cus_NiKSWdaFz2F6I0", [first]),
        ("status=canceled", []),
        ("status=verified&client_reference_id=a", []),
    ):
        assert [item["id"] for item in call.get(VS, query)["data"]] == [item["id"] for item in found]
    reports = call.get("/v1/identity/verification_reports", f"verification_session={second['id']}")["data"]
    assert [report["verification_session"] for report in reports] == [second["id"]]
    assert call.get(f"/v1/identity/verification_reports/{reports[0]['id']}") == reports[0]


class Identity(RuleBasedStateMachine):
    """Whatever is tried, a session moves as its table says."""

    sessions: Any = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.call = Caller()
        self.status: dict[str, str] = {}
        self.redacted: set[str] = set()

    @rule(target=sessions)
    def started(self) -> Doc:
        session = start(self.call)
        self.status[session["id"]] = "requires_input"
        return session

    @rule(session=sessions, action=st.sampled_from(sorted(TRANSITIONS)))
    def acted(self, session: Doc, action: str) -> None:
        name = session["id"]
        if action in ("submit", "verify", "fail"):
            path = f"identity/verification_sessions/{name}/{action}"
            status = self.call.fake.control("POST", path, b"").status
        else:
            self.call("POST", f"{VS}/{name}" if action == "update" else f"{VS}/{name}/{action}")
            status = self.call.status
        sources, target = TRANSITIONS[action]
        allowed = self.status[name] in sources and (name not in self.redacted or action == "redact")
        assert (status == 200) == allowed
        if not allowed:
            return
        if action == "redact":
            self.redacted.add(name)
            target = "canceled" if self.status[name] == "requires_input" else ""
        self.status[name] = target or self.status[name]

    @rule()
    def passing(self) -> None:
        self.call.advance(60)

    @invariant()
    def as_the_table_says(self) -> None:
        for name, status in self.status.items():
            row = self.call.fake.state.tables["identity.verification_session"].get(name)
            assert row is not None
            assert row.doc["status"] == status
            assert (row.doc["redaction"] is not None) == (name in self.redacted)


TestIdentity = Identity.TestCase
TestIdentity.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
