"""A real recording between ends that put secrets where no body is: into framing, heads, names, reasons, broken lines.

Each carrier has a secret of its own, which is recognised last, in a plain answer; what looks like a key is known by its
shape. Looked at: every file, both outputs, and the pages of the control API.
"""

import gzip
import json
import re
import socket
import socketserver
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.attacks.hunt import rng_for
from tests.attacks.prey import letters
from tests.attacks.test_residue import left_behind
from tests.cli.processes import rig

CRLF = b"\r\n"


def answer(body: bytes = b"{}", *fields: str, first: str = "HTTP/1.1 200 OK", media: str = "application/json") -> bytes:
    lines = [first, f"Content-Type: {media}", *fields, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def chunked(framing: bytes, *fields: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", "Content-Type: application/json", "Transfer-Encoding: chunked", *fields, "", ""]
    return "\r\n".join(lines).encode() + framing


def asked(target: str = "/v1/things", *fields: str, method: str = "GET", body: bytes = b"") -> bytes:
    length = [f"Content-Length: {len(body)}"] if body else []
    return (
        "\r\n".join(
            [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *fields, *length, "", ""]
        ).encode()
        + body
    )


def flushed(text: str) -> bytes:
    """gzip with flush points every few letters: each piece can be read for itself."""
    packer = zlib.compressobj(wbits=31)
    pieces = [
        packer.compress(text[at : at + 11].encode()) + packer.flush(zlib.Z_SYNC_FLUSH) for at in range(0, len(text), 11)
    ]
    return b"".join(pieces) + packer.flush()


def multipart(disposition: str, boundary: str = "xYz") -> tuple[str, bytes]:
    body = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\nx\r\n--{boundary}--\r\n"
    return f"Content-Type: multipart/form-data; boundary={boundary}", body.encode()


S = "SECRET"
"""Stands for the secret of a carrier."""

JSON_S = json.dumps({"note": f"see {S} there"}).encode()

ANSWERS: Mapping[str, bytes] = {
    "chunk extension": chunked(b"2;note=" + S.encode() + b"\r\n{}\r\n0\r\n\r\n"),
    "quoted chunk extension": chunked(b'2;note="' + S.encode() + b'"\r\n{}\r\n0;' + S.encode() + b"\r\n\r\n"),
    "trailer": chunked(b"2\r\n{}\r\n0\r\nX-Note: " + S.encode() + b"\r\n\r\n", f"Trailer: X-{S}"),
    "bad chunk size": chunked(S.encode() + b"\r\n{}\r\n0\r\n\r\n"),
    "chunk cut short": chunked(b"ff\r\n" + JSON_S),
    "header name": answer(b"{}", f"X-{S}: 1"),
    "reason": answer(b"{}", first=f"HTTP/1.1 402 No {S} Here"),
    "status that is none": answer(b"{}", first=f"HTTP/1.1 2x{S} OK"),
    "version that is none": answer(b"{}", first=f"HTTP/{S} 200 OK"),
    "first line that is none": f"{S}\r\n\r\n".encode(),
    "line without colon": answer(b"{}", S),
    "length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: " + S.encode() + b"\r\n\r\n{}",
    "two lengths": answer(b"{}", f"Content-Length: {S}"),
    "coding that is none": answer(b"{}", f"Transfer-Encoding: {S}"),
    "content coding": answer(JSON_S, f"Content-Encoding: {S}"),
    "content coding, cut": answer(gzip.compress(JSON_S, mtime=0)[:-9], "Content-Encoding: gzip"),
    "folded header": answer(b"{}", f"Request-Id: req_1\r\n {S}"),
    "head without end": b"HTTP/1.1 200 OK\r\nRequest-Id: " + S.encode(),
    "head too long": answer(b"{}", f"Request-Id: {S * 3000}"),
    "body longer than its length": answer(b"{}") + S.encode(),
    "second answer": answer(b"{}") + answer(JSON_S),
    "early hints": f"HTTP/1.1 103 Early Hints\r\nLink: </{S}>; rel=x\r\n\r\n".encode() + answer(b"{}"),
    "switching protocols": f"HTTP/1.1 101 Switching\r\nUpgrade: {S}\r\nConnection: upgrade\r\n\r\n".encode(),
    "Location, user info": answer(b"{}", f"Location: https://me:{S}@shop.example/x", first="HTTP/1.1 302 Found"),
    "Location, host": answer(b"{}", f"Location: https://{S}.shop.example/x"),
    "Location, punycode host": answer(b"{}", f"Location: https://xn--{S}-abc.shop.example/x"),
    "Link": answer(b"{}", f'Link: <https://x.example/{S}>; title="{S}"'),
    "Set-Cookie": answer(b"{}", f"Set-Cookie: a={S}; Path=/{S}"),
    "WWW-Authenticate": answer(b"{}", f'WWW-Authenticate: Bearer realm="{S}", error="{S}"', first="HTTP/1.1 401 No"),
    "Content-Disposition": answer(b"{}", f"Content-Disposition: attachment; filename*=UTF-8''{S}.csv"),
    "Stripe-Version": answer(b"{}", f"Stripe-Version: {S}"),
    "media type": answer(b"{}", media=f"application/{S}"),
    "charset": answer(JSON_S, media=f"application/json; charset={S}"),
    "boundary": answer(f"--{S}\r\n\r\nx\r\n--{S}--\r\n".encode(), media=f"multipart/mixed; boundary={S}"),
    "gzip with flush points": answer(flushed(JSON_S.decode()), "Content-Encoding: gzip"),
    "gzip cut at a flush point": answer(flushed(JSON_S.decode())[:-14], "Content-Encoding: gzip"),
    "JSON key": answer(json.dumps({S: 1, "x": {f"a.{S}": [S]}}).encode()),
    "JSON that repeats itself": answer(f'{{"note": "{S}", "note": "x"}}'.encode()),
    "event's id and comment": answer(
        f": {S}\nid: {S}\nretry: {S}\nevent: {S}\ndata: 1\n\n".encode(), media="text/event-stream"
    ),
    "long line": answer(json.dumps({"note": f"{'word ' * 40}{S}{' word' * 40}"}).encode()),
    "long text": answer(f"{'word ' * 40}{S}{' word' * 40}\n- {S}: {S}\n".encode(), media="text/plain"),
}
"""What an upstream may answer."""

REQUESTS: Mapping[str, bytes] = {
    "header name": asked("/v1/a", f"X-{S}: 1"),
    "cookie": asked("/v1/a", f"Cookie: a={S}"),
    "user info of the target": asked(f"http://me:{S}@api.stripe.com/v1/a"),
    "host": asked("/v1/a", f"X-Forwarded-Host: {S}.example.com"),
    "connection": asked("/v1/a", f"Connection: {S}", f"{S}: 1"),
    "expectation": asked("/v1/a", f"Expect: {S}"),
    "upgrade": asked("/v1/a", f"Upgrade: {S}", "Connection: upgrade"),
    "method": asked("/v1/a", method=S),
    "target that is none": asked(S),
    "target with a control": asked(f"/v1/{S}\x01"),
    "version that is none": f"GET /v1/a HTTP/{S}\r\nHost: x\r\n\r\n".encode(),
    "line without colon": asked("/v1/a", S),
    "length that is none": asked("/v1/a", f"Content-Length: {S}"),
    "head too long": asked("/v1/a", f"X-A: {S * 3000}"),
    "target too long": asked("/v1/" + S * 3000),
    "path, query, fragment": asked(f"/v1/{S}/x?{S}=1&a={S}#{S}"),
    "Basic password": asked("/v1/a", "Authorization: Basic " + "bWU6" + S),
    "Proxy-Authorization": asked("/v1/a", f"Proxy-Authorization: Bearer {S}"),
    "deck by header": asked("/v1/a", f"Fcproxy-Deck: {S}"),
    "deck by path": asked(f"/_fcproxy/d/{S}/v1/a"),
    "deck by key": asked("/v1/a", "Authorization: Bearer " + "sk_" + f"test_fcproxy_{S}"),
    "control path": asked(f"/_fcproxy/{S}"),
    "control body": asked(
        "/_fcproxy/decks", "Content-Type: application/json", method="POST",
        body=json.dumps({"cassette": f"../{S}", "mode": S, S: 1}).encode(),
    ),
    "control body that is none": asked(
        "/_fcproxy/decks", "Content-Type: application/json", method="POST", body=f"{{{S}".encode()
    ),
    "multipart file name": asked("/v1/files", (part := multipart(f'name="file"; filename="{S}.png"'))[0],
                                 method="POST", body=part[1]),
    "multipart file name, extended": asked("/v1/files", (part := multipart(f"name=file; filename*=UTF-8''{S}.png"))[0],
                                           method="POST", body=part[1]),
    "multipart boundary": asked("/v1/files", (part := multipart("name=a", S))[0], method="POST", body=part[1]),
    "chunk extension and trailer": asked("/v1/a", "Transfer-Encoding: chunked", method="POST")
    + f"3;note={S}\r\na=1\r\n0\r\nX-Note: {S}\r\n\r\n".encode(),
    "bad chunk size": asked("/v1/a", "Transfer-Encoding: chunked", method="POST") + f"{S}\r\n".encode(),
    "body cut short": asked("/v1/a", "Content-Length: 400", method="POST") + f"note={S}".encode(),
}  # fmt: skip
"""What a client may send."""


class _Answering(socketserver.BaseRequestHandler):
    answer = b""

    def handle(self) -> None:
        head = b""
        self.request.settimeout(5)
        while CRLF + CRLF not in head:
            piece = self.request.recv(65536)
            if not piece:
                return
            head += piece
        length = int((re.search(rb"(?i)content-length: *([0-9]+)", head) or [b"", b"0"])[1])
        body = head.partition(CRLF + CRLF)[2]
        while len(body) < length:
            body += self.request.recv(65536)
        self.request.sendall(type(self).answer)


@contextmanager
def answering() -> Iterator[tuple[str, type[_Answering]]]:
    """Address of an upstream that closes after each answer, and the class whose ``answer`` it gives."""
    kind = type("_Own", (_Answering,), {})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), kind) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", kind
        server.shutdown()
        thread.join()


