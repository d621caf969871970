"""The engine: secrets in every encoding and container, copies of secrets, places, fingerprints, hostile input."""

import base64
import gzip
import html
import json
import quopri
import random
import zlib
from collections.abc import Callable
from urllib.parse import quote

import brotli
import pytest

from fcproxy.core.audit import Auditor, Item, Tree
from fcproxy.core.audit_copies import Copies
from fcproxy.core.audit_tree import Pairs
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.stripe.detectors import DETECTORS
from tests.core.audit_support import auditor, client_secret, drawn, exchange, found, rules, secret_key


def _u(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in text)


def _percent(text: str) -> str:
    return "".join(f"%{ord(char):02X}" for char in text)


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": _percent,
    "percent twice": lambda s: quote(_percent(s)),
    "percent in part": lambda s: s[:5] + _percent(s[5:9]) + s[9:],
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 after one": lambda s: base64.b64encode(b"x" + s.encode()).decode(),
    "base64 after two": lambda s: base64.b64encode(b"xy" + s.encode() + b"z").decode(),
    "base64 url": lambda s: base64.urlsafe_b64encode(("\u00ff\u00fe?>" + s).encode()).decode().rstrip("="),
    "base64 twice": lambda s: base64.b64encode(base64.b64encode(s.encode())).decode(),
    "base64 glued": lambda s: "abc" + base64.b64encode(s.encode()).decode(),
    "base64 lines": lambda s: base64.encodebytes((drawn(60) + " " + s).encode()).decode(),
    "base64 utf-16": lambda s: base64.b64encode(s.encode("utf-16")).decode(),
    "base64 gzip": lambda s: base64.b64encode(gzip.compress(s.encode())).decode(),
    "hex": lambda s: s.encode().hex(),
    "hex capitals": lambda s: s.encode().hex().upper(),
    "hex with colons": lambda s: s.encode().hex(":"),
    "json escapes": _u,
    "json escapes in part": lambda s: s[:4] + _u(s[4:6]) + s[6:],
    "c escapes": lambda s: "".join(f"\\x{ord(char):02x}" for char in s),
    "entities": lambda s: "".join(f"&#{ord(char)};" for char in s),
    "entities hex": lambda s: "".join(f"&#x{ord(char):x};" for char in s),
    "quoted-printable": lambda s: "".join(f"={ord(char):02X}" for char in s),
    "quoted-printable fold": lambda s: s[:12] + "=\r\n" + s[12:],
    "basic": lambda s: "Basic " + base64.b64encode(f"{s}:".encode()).decode(),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_key_is_found_in_every_encoding(name: str) -> None:
    coded = ENCODINGS[name](secret_key())
    assert "secret-key" in rules(exchange(f"before {coded} after".encode()))
    assert "secret-key" in rules(exchange(json.dumps({"note": coded}).encode()))
    assert "secret-key" in rules(exchange(request_body=f"note={quote(coded)}".encode()))
    if "\n" not in coded:
        assert "secret-key" in rules(exchange(headers=(("X-Note", coded),)))
        assert "secret-key" in rules(exchange(url=f"https://api.stripe.com/v1/things?note={quote(coded)}"))


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_copy_of_a_nameless_secret_is_found_in_every_encoding(name: str) -> None:
    secret = drawn(24)
    first = exchange(json.dumps({"client_secret": secret}).encode())
    second = exchange(f"before {ENCODINGS[name](secret)} after".encode())
    report = auditor().items("f", [Item(first, number=0), Item(second, number=1)])
    assert {finding.interaction for finding in report.findings} == {0, 1}


CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw deflate": lambda data: zlib.compress(data, wbits=-15),
    "br": brotli.compress,
}


@pytest.mark.parametrize("name", CODINGS)
def test_content_codings_are_opened_by_label(name: str) -> None:
    body = CODINGS[name](json.dumps({"client_secret": client_secret()}).encode())
    label = "deflate" if "deflate" in name else name
    (finding,) = found(exchange(body, headers=(("Content-Encoding", label),)))
    assert (finding.place, finding.rule, finding.layers) == ("response.body $.client_secret", "client-secret", (label,))


@pytest.mark.parametrize("name", ["gzip", "deflate"])
def test_content_codings_are_opened_without_a_label(name: str) -> None:
    body = CODINGS[name](json.dumps({"client_secret": client_secret()}).encode())
    assert rules(exchange(body)) == {"client-secret"}


