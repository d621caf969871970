"""A request from curl's arguments, or from an HTTP message in a file: what `fcproxy explain` asks about."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote_plus

from fcproxy.core.errors import UsageError
from fcproxy.core.message import Headers, Request

__all__ = ["from_curl", "from_file"]

_FORM = "application/x-www-form-urlencoded"
_BASE = "https://api.stripe.com"

_IGNORED = frozenset(
    ["-s", "--silent", "-S", "--show-error", "-sS", "-i", "--include", "-v", "--verbose", "-k", "--insecure", "-L",
     "--location", "-f", "--fail", "--fail-with-body", "--compressed", "-N", "--no-buffer", "-#", "--progress-bar"]
)  # fmt: skip
_IGNORED_WITH_VALUE = frozenset(
    ["-o", "--output", "-m", "--max-time", "--connect-timeout", "-w", "--write-out", "--retry", "-x", "--proxy"]
)
_LONG = {
    "-X": "--request", "-d": "--data", "-H": "--header", "-u": "--user", "-G": "--get", "-I": "--head", "-F": "--form",
    "-A": "--user-agent", "--data-ascii": "--data",
}  # fmt: skip


@dataclass
class _Asked:
    method: str = ""
    url: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    as_query: bool = False
    json: bool = False


def from_curl(arguments: Sequence[str]) -> Request:
    """The request that `curl ARGUMENTS` would send. Raises UsageError for what is not understood here."""
    asked = _Asked()
    words = iter(arguments[1:] if arguments[:1] == ["curl"] else arguments)
    for word in words:
        if word in _IGNORED:
            continue
        if word in _IGNORED_WITH_VALUE:
            _value(word, words)
        elif word.startswith("-") and word != "-":
            _option(asked, word, words)
        elif asked.url:
            raise UsageError("explain: more than one URL")
        else:
            asked.url = word
    if not asked.url:
        raise UsageError("explain: no URL among curl's arguments")
    return _request(asked)


def _value(word: str, words: Iterator[str]) -> str:
    value = next(words, None)
    if value is None:
        raise UsageError(f"explain: curl's {word} needs a value")
    return value


def _option(asked: _Asked, word: str, words: Iterator[str]) -> None:
    name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
    if not word.startswith("--") and len(word) > 2 and word[:2] in _LONG:
        # curl takes a short option's value in the same word: -XPOST, -da=b.
        name, equals, value = word[:2], "=", word[2:]
    name = _LONG.get(name, name)
    if name in {"--get", "--head"}:
        asked.as_query = asked.as_query or name == "--get"
        asked.method = "HEAD" if name == "--head" else asked.method
        return
    taken = value if equals else _value(word, words)
    match name:
        case "--request":
            asked.method = taken
        case "--url":
            asked.url = taken
        case "--header":
            header, _, text = taken.partition(":")
            asked.headers.append((header.strip(), text.strip()))
        case "--user":
            user = taken if ":" in taken else taken + ":"
            asked.headers.append(("Authorization", "Basic " + b64encode(user.encode()).decode()))
        case "--user-agent":
            asked.headers.append(("User-Agent", taken))
        case "--data" | "--data-raw" | "--data-binary" | "--data-urlencode" | "--json":
            asked.data.append(_data(name, taken))
            asked.json = asked.json or name == "--json"
        case "--form":
            asked.parts.append(taken)
        case _:
            raise UsageError(f"explain: curl's option {word.partition('=')[0]} is not understood here")


def _data(name: str, text: str) -> str:
    if name == "--data-urlencode":
        key, equals, value = text.partition("=")
        return f"{key}={quote_plus(value)}" if equals and key else quote_plus(value if equals else text)
    if text.startswith("@") and name != "--data-raw":
        content = _file(text[1:]).decode("utf-8", "surrogateescape")
        return content if name == "--data-binary" else content.replace("\r", "").replace("\n", "")
    return text


def _file(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from None


def _request(asked: _Asked) -> Request:
    headers, body, url = Headers(asked.headers), "&".join(asked.data), asked.url
    if asked.as_query and body:
        url, body = f"{url}{'&' if '?' in url else '?'}{body}", ""
    if asked.parts:
        headers = headers.replaced("Content-Type", f"multipart/form-data; boundary={_BOUNDARY}")
        body = _multipart(asked.parts)
    elif body and "Content-Type" not in headers:
        headers = headers.replaced("Content-Type", "application/json" if asked.json else _FORM)
    method = asked.method or ("POST" if body or asked.json else "GET")
    return Request(method, _located(url), headers, body.encode("utf-8", "surrogateescape"))


_BOUNDARY = "explain"


def _multipart(parts: Sequence[str]) -> str:
    out = []
    for part in parts:
        name, _, value = part.partition("=")
        extra = ""
        if value.startswith("@"):
            file = value[1:].partition(";")[0]
            value, extra = _file(file).decode("utf-8", "surrogateescape"), f'; filename="{Path(file).name}"'
        out.append(f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n{value}\r\n')
    return "".join(out) + f"--{_BOUNDARY}--\r\n"


def _located(url: str) -> str:
    """The URL with the API's host: a proxy's address, and a deck's prefix in it, are not compared."""
    scheme, mark, rest = url.partition("://")
    slash = rest.find("/")
    target = (rest[slash:] if slash >= 0 else "/") if mark else "/" + scheme.lstrip("/")
    head, deck, below = target.partition("/_fcproxy/d/")
    if deck and not head:
        target = "/" + below.partition("/")[2]
    return _BASE + target


def from_file(data: bytes, name: str) -> Request:
    """The request in an HTTP message: request line, header lines, blank line, body. Raises UsageError."""
    head, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    lines = head.decode("utf-8", "surrogateescape").split("\n")
    words = lines[0].split()
    if len(words) not in {2, 3} or not words[0].isalpha() or any(":" not in line for line in lines[1:]):
        raise UsageError(
            f"{name}: expects an HTTP request: `POST /v1/customers HTTP/1.1`, headers, a blank line, the body"
        )
    headers = Headers((header.strip(), text.strip()) for header, _, text in (line.partition(":") for line in lines[1:]))
    if body.endswith(b"\n") and "multipart" not in (headers.get("Content-Type") or ""):
        body = body[:-1]  # an editor's last line end
    return Request(words[0].upper(), _located(words[1]), headers, body)
