"""Requests as curl's arguments, and as text."""

from base64 import b64encode
from pathlib import Path

import pytest

from fcproxy.cli.curl import from_curl, from_file
from fcproxy.core.errors import UsageError

URL = "http://127.0.0.1:12111/v1/customers"
FORM = ("Content-Type", "application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"{URL}", ("GET", "/v1/customers", b"")),
        (f"curl -sS {URL}", ("GET", "/v1/customers", b"")),
        (f"{URL} -d a=b -d c=d", ("POST", "/v1/customers", b"a=b&c=d")),
        (f"-X PUT {URL} --data-raw @x", ("PUT", "/v1/customers", b"@x")),
        (f"-XDELETE {URL}/cus_1", ("DELETE", "/v1/customers/cus_1", b"")),
        (f"--request=POST --url {URL}", ("POST", "/v1/customers", b"")),
        (f"-G {URL} -d limit=3", ("GET", "/v1/customers?limit=3", b"")),
        (f"-G {URL}?a=1 -d limit=3", ("GET", "/v1/customers?a=1&limit=3", b"")),
        (f"-I {URL}", ("HEAD", "/v1/customers", b"")),
        (f"{URL} --data-urlencode name=a+b", ("POST", "/v1/customers", b"name=a%2Bb")),
        (f"-o out -m 3 -L {URL}", ("GET", "/v1/customers", b"")),
        ("https://api.stripe.com/v1/customers", ("GET", "/v1/customers", b"")),
        ("http://127.0.0.1:1/_fcproxy/d/5f3a/v1/customers", ("GET", "/v1/customers", b"")),
        ("http://127.0.0.1:1", ("GET", "/", b"")),
        ("/v1/customers", ("GET", "/v1/customers", b"")),
    ],
)
def test_what_curl_would_send(line: str, expected: tuple[str, str, bytes]) -> None:
    request = from_curl(line.split())
    method, target, body = expected
    assert (request.method, request.url, request.body) == (method, f"https://api.stripe.com{target}", body)


def test_headers_and_credentials() -> None:
    request = from_curl([URL, "-u", "key:", "-H", "Stripe-Account: acct_1", "-A", "me", "-d", "a=b"])
    assert list(request.headers) == [
        ("Authorization", "Basic " + b64encode(b"key:").decode()), ("Stripe-Account", "acct_1"), ("User-Agent", "me"),
        FORM,
    ]  # fmt: skip
    assert from_curl([URL, "-ukey"]).headers.get("Authorization") == "Basic " + b64encode(b"key:").decode()


def test_json() -> None:
    request = from_curl([URL, "--json", '{"a": 1}'])
    assert (request.method, request.body) == ("POST", b'{"a": 1}')
    assert request.headers.get("Content-Type") == "application/json"


def test_files(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"a=b\nc")
    assert from_curl([URL, "-d", f"@{tmp_path / 'body'}"]).body == b"a=bc"
    assert from_curl([URL, "--data-binary", f"@{tmp_path / 'body'}"]).body == b"a=b\nc"
    form = from_curl([URL, "-F", "purpose=x", "-F", f"file=@{tmp_path / 'body'};type=text/plain"])
    assert form.method == "POST"
    assert b'name="purpose"\r\n\r\nx\r\n' in form.body
    assert b'name="file"; filename="body"\r\n\r\na=b\nc\r\n' in form.body


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "no URL"),
        (["-X", "POST"], "no URL"),
        ([URL, URL], "more than one URL"),
        ([URL, "--frobnicate", "x"], "--frobnicate is not understood"),
        ([URL, "-d"], "-d needs a value"),
        ([URL, "-d", "@/no/such/file"], "/no/such/file: No such file"),
    ],
)
def test_what_is_not_understood_is_told(arguments: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        from_curl(arguments)


def test_a_request_as_text() -> None:
    text = b"post /v1/customers?x=1 HTTP/1.1\r\nHost: localhost\r\nStripe-Version: 1\r\n\r\na=b\n"
    request = from_file(text, "r.http")
    assert (request.method, request.url, request.body) == ("POST", "https://api.stripe.com/v1/customers?x=1", b"a=b")
    assert request.headers.get("stripe-version") == "1"
    assert from_file(b"GET http://127.0.0.1:1/v1/x", "r").url == "https://api.stripe.com/v1/x"


@pytest.mark.parametrize("text", [b"", b"hello", b"{}", b"GET /v1/x HTTP/1.1\nno header\n\n"])
def test_what_is_no_request_is_told(text: bytes) -> None:
    with pytest.raises(UsageError, match=r"r\.http: expects an HTTP request"):
        from_file(text, "r.http")