def send(url: str, data: bytes) -> bytes:
    """Sends raw octets, gives what comes back."""
    parts = urlsplit(url)
    got = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=0.5) as connection:
        connection.sendall(data)
        with suppress(TimeoutError):  # some wait for more of the request
            while piece := connection.recv(65536):
                got += piece
                connection.settimeout(0.2)
    return got


PAGES = ("", "health", "verdict", "decks")


@pytest.mark.parametrize("shaped", [False, True])
def test_nothing_is_left_of_what_stood_outside_of_bodies(tmp_path: Path, *, shaped: bool) -> None:
    rng = rng_for("odd", str(shaped))
    head = "sk_" + "test_" if shaped else ""
    secrets = {name: letters(rng, 32) for name in (*(f"< {one}" for one in ANSWERS), *(f"> {one}" for one in REQUESTS))}
    with answering() as (upstream, speaker), rig(tmp_path, "--upstream", upstream, "-v") as served:
        for name, secret in secrets.items():
            filled = (head + secret).encode()
            speaker.answer = answer(b'{"object": "plain"}')
            request = asked(f"/v1/answers/{len(name)}")
            if name.startswith("<"):
                speaker.answer = ANSWERS[name[2:]].replace(S.encode(), filled)
                speaker.answer = re.sub(rb"Content-Length: [0-9]+(?=\r\n\r\n)", _length(speaker.answer), speaker.answer)
            else:
                request = REQUESTS[name[2:]].replace(S.encode(), filled)
                request = re.sub(rb"Content-Length: [0-9]+(?=\r\n\r\n)", _length(request), request)
            send(served.url, request)
        if not shaped:
            speaker.answer = answer(json.dumps([{"access_token": secret} for secret in secrets.values()]).encode())
            send(served.url, asked("/v1/taught"))
        pages = [send(served.url, asked(f"/_fcproxy/{page}")).decode("utf-8", "replace") for page in PAGES]
        assert served.stop() in (0, 1), served.errors
        text = "\n".join([left_behind(tmp_path, served), *pages])
    assert "/v1/answers/" in text
    assert {name: piece for name, secret in secrets.items() if (piece := _piece(secret, text))} == {}


def _length(message: bytes) -> bytes:
    """The length of a message's body, as it is with the secret in it."""
    return b"Content-Length: %d" % len(message.partition(CRLF + CRLF)[2])


def _piece(secret: str, text: str) -> str | None:
    pieces = (secret[at : at + 10] for at in range(len(secret) - 9))
    lower = text.lower()
    return next((piece for piece in pieces if piece.lower() in lower), None)
