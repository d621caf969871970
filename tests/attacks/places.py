"""Where a text can stand in an interaction. Each place takes the text and gives an interaction that holds it there."""

import json
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

from fcproxy.core.message import Headers, Interaction, Request, Response

__all__ = ["LINE_PLACES", "PLACES", "Place", "interaction"]

Place = Callable[[str], Interaction]

BASE = "https://api.stripe.com/v1/"


def interaction(
    *,
    method: str = "POST",
    url: str = BASE + "things",
    sent: bytes = b"",
    sent_type: str | None = "application/x-www-form-urlencoded",
    request: tuple[tuple[str, str], ...] = (),
    status: int = 200,
    reason: str = "OK",
    received: bytes = b"{}",
    received_type: str | None = "application/json",
    response: tuple[tuple[str, str], ...] = (),
) -> Interaction:
    """An interaction that is plain but for what is given."""
    ask = [*request, *([("Content-Type", sent_type)] if sent_type else []), ("Content-Length", str(len(sent)))]
    say = [*response, *([("Content-Type", received_type)] if received_type else [])]
    return Interaction(
        Request(method, url, Headers(ask), sent),
        Response(status, Headers([*say, ("Content-Length", str(len(received)))]), received, reason),
    )


def _request_header(name: str) -> Place:
    return lambda text: interaction(request=((name, text),))


def _response_header(name: str, form: str = "{}") -> Place:
    return lambda text: interaction(response=((name, form.format(text)),))


def _answer(media: str | None, form: str = "{}") -> Place:
    return lambda text: interaction(received=form.replace("{}", text).encode(), received_type=media)


def _json(build: Callable[[str], object], *, ascii_only: bool = True) -> Place:
    return lambda text: interaction(received=json.dumps(build(text), indent=2, ensure_ascii=ascii_only).encode())


def _asked(build: Callable[[str], str], media: str = "application/x-www-form-urlencoded") -> Place:
    return lambda text: interaction(sent=build(text).encode(), sent_type=media)


def _multipart(head: str, media: str = "multipart/form-data; boundary=xYz") -> Place:
    def place(text: str) -> Interaction:
        filled = head.replace("{}", text).replace("\n", "\r\n")
        body = f"--xYz\r\n{filled}\r\n--xYz--\r\n"
        return interaction(sent=body.encode(), sent_type=media)

    return place


def _raw_url(form: str) -> Place:
    return lambda text: interaction(url=BASE + form.format(quote(text, safe="%+=:/!$'()*,;-._~")))


