"""The same recordings in the format of each contestant."""

import base64
import json
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from bench.traffic import ANSWER_HEADERS, FORM_TYPE, HEADERS, PATH, answer, form, target
from fcproxy.codings import DECODERS
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.fake import Fake
from fcproxy.stripe.secrets import default_redactor
from fcproxy.vcr_format import render
from tests.fake.journeys import JOURNEYS
from tests.fake.support import Caller

__all__ = ["interaction", "mitmproxy", "mountebank", "proxay", "talkback", "varied", "vcr_cassette", "wiremock"]


def interaction(method: str, number: int | None) -> Interaction:
    """Interaction ``number``, unredacted."""
    headers = [*HEADERS.items(), ("Idempotency-Key", str(uuid5(NAMESPACE_URL, f"{number}")))]
    body = form(number).encode() if method == "POST" else b""
    if body:
        headers += [("Content-Type", FORM_TYPE), ("Content-Length", str(len(body)))]
    url = f"https://api.stripe.com{PATH if method == 'POST' else target(number)}"
    content = answer(number)
    received = Headers([*ANSWER_HEADERS.items(), ("Content-Length", str(len(content)))])
    return Interaction(Request(method, url, Headers(headers), body), Response(200, received, content, "OK"))


def numbers(count: int) -> Iterator[int | None]:
    """None for the one hot recording, else 0 to ``count``."""
    return iter([None] if count == 1 else range(count))


def vcr_cassette(path: Path, method: str, count: int) -> Path:
    """A cassette for fcproxy and vcrpy, as fcproxy records it.

    One interaction is recorded; the others are its text with other numbers, so that 100,000 are there in a second.
    """
    if not path.exists():
        redactor = default_redactor()
        first = None if count == 1 else 0
        text = render(redactor.settle([redactor.redact(interaction(method, first))])).decode()
        begin, _, end = text.partition("- request:")
        one, _, version = ("- request:" + end).rpartition("version:")
        with path.open("w") as file:
            file.write(begin)
            file.writelines(
                one.replace("fcsess_1Bench000000000000", f"fcsess_1Bench{number:012d}").replace(
                    "order-000000", f"order-{number:06d}"
                )
                for number in range(count)
            )
            file.write("version:" + version)
    return path


_ROUNDS = 10
_ID = re.compile(r"(?<=_)1[A-Za-z0-9]{15,40}")


class _Taped(Caller):
    """A caller that keeps what went to and fro, with an SDK's headers."""

    def __init__(self, seed: int) -> None:
        self.tape: list[Interaction] = []
        told = [(name, value) for name, value in HEADERS.items() if name.lower() != "authorization"]
        tape = self.tape

        class Kept(Fake):
            def handle(self, request: Request) -> Response:
                response = super().handle(request)
                sent = request._replace(headers=Headers([*request.headers, *told]))
                tape.append(Interaction(sent, response))
                return response

        super().__init__(Kept(seed=f"bench {seed}"))


def _turned(places: int, tail: re.Match[str]) -> str:
    """The tail of an id, turned: as long and as random, and another one."""
    return f"1{tail[0][1 + places :]}{tail[0][1 : 1 + places]}"


def varied(path: Path, seed: int) -> Path:
    """A cassette of short stories through every product of the fake, ten times with other ids: 9 MB."""
    tape: list[Interaction] = []
    for journey in JOURNEYS:
        caller = _Taped(seed)
        deque(journey(caller), maxlen=0)
        tape += caller.tape
    redactor = default_redactor(DECODERS)
    text = render(redactor.settle([redactor.redact(one) for one in tape])).decode()
    begin, first, rest = text.partition("- request:")
    stories, _, version = (first + rest).rpartition("version:")
    with path.open("w") as file:
        file.write(begin)
        file.writelines(_ID.sub(partial(_turned, number), stories) for number in range(_ROUNDS))
        file.write("version:" + version)
    return path


