"""A hostile upstream in a thread of the test, and the one request at a time that makes it speak."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

__all__ = ["Exchange", "Upstream", "ask"]


@dataclass(frozen=True)
class Exchange:
    """What is asked and what is answered."""

    target: str
    method: str = "POST"
    body: str = ""
    key: str = ""
    sent: Mapping[str, str] = field(default_factory=dict)
    answer: str = "{}"
    media: str = "application/json"
    status: int = 200
    said: Mapping[str, str] = field(default_factory=dict)
    step: int = 0
    """Octets of each chunk, both ways; 0: a length, and one piece."""


class Upstream:
    """Answers ``next`` to whatever comes."""

    def __init__(self) -> None:
        self.next = Exchange("/")
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def speak(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))  # a proxy gives a length to chunks
                exchange = upstream.next
                body = exchange.answer.encode()
                self.send_response(exchange.status)
                self.send_header("Content-Type", exchange.media)
                for name, value in exchange.said.items():
                    self.send_header(name, value)
                if not exchange.step:
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                    return
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for at in range(0, len(body), exchange.step):
                    piece = body[at : at + exchange.step]
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                """Says nothing."""

        for method in ("GET", "POST"):
            setattr(Handler, f"do_{method}", Handler.speak)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def ask(url: str, exchange: Exchange) -> bytes:
    """Sends the request to ``url``'s host, gives the answer's body."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        headers = {"Content-Type": "application/json" if exchange.body else "text/plain", **exchange.sent}
        if exchange.key:
            headers["Authorization"] = f"Bearer {exchange.key}"
        body = exchange.body.encode()
        if exchange.step:
            chunks = (body[at : at + exchange.step] for at in range(0, len(body), exchange.step))
            connection.request(exchange.method, exchange.target, chunks, headers, encode_chunked=True)
        else:
            connection.request(exchange.method, exchange.target, body, headers)
        return connection.getresponse().read()
    finally:
        connection.close()
