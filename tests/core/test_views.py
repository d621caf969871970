"""Interactions for people, and what differs between two recordings."""

from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.views import Aliases, View, changes, view
from fcproxy.stripe.matching import NOISE
from tests.core.conversation import ask

JSON = Headers([("Content-Type", "application/json"), ("Request-Id", "req_1")])


def made(line: str, body: str, *, status: int = 200) -> Interaction:
    return Interaction(ask(line, auth=None), Response(status, JSON, body.encode()))


def test_a_view_names_the_object_and_every_place() -> None:
    one = view(made("POST /v1/customers?x=1 name=a&tags[]=b", '{"id": "cus_1", "object": "customer", "n": [1, {}]}'))
    assert one.title == "POST /v1/customers -> 200 customer cus_1"
    assert dict(one.fields) == {
        "request.query.x": '"1"',
        "request.header.Host": "localhost:1234",
        "request.header.User-Agent": "test",
        "request.header.Content-Type": "application/x-www-form-urlencoded",
        "request.body.name": '"a"',
        "request.body.tags[0]": '"b"',
        "response.header.Content-Type": "application/json",
        "response.header.Request-Id": "req_1",
        "response.body.id": '"cus_1"',
        "response.body.object": '"customer"',
        "response.body.n[0]": "1",
        "response.body.n[1]": "{}",
    }


def test_an_error_is_named_by_type_and_code() -> None:
    body = '{"error": {"type": "invalid_request_error", "code": "resource_missing"}}'
    assert view(made("GET /v1/c", body, status=404)).title == "GET /v1/c -> 404 invalid_request_error resource_missing"


def test_any_body_has_a_view() -> None:
    bodies = {
        b"": {},
        b"one\ntwo": {"response.body[0]": '"one"', "response.body[1]": '"two"'},
        b"\0\1": {"response.body": "2 bytes"},
        b"\x1f\x8b": {"response.body": "2 bytes that cannot be read"},
    }
    for body, expected in bodies.items():
        answer = view(Interaction(Request("GET", "https://h/p", Headers()), Response(200, Headers(), body)))
        assert dict(answer.fields) == expected


def recording(first: str, second: str, created: int, status: str = "active") -> list[Interaction]:
    return [
        made("POST /v1/customers name=a", f'{{"id": "{first}", "object": "customer", "created": {created}}}'),
        made(f"GET /v1/customers/{first}", f'{{"id": "{first}", "object": "customer", "status": "{status}"}}'),
        made(f"POST /v1/things customer={first}", f'{{"id": "{second}", "customer": "{first}"}}'),
    ]


def compared(old: list[Interaction], new: list[Interaction], *, stable: bool = True) -> list[str]:
    def views(interactions: list[Interaction]) -> list[View]:
        aliases = Aliases(NOISE) if stable else None
        return [view(one, aliases) for one in interactions]

    told = []
    for change in changes(views(old), views(new)):
        sides = "".join("-+"[side] + str(one[0]) for side, one in enumerate((change.old, change.new)) if one)
        told.append(sides)
        told.extend(f"{place}: {before} > {after}" for place, before, after in change.fields)
    return told


OLD = recording("cus_A1b2C3d4E5", "thing_Z9z9Z9z9", 1)


def test_other_ids_and_times_are_no_difference_unless_asked() -> None:
    new = recording("cus_Q1q2Q3q4Q5", "thing_Y8y8Y8y8", 2)
    assert compared(OLD, new) == []
    assert "response.body.created: 1 > 2" in compared(OLD, new, stable=False)


def test_a_changed_field_is_told_by_its_place() -> None:
    new = recording("cus_Q1q2Q3q4Q5", "thing_Y8y8Y8y8", 2, status="inactive")
    assert compared(OLD, new) == ["-1+1", 'response.body.status: "active" > "inactive"']


def test_another_object_in_the_same_place_is_a_difference() -> None:
    new = [
        *OLD[:2],
        made("POST /v1/things customer=cus_OTHER9999", '{"id": "thing_Z9z9Z9z9", "customer": "cus_OTHER9999"}'),
    ]
    told = compared(OLD, new)
    assert 'request.body.customer: "cus_#1" > "cus_#2"' in told


def test_added_and_removed_interactions() -> None:
    extra = made("GET /v1/new", "{}")
    assert compared(OLD, [OLD[0], extra, *OLD[1:]]) == ["+1"]
    assert compared(OLD, OLD[1:], stable=False) == ["-0"]


def test_status_counts() -> None:
    assert compared([made("GET /v1/a", "{}")], [made("GET /v1/a", "{}", status=404)]) == [
        "-0+0",
        "response.status: 200 > 404",
    ]


def test_words_are_no_ids_and_placeholders_stay() -> None:
    aliases = Aliases()
    for text in ("financial_connections", "account_holder", "sk_" + "test_" + "REDACTED~1", "us_bank_account", "usd"):
        assert aliases.text(text) == text
    assert aliases.text("cus_A1b2C3d4 cus_Z9z9Z9z9 cus_A1b2C3d4") == "cus_#1 cus_#2 cus_#1"