def test_zstd_is_opened_by_label_and_without() -> None:
    zstd = pytest.importorskip("backports.zstd")
    body = zstd.compress(json.dumps({"client_secret": client_secret()}).encode())
    assert rules(exchange(body)) == {"client-secret"}
    assert rules(exchange(body, headers=(("Content-Encoding", "zstd"),))) == {"client-secret"}


def test_stacked_codings_are_opened() -> None:
    body = gzip.compress(brotli.compress(gzip.compress(client_secret().encode())))
    assert rules(exchange(body, headers=(("Content-Encoding", "gzip, br"), ("Content-Encoding", "gzip")))) == {
        "client-secret"
    }


def test_a_stale_label_on_decoded_text_is_no_failure() -> None:
    assert found(exchange(b'{"id": "x"}', headers=(("Content-Encoding", "gzip"),))) == []
    assert found(exchange(b'{"id": "x"}', headers=(("Content-Encoding", "br"),))) == []


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_wide_and_marked_text_is_read(charset: str) -> None:
    body = json.dumps({"client_secret": client_secret(), "note": "plain enough to tell"}).encode(charset)
    assert "client-secret" in rules(exchange(body))


def test_latin_1_text_is_read() -> None:
    assert rules(exchange('{"n": "caf\u00e9", "k": "'.encode("latin-1") + secret_key().encode() + b'"}')) == {
        "secret-key"
    }