LINE_PLACES: Mapping[str, Place] = {
    "request path": _raw_url("things/{}/x"),
    "request path, last": _raw_url("things/{}"),
    "request query value": _raw_url("things?note={}&limit=3"),
    "request query key": _raw_url("things?{}=1"),
    "request query, bare": _raw_url("things?{}"),
    "request fragment": _raw_url("things#{}"),
    "request header, Accept": _request_header("Accept"),
    "request header, Stripe-Version": _request_header("Stripe-Version"),
    "request header, Stripe-Account": _request_header("Stripe-Account"),
    "request header, Idempotency-Key": _request_header("Idempotency-Key"),
    "request header, unknown": _request_header("X-Custom"),
    "request header, cookie": _request_header("Cookie"),
    "request header, User-Agent": _request_header("User-Agent"),
    "request header name": lambda text: interaction(request=((f"X-{text}", "1"),)),
    "request content type": lambda text: interaction(sent=b"a=b", sent_type=f"text/plain; note={text}"),
    "answer header, Request-Id": _response_header("Request-Id"),
    "answer header, Location": _response_header("Location", "https://shop.example.com/x/{}"),
    "answer header, Location, relative": _response_header("Location", "/x?to={}#z"),
    "answer header, Location, fragment": _response_header("Location", "https://shop.example.com/x#{}"),
    "answer header, Link": _response_header("Link", "<https://x.example.com/{}>; rel=next"),
    "answer header, WWW-Authenticate": _response_header("WWW-Authenticate", 'Bearer realm="{}"'),
    "answer header, Content-Disposition": _response_header("Content-Disposition", 'attachment; filename="{}.csv"'),
    "answer header, Stripe-Notice": _response_header("Stripe-Notice", "Mind this: {}"),
    "answer header, Retry-After": _response_header("Retry-After"),
    "answer header, Content-Type": lambda text: interaction(received_type=f"application/json; note={text}"),
    "answer header, Content-Range": _response_header("Content-Range"),
    "answer header, Set-Cookie": _response_header("Set-Cookie", "a={}; Path=/"),
    "answer header, ETag": _response_header("ETag", '"{}"'),
    "answer header, Refresh": _response_header("Refresh", "0; url=/{}"),
    "answer header, Server": _response_header("Server"),
    "answer header, not-stored mark": _response_header("Fcproxy-Body", "not-stored; reason={}; bytes=3"),
    "answer header, length": _response_header("Content-Length"),
    "reason phrase": lambda text: interaction(status=402, reason=f"Sorry {text}"),
    "method": lambda text: interaction(method=text),
    "multipart file name": _multipart('Content-Disposition: form-data; name="file"; filename="{}.png"\n\nx'),
    "multipart field name": _multipart('Content-Disposition: form-data; name="{}"\n\nx'),
    "multipart header": _multipart('Content-Disposition: form-data; name="a"\nX-Note: {}\n\nx'),
    "SSE": _answer("text/event-stream", 'event: x\nid: 1\ndata: {"note": "hello", "z": "{}"}\n\n'),
    "SSE, plain": _answer("text/event-stream", "data: hello\ndata: {}\n\n"),
    "SSE, id": _answer("text/event-stream", "id: {}\ndata: 1\n\n"),
    "SSE, comment": _answer("text/event-stream", ": {}\ndata: 1\n\n"),
}  # fmt: skip
"""Places that hold one line."""