def talkback(folder: Path, method: str, count: int) -> Path:
    """A folder of tapes, one file each."""
    folder.mkdir(exist_ok=True)
    for number in numbers(count):
        one = interaction(method, number)
        request: dict[str, object] = {"url": PATH if method == "POST" else target(number), "method": method}
        request["body"] = base64.b64encode(one.request.body).decode()
        request["headers"] = {"stripe-version": HEADERS["Stripe-Version"]} | (
            {"content-type": FORM_TYPE} if one.request.body else {}
        )
        tape = {
            "meta": {"createdAt": "2026-01-01T00:00:00.000Z", "host": "http://127.0.0.1", "resHumanReadable": True},
            "req": request,
            "res": {
                "status": 200,
                "headers": {"content-type": ["application/json"]},
                "body": json.loads(one.response.body),
            },
        }
        (folder / f"tape-{number}.json5").write_text(json.dumps(tape))
    return folder


def wiremock(folder: Path, method: str, count: int) -> Path:
    """A root folder with one file of mappings."""
    mappings = folder / "mappings"
    mappings.mkdir(parents=True, exist_ok=True)
    (folder / "__files").mkdir(exist_ok=True)
    rows = []
    for number in numbers(count):
        one = interaction(method, number)
        request: dict[str, object] = {"method": method, "url": PATH if method == "POST" else target(number)}
        if one.request.body:
            request["bodyPatterns"] = [{"equalTo": one.request.body.decode()}]
        response = {"status": 200, "body": one.response.body.decode(), "headers": {"Content-Type": "application/json"}}
        rows.append({"request": request, "response": response})
    (mappings / "all.json").write_text(json.dumps({"mappings": rows}))
    return folder


def mountebank(path: Path, port: int, method: str, count: int) -> Path:
    """A file of one imposter on ``port``."""
    stubs = []
    for number in numbers(count):
        one = interaction(method, number)
        equal: dict[str, object] = {"method": method, "path": PATH if method == "POST" else target(number)}
        if one.request.body:
            equal["body"] = one.request.body.decode()
        answered = {
            "statusCode": 200,
            "headers": {"Content-Type": "application/json"},
            "body": one.response.body.decode(),
        }
        stubs.append(
            {
                "predicates": [{"deepEquals": {name: value}} for name, value in equal.items()],
                "responses": [{"is": answered}],
            }
        )
    path.write_text(json.dumps({"imposters": [{"port": port, "protocol": "http", "stubs": stubs}]}))
    return path


def proxay(folder: Path, method: str) -> Path:
    """A folder with the default tape, of the one hot recording."""
    folder.mkdir(exist_ok=True)
    one = interaction(method, None)
    sent = "".join(f"        {name.lower()}: {json.dumps(value)}\n" for name, value in one.request.headers)
    tape = (
        "http_interactions:\n"
        "  - request:\n"
        f"      host: https://api.stripe.com\n      method: {method}\n      path: {PATH}\n      headers:\n{sent}"
        f"      body:\n{_proxay_body(one.request.body)}"
        "    response:\n"
        "      status:\n        code: 200\n"
        "      headers:\n        content-type: application/json\n"
        f"      body:\n{_proxay_body(one.response.body)}"
    )
    (folder / "default.yml").write_text(tape)
    return folder


def _proxay_body(body: bytes) -> str:
    return f"        encoding: utf8\n        data: {json.dumps(body.decode())}\n        compression: none\n"


_FLOWS = """
import sys
from mitmproxy import http, io
from mitmproxy.test import tflow
sys.path.insert(0, {root!r})
from bench.traffic import ANSWER_HEADERS, FORM_TYPE, HEADERS, PATH, answer, form, target
method, count = {method!r}, {count}
with open({path!r}, "wb") as sink:
    writer = io.FlowWriter(sink)
    for number in [None] if count == 1 else range(count):
        flow = tflow.tflow(resp=True)
        body = form(number) if method == "POST" else ""
        extra = {{"Content-Type": FORM_TYPE}} if body else {{}}
        where = PATH if method == "POST" else target(number)
        flow.request = http.Request.make(method, "http://127.0.0.1:1" + where, body, {{**HEADERS, **extra}})
        flow.response = http.Response.make(200, answer(number), ANSWER_HEADERS)
        writer.add(flow)
"""


def mitmproxy(path: Path, method: str, count: int, python: Path) -> Path:
    """A file of flows, written by mitmproxy itself."""
    text = _FLOWS.format(root=str(Path(__file__).parents[1]), method=method, count=count, path=str(path))
    subprocess.run([str(python), "-c", text], check=True, stdout=sys.stderr)
    return path
