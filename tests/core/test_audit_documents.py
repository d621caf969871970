"""Every recorder's layout is read: nothing in a file escapes because it stands in an unknown key."""

import base64
import json
from collections.abc import Callable

import pytest

from fcproxy.core.audit_documents import document_items
from fcproxy.core.audit_tree import parse_json
from fcproxy.core.message import Interaction
from tests.core.audit_support import auditor, client_secret, secret_key

Build = Callable[[str, str], object]


def _vcr(secret: str, key: str) -> object:
    request = {
        "method": "GET",
        "uri": "https://api.stripe.com/v1/x",
        "body": None,
        "headers": {"Authorization": [f"Bearer {key}"]},
    }
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {},
        "body": {"string": json.dumps({"client_secret": secret})},
    }
    return {"interactions": [{"request": request, "response": response}], "version": 1}


def _ruby(secret: str, key: str) -> object:
    body = base64.b64encode(json.dumps({"client_secret": secret}).encode()).decode()
    request = {"method": "get", "uri": "https://api.stripe.com/v1/x", "headers": {"Authorization": [f"Bearer {key}"]}}
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {},
        "body": {"encoding": "UTF-8", "base64_string": body},
    }
    return {
        "http_interactions": [{"request": request, "response": response, "recorded_at": "x"}],
        "recorded_with": "VCR 6.4",
    }


def _playback(secret: str, key: str) -> object:
    url = {"Scheme": "https", "Host": "api.stripe.com", "Path": "/v1/x", "RawQuery": "a=b"}
    request = {"method": "GET", "url": url, "headers": {"Authorization": [f"Bearer {key}"]}, "body": ""}
    response = {"status_code": 200, "headers": {}, "body": json.dumps({"client_secret": secret})}
    return [{"type": 0, "request": request, "response": response}]


def _har(secret: str, key: str) -> object:
    headers = [{"name": "Authorization", "value": f"Bearer {key}"}]
    request = {"method": "GET", "url": "https://api.stripe.com/v1/x", "headers": headers, "cookies": []}
    content = {"encoding": "base64", "text": base64.b64encode(json.dumps({"client_secret": secret}).encode()).decode()}
    response = {"status": 200, "statusText": "OK", "headers": [], "content": content}
    return {"log": {"version": "1.2", "entries": [{"time": 1, "request": request, "response": response}]}}


LAYOUTS: dict[str, Build] = {"vcrpy": _vcr, "ruby vcr": _ruby, "playback": _playback, "har": _har}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_read_as_interactions(name: str) -> None:
    items = document_items(parse_json(json.dumps(LAYOUTS[name](client_secret(), secret_key()))))
    (interaction,) = (item.content for item in items if isinstance(item.content, Interaction))
    assert interaction.request.url.startswith("https://api.stripe.com/v1/x")
    assert interaction.request.method.upper() == "GET"
    assert interaction.response.status == 200
    report = auditor().items("f", items)
    assert [(finding.interaction, finding.place) for finding in report.findings] == [
        (0, "request.headers Authorization"),
        (0, "response.body $.client_secret"),
    ]
    assert report.coverage.interactions == 1


@pytest.mark.parametrize("name", LAYOUTS)
def test_unknown_keys_are_inspected_wherever_they_stand(name: str) -> None:
    clean = json.dumps(LAYOUTS[name]("fcsess_client_secret_REDACTED~1", "sk_test_REDACTED~1"))
    tree = json.loads(clean)
    assert auditor().items("f", document_items(parse_json(clean))).findings == ()
    for spot in _mappings(tree):
        secret = secret_key()
        spot["x_note"] = secret
        report = auditor().items("f", document_items(parse_json(json.dumps(tree))))
        assert report.leaks == 1, (name, sorted(spot))
        del spot["x_note"]
        spot[secret] = "x"
        assert auditor().items("f", document_items(parse_json(json.dumps(tree)))).leaks == 1, (name, sorted(spot))
        del spot[secret]


def _mappings(node: object) -> list[dict[str, object]]:
    if isinstance(node, dict):
        return [node, *(spot for value in list(node.values()) for spot in _mappings(value))]
    return [spot for item in node for spot in _mappings(item)] if isinstance(node, list) else []


def test_bodies_stored_as_structures_are_read() -> None:
    document = _vcr("x", "sk_test_REDACTED~1")
    text = json.dumps(document).replace('"body": null', json.dumps({"body": {"client_secret": client_secret()}})[1:-1])
    report = auditor().items("f", document_items(parse_json(text)))
    assert [finding.place for finding in report.findings] == ["request.body $.client_secret"]


def test_cookies_of_a_har_are_cookies() -> None:
    document = json.dumps(_har("fcsess_client_secret_REDACTED~1", "sk_test_REDACTED~1"))
    text = document.replace('"cookies": []', '"cookies": [{"name": "sid", "value": "abc123"}]')
    report = auditor().items("f", document_items(parse_json(text)))
    assert [finding.rule for finding in report.findings] == ["cookie-header"]


@pytest.mark.parametrize(
    "tree",
    [
        None,
        "text",
        [],
        {},
        {"interactions": None},
        {"interactions": [1, None, {}]},
        {"interactions": [{"request": {}, "response": None}]},
    ],
)
def test_odd_documents_are_no_failure(tree: object) -> None:
    items = document_items(parse_json(json.dumps(tree)))
    assert auditor().items("f", items).findings == ()


def test_interactions_are_numbered_in_order() -> None:
    document = json.dumps([_vcr(client_secret(), "sk_test_REDACTED~1") for _ in range(3)])
    numbers = [item.number for item in document_items(parse_json(document)) if isinstance(item.content, Interaction)]
    assert numbers == [0, 1, 2]


def test_a_plain_document_is_inspected_whole() -> None:
    report = auditor().items("f", document_items(parse_json(json.dumps({"a": {"b": [secret_key()]}}))))
    assert [finding.place for finding in report.findings] == ["document $.a.b[0]"]