PLACES: Mapping[str, Place] = {
    "form value": _asked(lambda text: f"note={quote_plus(text)}&x=1"),
    "form value, raw": _asked(lambda text: f"note={text}"),
    "form value, brackets": _asked(lambda text: f"metadata[note]={quote_plus(text)}&x=1"),
    "form value, list": _asked(lambda text: f"x[]=1&x[]={quote_plus(text)}"),
    "form key": _asked(lambda text: f"{quote_plus(text)}=1&x=1"),
    "form key, brackets": _asked(lambda text: f"metadata[{quote_plus(text)}]=1"),
    "form value without type": lambda text: interaction(sent=f"note={quote_plus(text)}&x=1".encode(), sent_type=None),
    "form value, type JSON": _asked(lambda text: f"note={quote_plus(text)}&x=1", "application/json"),
    "form value, all of it": _asked(quote_plus),
    "JSON request": _asked(lambda text: json.dumps({"note": text}), "application/json"),
    "JSON request, type form": _asked(lambda text: json.dumps({"note": text})),
    "answer JSON": _json(lambda text: {"object": "thing", "note": text}),
    "answer JSON, nested": _json(lambda text: {"object": "list", "data": [{"object": "thing", "a": {"b": [[text]]}}]}),
    "answer JSON, key": _json(lambda text: {"object": "thing", text: 1}),
    "answer JSON, array": _json(lambda text: [text]),
    "answer JSON, bare": _json(lambda text: text),
    "answer JSON, error": _json(lambda text: {"error": {"message": f"No such: {text}", "type": "x"}}),
    "answer JSON, in JSON": _json(lambda text: {"payload_text": json.dumps({"note": text})}),
    "answer JSON, duplicate keys": lambda text: interaction(
        received=b'{"note": "x", "note": %b, "note": "y"}' % json.dumps(text).encode()
    ),
    "answer JSON, slashes escaped": lambda text: interaction(
        received=json.dumps({"note": text}).replace("/", "\\/").encode()
    ),
    "answer JSON, all escaped": lambda text: interaction(
        received=b'{"note": "%b"}' % "".join(f"\\u{ord(char):04x}" for char in text).encode()
    ),
    "answer JSON, mark": lambda text: interaction(received=b"\xef\xbb\xbf" + json.dumps({"note": text}).encode()),
    "answer JSON, type text": lambda text: interaction(
        received=json.dumps({"note": text}).encode(), received_type="text/plain"
    ),
    "answer JSON, type HTML": lambda text: interaction(
        received=json.dumps({"note": text}).encode(), received_type="text/html"
    ),
    "answer JSON, no type": lambda text: interaction(received=json.dumps({"note": text}).encode(), received_type=None),
    "answer JSON, type image": lambda text: interaction(
        received=json.dumps({"note": text}).encode(), received_type="image/png"
    ),
    "answer JSON, type multipart": lambda text: interaction(
        received=json.dumps({"note": text}).encode(), received_type="multipart/form-data; boundary=zz"
    ),
    "answer JSON, cut short": lambda text: interaction(received=json.dumps({"note": text, "more": 1}).encode()[:-4]),
    "answer JSON, trailing comma": lambda text: interaction(received=b'{"note": %b,}' % json.dumps(text).encode()),
    "answer JSON, comment": lambda text: interaction(
        received=b'{"a": 1} // %b' % text.encode(), received_type="application/json"
    ),
    "answer JSON, guarded": lambda text: interaction(received=b")]}',\n" + json.dumps({"note": text}).encode()),
    "answer JSONP": lambda text: interaction(
        received=b"callback(%b);" % json.dumps({"note": text}).encode(), received_type="application/javascript"
    ),
    "answer NDJSON": lambda text: interaction(
        received=json.dumps({"a": 1}).encode() + b"\n" + json.dumps({"note": text}).encode() + b"\n",
        received_type="application/x-ndjson",
    ),
    "answer text": _answer("text/plain"),
    "answer text, no type": _answer(None),
    "answer text, middle": _answer("text/plain", "Line one\nWe saw {} here\nLine three\n"),
    "answer HTML": _answer("text/html", "<html><body><p>Sorry, {}!</p></body></html>"),
    "answer HTML, attribute": _answer("text/html", "<html><body data-note=\"{}\"></body></html>"),
    "answer HTML, script": _answer("text/html", "<script>window.note = '{}';</script>"),
    "answer XML": _answer("application/xml", "<?xml version='1.0'?><a><note>{}</note></a>"),
    "answer CSV": _answer("text/csv", "id,note\n1,{}\n2,x\n"),
    "answer, Latin-1 beside": lambda text: interaction(
        received=b"caf\xe9 " + text.encode(), received_type="text/plain"
    ),
    "answer JSON, Latin-1 beside": lambda text: interaction(
        received=b'{"x": "caf\xe9", "note": ' + json.dumps(text).encode() + b"}"
    ),
    "multipart text": _multipart('Content-Disposition: form-data; name="note"\n\n{}'),
    "multipart JSON": lambda text: _multipart(
        'Content-Disposition: form-data; name="note"\nContent-Type: application/json\n\n' + json.dumps({"z": text})
    )(""),
    "multipart file, text": _multipart('Content-Disposition: form-data; name="file"; filename="a.csv"\n\n1,{}'),
    "multipart, broken": lambda text: interaction(
        sent=f"--xYz\r\nContent-Disposition: form-data\r\n\r\n{text}".encode(),
        sent_type="multipart/form-data; boundary=xYz",
    ),
    "multipart, preamble": lambda text: interaction(
        sent=f"{text}\r\n--xYz\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--xYz--\r\n".encode(),
        sent_type="multipart/form-data; boundary=xYz",
    ),
    "multipart, epilogue": lambda text: interaction(
        sent=f"--xYz\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--xYz--\r\n{text}".encode(),
        sent_type="multipart/form-data; boundary=xYz",
    ),
    "multipart, no boundary": lambda text: interaction(
        sent=f"--xYz\r\nContent-Disposition: form-data; name=a\r\n\r\n{text}\r\n--xYz--\r\n".encode(),
        sent_type="multipart/form-data",
    ),
    "multipart, nested": _multipart(
        'Content-Disposition: form-data; name="a"\nContent-Type: multipart/mixed; boundary=in\n\n'
        '--in\nContent-Type: text/plain\n\n{}\n--in--'
    ),
}  # fmt: skip
"""Places that hold any text."""
