"""What fuzzing begins from, and what it once found: target -> name -> input. The first octet of some chooses a label.

Made here and not kept as files: the audit would rightly refuse what is like a secret in them, and what is no text.
"""

import gzip
import json
import zlib
from collections.abc import Mapping

import brotli

__all__ = ["SEEDS"]

_EMAIL = "a" + "@" + "b.io"
_SECRET = "cs_1_" + "secret_abcdefghijklmnop"
_SHORT = "x_" + "secret_y"
_OBJECT = json.dumps({"id": "x", "email": _EMAIL, "client_secret": _SHORT}).encode()
_MARK = b"\xee\x80\x80secret" + b":1:x:0\xee\x80\x82"

_LABELLED: Mapping[str, bytes] = {
    "plain": b"\0text",
    "form": b"\x01a=b&c[d]=e",
    "json": b"\x02" + _OBJECT,
    "multipart": b'\x03--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\nc\r\n--x--\r\n',
    "sse": b'\x04data: {"a": 1}\n\nevent: x\ndata: [DONE]\n\n',
    "utf16": b"\x05" + _OBJECT.decode().encode("utf-16"),
    "gzip": b"\x06" + gzip.compress(_OBJECT, mtime=0),
    "deflate": b"\x07" + zlib.compress(_OBJECT),
    "br": b"\x08\x0b\x1e\x80" + _OBJECT + b"\x03",
    "zstd": b"\t(\xb5/\xfd \x02\x11\0\0{}",
    "layers": b"\n" + brotli.compress(gzip.compress(b"x", mtime=0)),
}
_ECHO = b"\x02" + json.dumps({"client_secret": _SECRET, "again": _SECRET}).encode()

_REDACTION: Mapping[str, bytes] = {
    **_LABELLED,
    "echo": _ECHO,
    "marks": b"\0" + _MARK + b" \xee\x80\x81",
    "delimiters-in-an-unredacted-body": b"\0" + _MARK[:12] + b"x:secret:1: \xee\x80\x81",
}
_DECK: Mapping[str, bytes] = {
    **_LABELLED,
    "echo": _ECHO,
    "marks": _REDACTION["marks"],
    "a-secret-recognised-late": b"\xee\x80".join(
        (b"\0", b"\x80secr\0", _MARK[2:] + b" ", b"ec" + _MARK[7:] + b" ", _MARK[4:13] + b"\x81")
    ),
    "marker-in-utf16": (
        b'\xf7\x0b\x1e\xc2\x80{"id": "x", "email": '
        b'"\xee\x80\x80email\xee\x80\x811\xee\x80\x81\xee\x80\x810\xee\x80\x82") "cli%\xc2\x86nt_sdc'
    ),
}