CONTAINERS: dict[str, Callable[[str], bytes]] = {
    "json in json": lambda s: json.dumps({"body": json.dumps({"deep": json.dumps({"client_secret": s})})}).encode(),
    "form in json": lambda s: json.dumps({"body": f"a=1&client_secret={s}"}).encode(),
    "json in form": lambda s: f"payload={quote(json.dumps({'client_secret': s}))}".encode(),
    "ndjson": lambda s: b'{"a": 1}\n' + json.dumps({"client_secret": s}).encode() + b"\n",
    "sse": lambda s: b'event: x\ndata: {"a": 1}\n\ndata: ' + json.dumps({"client_secret": s}).encode() + b"\n\n",
    "log line": lambda s: f"12:00 INFO answer={json.dumps({'client_secret': s})} done".encode(),
    "repr": lambda s: repr({"a": {"client_secret": s}}).encode(),
    "cut json": lambda s: json.dumps({"client_secret": s, "x": "y"})[:-4].encode(),
    "double key": lambda s: f'{{"client_secret": "{s}", "client_secret": null}}'.encode(),
    "xml": lambda s: f"<answer><client_secret>{s}</client_secret></answer>".encode(),
    "html": lambda s: f'<input name="x" value="{html.escape(json.dumps({"client_secret": s}))}">'.encode(),
    "yaml text": lambda s: f"client_secret: {s}\n".encode(),
    "url in json": lambda s: json.dumps({"url": f"https://x.example/?client_secret={s}#a"}).encode(),
    "fragment": lambda s: json.dumps({"url": f"https://x.example/#client_secret={s}"}).encode(),
    "quoted-printable mail": lambda s: quopri.encodestring(f"client_secret={s}".encode()),
    "bom": lambda s: b"\xef\xbb\xbf" + json.dumps({"client_secret": s}).encode(),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_nameless_secret_is_found_by_name_in_every_container(name: str) -> None:
    assert rules(exchange(CONTAINERS[name](drawn(24)))) & {"client-secret-field", "named-credential"}


def _multipart(disposition: str, data: bytes, kind: str = "text/plain") -> bytes:
    head = f"--bb\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {kind}\r\n\r\n"
    return head.encode() + data + b"\r\n--bb--\r\n"


@pytest.mark.parametrize("label", ["multipart/form-data; boundary=bb", "application/octet-stream", ""])
def test_multipart_is_opened_whatever_its_label(label: str) -> None:
    headers = (("Content-Type", label),) if label else ()
    for part in (
        _multipart('name="client_secret"', drawn(24).encode()),
        _multipart('name="note"', secret_key().encode()),
        _multipart('name="file"; filename="a.json"', json.dumps({"client_secret": client_secret()}).encode()),
        _multipart(f'name="file"; filename="{secret_key()}.txt"', b"x"),
        _multipart('name="file"', gzip.compress(secret_key().encode()), "application/gzip"),
    ):
        request = Request("POST", "https://files.stripe.com/v1/files", Headers(headers), part)
        assert found(Interaction(request, Response(200, Headers())))


@pytest.mark.parametrize(
    "build",
    [
        lambda s: exchange(url=f"https://api.stripe.com/v1/{s}"),
        lambda s: exchange(url=f"https://api.stripe.com/v1/things#{s}"),
        lambda s: exchange(url=f"https://{s}@api.stripe.com/v1/things"),
        lambda s: exchange(headers=(("Location", f"https://x.example/?k={s}"),)),
        lambda s: exchange(headers=(("Link", f"<https://x.example/{s}>; rel=next"),)),
        lambda s: exchange(headers=((f"X-{s}", "1"),)),
        lambda s: exchange(headers=(("X-Trailer", s),)),
        lambda s: exchange(json.dumps({s: 1}).encode()),
        lambda s: exchange(json.dumps([[[[s]]]]).encode()),
        lambda s: Interaction(Request(s, "https://api.stripe.com/", Headers()), Response(200, Headers())),
        lambda s: Interaction(Request("GET", "https://api.stripe.com/", Headers()), Response(200, Headers(), b"", s)),
    ],
)
def test_odd_carriers(build: Callable[[str], Interaction]) -> None:
    secret = secret_key()
    findings = found(build(secret))
    assert findings
    assert all(secret not in repr(finding) for finding in findings)


MARKED = {
    "id": "fcsess_1MwtnGLkdIwHu7ixs7NPQ7dq",
    "client_secret": "fcsess_client_secret_REDACTED~1",
    "other": "pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_REDACTED~2",
    "third": "vs_1NuN4zLkdIwHu7ixleE6HvkI_secret_test_REDACTED~1",
    "key": "sk_test_REDACTED~1",
    "hook": "whsec_REDACTED~12",
    "url": "https://verify.stripe.com/start/test_REDACTED~1",
    "redirect_url": "https://crypto.link.com?session_hash=REDACTED~1",
    "owners": [{"name": "Redacted Full Name 1", "email": "redacted-1@example.com", "phone": "+12015550100"}],
    "raw_address": "Redacted Street 1",
    "dob": {"day": 4, "month": 1, "year": 1901},
    "date_of_birth": "1970-01-04",
    "ip_address": "192.0.2.1",
    "client_ip": "2001:db8::1",
    "card": {"number": "4000000000134242"},
    "id_number": "000000001",
    "account_number": "000000000012",
    "routing_number": "110000019",
    "wallet_address": "0x0000000000000000000000000000000000000001",
    "password": "REDACTED~1",
    "description": "REDACTED~idempotency-key-1",
}


def test_marks_in_escaped_text_are_no_findings() -> None:
    form = (
        b"url=https%3A%2F%2FREDACTED~1%3AREDACTED~2%40example.org%2Fhook%3Fk%3Dsk_test_REDACTED~1&phone=%2B12015550100"
    )
    body = json.dumps({"body": json.dumps({"a": "REDACTED~1\nREDACTED~2", "k": "%253DREDACTED~1%2526"})}).encode()
    assert found(exchange(body, request_body=form)) == []


def test_the_agreed_marks_are_no_findings() -> None:
    headers = (
        ("Authorization", "Bearer sk_test_REDACTED~1"),
        ("Authorization", "Basic " + base64.b64encode(b"sk_test_REDACTED~1:").decode()),
        ("Idempotency-Key", "REDACTED~idempotency-key-1"),
        ("Cookie", "REDACTED"),
    )
    form = b"client_secret=fcsess_client_secret_REDACTED~1&email=redacted-1%40example.com"
    assert (
        found(exchange(json.dumps(MARKED).encode(), headers=headers, request_headers=headers, request_body=form)) == []
    )


@pytest.mark.parametrize(
    "false",
    [
        "sk_" + "test_REDACTED~1" + drawn(12),
        "sk_" + "test_REDACTED" + drawn(16),
        "sk_" + "test_" + drawn(16) + "_REDACTED~1",
        "fcsess_client_secret_REDACTED~1_" + drawn(20),
        "whsec_REDACTED" + drawn(20),
        "REDACTED~1" + drawn(8),
    ],
)
def test_a_mark_with_a_real_tail_is_a_finding(false: str) -> None:
    assert found(exchange(json.dumps({"note": false}).encode()))


def test_a_copy_is_found_before_and_after_its_source() -> None:
    secret = drawn(24)
    echo = exchange(f"it was {secret}".encode())
    source = exchange(request_headers=(("Authorization", f"Bearer {secret}"),))
    report = auditor().items("f", [Item(echo, number=0), Item(source, number=1), Item(echo, number=2)])
    assert [(finding.interaction, finding.rule) for finding in report.findings] == [
        (0, "learned"),
        (1, "authorization-header"),
        (2, "learned"),
    ]


def test_a_copy_inside_binary_is_found() -> None:
    secret = drawn(24)
    noise = bytes(range(128, 250))
    coded = base64.b64encode(noise + secret.encode() + noise).decode()
    items = [Item(exchange(json.dumps({"client_secret": secret, "blob": coded}).encode()), number=0)]
    assert {finding.rule for finding in auditor().items("f", items).findings} >= {"client-secret-field", "learned"}


def test_secrets_known_from_elsewhere_are_looked_for() -> None:
    secret = drawn(24)
    assert auditor().items("f", [Item(exchange(f"x {secret} y".encode()), number=0)], known=Copies([secret])).leaks == 1
    assert auditor().items("f", [Item(exchange(b"x y"), number=0)], known=Copies([secret])).leaks == 0


@pytest.mark.parametrize(
    ("text", "leaks"),
    [("to 839201746.", 1), ("x839201746", 1), ("8392017461", 0), ("1839201746", 0), ("839201746 1", 1)],
)
def test_known_digits_are_no_leak_within_a_longer_number(text: str, leaks: int) -> None:
    body = text.encode()
    assert auditor().items("f", [Item(exchange(body), number=0)], known=Copies(["839201746"])).leaks == leaks


def test_short_and_dull_credentials_are_not_learned() -> None:
    source = exchange(json.dumps({"password": "balances", "secret": "aaaaaaaaaaaaaaaa"}).encode())
    echo = exchange(b'{"permissions": ["balances"], "pad": "aaaaaaaaaaaaaaaaaa"}')
    report = auditor().items("f", [Item(source, number=0), Item(echo, number=1)])
    assert {finding.interaction for finding in report.findings} == {0}


def test_fingerprints_are_equal_for_equal_values_under_one_key_only() -> None:
    body = exchange(json.dumps({"a": secret_key()}).encode())
    one, same = found(body)[0], found(body)[0]
    other = Auditor(DETECTORS, {}, b"another key").interaction(body)[0]
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert len(one.fingerprint) == 12


def test_findings_hold_no_value_and_no_strange_key() -> None:
    secret = client_secret()
    key = secret_key()
    document = {"a b\x1b[31m": {key: {"client_secret": secret}}}
    findings = found(exchange(json.dumps(document).encode()))
    shown = repr([finding.to_json() for finding in findings])
    assert findings
    assert secret not in shown
    assert key not in shown
    assert "\\x1b" not in shown


def test_what_cannot_be_read_is_said() -> None:
    binary = bytes(range(256)) * 4
    for body, headers in (
        (binary, ()),
        (gzip.compress(b"x" * 1000)[:-12], ()),
        (b"\x1f\x8b\x08" + binary, ()),
        (binary, (("Content-Encoding", "br"),)),
        (binary, (("Content-Encoding", "unheard-of"),)),
        (b"PK\x03\x04" + binary, ()),
        (_multipart('name="file"', binary), (("Content-Type", "multipart/form-data; boundary=bb"),)),
    ):
        assert "unreadable" in rules(exchange(body, headers=headers))


def test_plain_secrets_in_what_cannot_be_read_are_found_too() -> None:
    assert rules(exchange(bytes(range(256)) + secret_key().encode() + bytes(range(256)))) == {
        "unreadable",
        "secret-key",
    }


def test_a_stand_in_counts_as_not_stored() -> None:
    stood = exchange(b"", headers=(("Fcproxy-Body", "not-stored; reason=coding; bytes=10"),))
    report = auditor().items("f", [Item(stood, number=0)])
    assert (report.findings, report.coverage.not_stored, report.coverage.bodies) == ((), 1, 0)
    assert report.exit_code == 0
    lying = exchange(bytes(range(256)), headers=(("Fcproxy-Body", "not-stored; reason=coding; bytes=10"),))
    assert rules(lying) == {"unreadable"}


def test_bombs_are_refused() -> None:
    bomb = gzip.compress(b"\0" * (80 * 1024 * 1024))
    assert rules(exchange(bomb, headers=(("Content-Encoding", "gzip"),))) == {"unreadable"}


def test_encodings_nested_too_deep_are_refused() -> None:
    text = secret_key()
    for _ in range(12):
        text = base64.b64encode(text.encode()).decode()
    assert "unreadable" in rules(exchange(text.encode()))


def test_deep_nesting_does_not_end_the_audit() -> None:
    deep = b'{"a":' * 50_000 + json.dumps({"client_secret": client_secret()}).encode() + b"}" * 50_000
    assert rules(exchange(deep)) == {"client-secret-field"}
    nested: list[object] = [secret_key()]
    for _ in range(50_000):
        nested = [nested]
    assert auditor().items("f", [Item(Tree(nested), "document")]).leaks == 1


def test_shared_nodes_do_not_explode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcproxy.core.audit_tree.MAX_NODES", 10_000)
    node: list[object] = [Pairs([("a", "b")])]
    for _ in range(40):
        node = [node, node]
    report = auditor().items("f", [Item(Tree(node), "document")])
    assert [finding.rule for finding in report.findings] == ["unreadable"]


@pytest.mark.parametrize(
    "text",
    [
        "=" * 50_000,
        "%41" * 20_000,
        "&amp;" * 20_000,
        "\\u0041" * 20_000,
        "a@" * 30_000,
        "1 " * 60_000,
        "-1" * 60_000,
        "A" * 200_000,
        "sk_test_" * 20_000,
        "_secret_" * 20_000,
        "a_" * 60_000,
        "secret" * 20_000,
        "secret: " * 20_000,
        "{" * 100_000,
        '"a":' * 30_000,
        "a=b&" * 30_000,
        "://" * 40_000,
        "://a:b" * 20_000,
        "DE00" * 30_000,
        "+1 2" * 30_000,
        "REDACTED" * 20_000,
        "AAAA\n" * 30_000,
        "A" * 40 + ("\n" + "A" * 40) * 3_000,
        "ey" + "J" + "a" * 100_000,
        "0x" * 60_000,
        "https://pay.stripe.com/" * 5_000,
        "--x\r\nContent-A: b\r\n\r\n" * 5_000,
        json.dumps({"body": json.dumps([{"object": "charge", "note": "some words"}] * 9_000)}),
        "payout_amount," * 20_000,
        "%25" * 40_000,
        "%u0041" * 20_000,
        "width:100%;" * 20_000,
        "id,payout\n" + '"a"b,' * 80_000,
    ],
    ids=lambda text: repr(text[:12]),
)
@pytest.mark.timeout(20)
def test_no_text_makes_an_expression_run_away(text: str) -> None:
    found(exchange(text.encode()))


@pytest.mark.parametrize("part", ["a=", "key=", "a=\r", "x=y&z=", '{"a":'])
def test_a_form_in_a_form_in_a_form_is_refused_and_no_crash(part: str) -> None:
    text = part * 2000 + "b"
    assert {finding.rule for finding in found(exchange(text.encode()))} <= {"unreadable"}
    url = f"https://api.stripe.com/v1/x?{quote(text, safe='=&')}"
    assert {
        finding.rule for finding in found(Interaction(Request("GET", url, Headers()), Response(200, Headers())))
    } <= {"unreadable"}
    secret = drawn(20)
    hidden = "a=" * 20 + "password=" + secret
    assert "secret-field" in {finding.rule for finding in found(exchange(hidden.encode()))}


def test_one_value_in_one_field_is_one_finding() -> None:
    inner = quote(json.dumps({"api_password": drawn(16)}))
    assert [finding.place for finding in found(exchange(request_body=f"a=1&payload={inner}".encode()))] == [
        "request.body $.payload $.api_password"
    ]


def test_places_name_what_they_stand_in() -> None:
    secret = secret_key()
    places = {
        finding.place
        for finding in found(
            exchange(
                json.dumps({"error": {"message": f"no {secret}"}}).encode(),
                url=f"https://api.stripe.com/v1/things?client_secret={drawn(20)}",
                request_headers=(("Authorization", f"Bearer {secret}"),),
                request_body=f"a[b][0][client_secret]={drawn(20)}".encode(),
            )
        )
    }
    assert places >= {
        "response.body $.error.message",
        "request.url $.client_secret",
        "request.headers Authorization",
        "request.body $.a.b[0].client_secret",
    }


@pytest.mark.timeout(30)
def test_a_log_full_of_keys_does_not_cost_the_square_of_their_number() -> None:
    text = "\n".join(f"{number} {secret_key()}" for number in range(4_000))
    report = auditor().items("f", [Item(text, "text")], raw=text)
    assert report.leaks == 4_000


@pytest.mark.parametrize("size", [100, 1000, 20_000])
def test_noise_in_base64_is_nothing(size: int) -> None:
    """It ends with `=` and a line's end, as a line of quoted-printable does that goes on."""
    for seed in range(3):
        noise = random.Random(seed).randbytes(size)
        assert auditor().text(base64.encodebytes(noise).decode(), "text") == []