_CASSETTE: Mapping[str, bytes] = {
    "aliases": (
        b"a: &a [1,2]\nb: &b [*a,*a]\ninteractions:\n- request:\n    body: null\n    headers: {A: *b}\n"
        b"    method: GET\n    uri: https://api.stripe.com/v1/x\n  response:\n    body:\n      string: ok\n"
        b"    headers: {}\n    status:\n      code: 200\n      message: OK\nversion: 1\n"
    ),
    "binary": (
        b"interactions:\n- request:\n    body: null\n    headers: {}\n    method: GET\n"
        b"    uri: https://api.stripe.com/v1/x\n  response:\n    body:\n      string: !!binary YWJj\n"
        b"    headers: {}\n    status:\n      code: 200\n      message: OK\nversion: 1\n"
    ),
    "conflict": (
        b"<<<<<<< HEAD\ninteractions:\n- request:\n    body: null\n    headers: {}\n    method: GET\n"
        b"    uri: https://api.stripe.com/v1/x\n  response:\n    body:\n      string: ok\n    headers: {}\n"
        b"    status:\n      code: 200\n      message: OK\nversion: 1\n"
    ),
    "good": (
        b"interactions:\n- request:\n    body: null\n    headers: {}\n    method: GET\n"
        b"    uri: https://api.stripe.com/v1/x\n  response:\n    body:\n      string: ok\n    headers: {}\n"
        b"    status:\n      code: 200\n      message: OK\nversion: 1\n"
    ),
    "json": (
        b'{"interactions": [{"request": {"method": "GET", "uri": "https://x/", "body": nul'
        b'l, "headers": {"A": ["1"]}}, "response": {"status": {"code": 200, "message": "OK'
        b'"}, "headers": {}, "body": {"string": "x"}}}], "version": 1}'
    ),
    "status-with-a-leading-zero": (
        b"interactions:\n- request:\n    body: null\n    headers: {}\n    method: _GET\n"
        b"    uri: https://api.stri  pe.com/v0/x\n  response:\n    body:\n      stringbna :i!!ry YWJj\n"
        b"    hea ders: {}\n    status:\n      code: 001\n  _    message: OK\nversion: 1\n"
    ),
    "surrogates": (
        b"interactions:\n- request:\n    body: null\n    headers: {}\n    method: GET\n"
        b'    uri: https://api.stripe.com/v1/x\n  response:\n    body:\n      string: "\\ud800"\n'
        b"    headers: {}\n    status:\n      code: 200\n      message: OK\nversion: 1\n"
    ),
    "tags": (
        b"interactions:\n- request:\n    body: null\n    headers: {}\n    method: GET\n"
        b"    uri: https://api.stripe.com/v1/x\n  response:\n    body:\n"
        b"      string: !!python/object/apply:os.system [x]\n    headers: {}\n    status:\n"
        b"      code: 200\n      message: OK\nversion: 1\n"
    ),
}
_FORM: Mapping[str, bytes] = {
    "digits": b"a[\xd9\xa1]=1&a[\xc2\xb2]=2&a[01]=3&a[1]=4",
    "nested": b"a[b][c]=1&a[]=2&a[0]=3&b=%C3%A9+x&c&=&d[]=[]&e[f][]=1&e[f][][g]=2",
    "brackets": b"a%(br)s]=1&a[=1&a]=2&[a]=3&a[b]c=4".replace(b"%(br)s", b"[a]" * 79 + b"[a"),
    "huge-index": b"a[" + b"9" * 4400 + b"]=1&a[1]=2",
    "octets": bytes(range(256)),
}
_JSON: Mapping[str, bytes] = {
    "escapes": b'{"\\u0061\\ud83d": "\\ud83d\\ude00 \\" \\\\"}',
    "object": b'{"id": "cus_1", "n": -1.5e3, "l": [1, null, true, {"a": {}}], "id": "again"}',
    "deep": b"[" * 130 + b"]" * 130,
    "huge-number": b"[" + b"9" * 4400 + b"]",
}
_PLAIN: Mapping[str, bytes] = {
    "chunks": b"POST /v1/x HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n",
    "form": (
        b"POST /v1/customers HTTP/1.1\r\nHost: p\r\nAuthorization: Bearer k\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nIdempotency-Key: i\r\nContent-Length: 3\r\n"
        b"\r\na=b"
    ),
    "get": b"GET /v1/ahead HTTP/1.1\r\nHost: p\r\n\r\n",
    "two": b"GET /v1/ahead HTTP/1.1\r\nHost: p\r\n\r\nGET /v1/ahead HTTP/1.1\r\nHost: p\r\n\r\n",
    "two-content-types": (
        b"POST /v1/customers HTTP/1.1\r\nHost: p\r\nAuthorization: Bearer k\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\n"
        b"a=b"
    ),
    "websocket-of-old": b"GET /v1/x HTTP/1.1\r\nHost: p\r\nSec-WebSocket-Key1: a\r\n\r\n",
}
_FRONT: Mapping[str, bytes] = {
    "bad-chunk-late": (
        b"`POST /v1/x HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\nzz\r\n"
        b"GET /v1/ahead HTTP/1.1\r\nHost: p\r\n\r\n"
    ),
    "chunks": (
        b"\x05POST /v1/x HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n"
        b"GET /v1/ahead HTTP/1.1\r\nHost: p\r\n\r\n"
    ),
    "get": b"\x00GET /v1/ahead HTTP/1.1\r\nHost: p\r\n\r\n",
    "not-whole": (
        b"(POST /v1/customers HTTP/1.1\r\nHost: p\r\nAuthorization: Bearer k\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nIdempotency-Key: i\r\nContent-Length: 3\r\n"
        b"\r\na="
    ),
    "octets": (
        b"\x01GET /v1/ahead HTTP/1.1\r\nHost: p\r\n\r\nPOST /v1/customers HTTP/1.1\r\nHost: p\r\n"
        b"Authorization: Bearer k\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Idempotency-Key: i\r\nContent-Length: 3\r\n\r\na=b"
    ),
    "pieces": (
        b"\x07POST /v1/customers HTTP/1.1\r\nHost: p\r\nAuthorization: Bearer k\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nIdempotency-Key: i\r\nContent-Length: 3\r\n"
        b"\r\na=bGET /v1/ahead HTTP/1.1\r\nHost: p\r\n\r\nPOST /v1/customers HTTP/1.1\r\nHost: p\r\n"
        b"Authorization: Bearer k\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Idempotency-Key: i\r\nContent-Length: 3\r\n\r\na=b"
    ),
    "smuggled": (
        b"\x00GET /v1/ahead HTTP/1.1\r\nHost: p\r\n\r\nPOST /v1/x HTTP/1.1\r\nHost: p\r\n"
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/smuggled HTTP/1.1\r\n"
        b"Host: p\r\n\r\n"
    ),
    "two-content-types": b"\x00GET /v1/x HTTP/1.1\r\nHost: p\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n\r\n",
    "upgrade": b"\x00GET /v1/x HTTP/1.1\r\nHost: p\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
}
_UPSTREAM: Mapping[str, bytes] = {
    "bad-chunk": b"0HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n",
    "blank-before-the-colon": b"\x00HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
    "chunks": b"\x07HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nX: y\r\n\r\n",
    "interim": b"\x03HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "length-of-64-bits": b"\x00HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nok",
    "no-body": b"\x00HTTP/1.1 204 None\r\nContent-Length: 3\r\n\r\nabc",
    "planted": b"\x00HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nCon",
    "sized": b"\x00HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "to-the-end": b"\x00HTTP/1.0 200 OK\r\n\r\nok",
    "unasked-protocol": b"\tHTTP/1.1 101 Go\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nplanted",
}

SEEDS: Mapping[str, Mapping[str, bytes]] = {
    "form": _FORM,
    "json": _JSON,
    "body": _LABELLED,
    "redaction": _REDACTION,
    "deck": _DECK,
    "cassette": _CASSETTE,
    "plain": _PLAIN,
    "front": _FRONT,
    "upstream": _UPSTREAM,
}
