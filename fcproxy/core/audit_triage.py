"""A quick look at cassettes in the usual layout: which of their interactions need no close look.

Recordings repeat themselves: the same lines, the same header blocks, over and over, with other ids in them. So lines
and blocks are judged once, by the inspection itself, with what varies harmlessly (ids, placeholders' numbers) put aside
and checked on its own; an interaction all of whose parts are known to hold nothing is done. Anything else, and anything
laid out otherwise, is looked at closely. To be wrong here can only cost time: a part is taken for clean where the
inspection, asked about that part in every context that it could stand in, finds nothing. Tested against the inspection.
"""

import re

from fcproxy.core.audit_inspection import Inspection
from fcproxy.core.audit_layers import opens
from fcproxy.core.audit_marks import MARK, mark
from fcproxy.core.audit_rules import normalised
from fcproxy.core.audit_scan import Scanner
from fcproxy.core.audit_tree import Pairs, parse_json
from fcproxy.core.message import Headers, Interaction

__all__ = ["Triage"]

_BLOCK = r"(?: \{\}\n|\n(?: {6}[^\s#][^\n]*\n)+)"
_INTERACTION = re.compile(
    r"- request:\n"
    r"    body: (?P<request>[^\n]*)\n"
    rf"    headers:(?P<asked>{_BLOCK})"
    r"    method: [A-Z]{3,7}\n"
    r"    uri: (?P<url>[^\n]*)\n"
    r"  response:\n"
    r"    body:\n"
    r"      string: (?:\|-?\n(?P<lines>(?: {8}[^\n]*\n)+)|(?P<line>[^\n]*)\n)"
    r"(?:    fcproxy:\n      layout: [a-z]{1,12}\n)?"
    rf"    headers:(?P<answered>{_BLOCK})"
    r"    status:\n"
    r"      code: [0-9]{3}\n"
    r"      message: (?P<reason>[A-Za-z ]{0,40}|'')\n"
)
_JSON_LINE = re.compile(
    r"\s*(?:\"(?P<key>[A-Za-z0-9_.-]{1,40})\": ?)?"
    r"(?:(?P<plain>[{}\[\]]{1,2}|null|true|false|-?[0-9]{1,11}(?:\.[0-9]{1,6})?)|\"(?P<text>[^\"\\]*)\"),?\n?"
)
_HEADER = re.compile(r" {6}([A-Za-z][A-Za-z0-9-]*):\n((?: {6}- [^\n]*\n)+)")
_MARKS = re.compile(rf"{MARK}(~idempotency-key-|~)[0-9]{{1,7}}(?![A-Za-z0-9_~])")
_TAILS = re.compile(r"_(?=[a-z]{0,40}[A-Z0-9])([A-Za-z0-9]{8,40})(?![A-Za-z0-9_~])")
_SOME_TAIL = "_1AbCdEfGhIjKlMnOpQrStUvWxYz0zYxWvUtSrQpOnMlKjIhGfEdCbA1aBcDeFgH"
"""What the tail of every id becomes: long enough for every rule."""

_COMPOSED = frozenset(("value", "year", "month", "day"))
_UNUSUAL = frozenset(("content-encoding", "fcproxy-body"))
"""Headers that say that a body is not what it looks like."""

_KNOWN = 400_000
"""Most lines, words and blocks that are remembered."""


class Triage:
    """Remembers what is clean, over any number of files."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._index = scanner.index
        self._clean_lines: set[str] = set()
        self._clean_texts: set[str] = set()
        self._clean_blocks: set[str] = set()
        self._clean_fields: set[tuple[str, str]] = set()
        self._contexts = self._index.contexts

    def clean(self, interaction: str) -> tuple[int, bool]:
        """(number of bodies, whether an interaction needs no close look), given the `skeleton` of its YAML text.

        Of either layout: many lines that begin with `- request:`, or one line of JSON behind `- `.
        """
        if interaction.startswith("- {"):
            return self._clean_json(interaction[2:])
        found = _INTERACTION.fullmatch(interaction)
        if found is None:
            return 0, False
        lines = found["lines"]
        texts = [_scalar(found[name]) for name in ("request", "url")] + ([] if lines else [_scalar(found["line"])])
        good = (
            None not in texts
            and all(self._text(text or "") for text in texts)
            and self._block(found["asked"])
            and self._block(found["answered"])
            and (not lines or self._lines(lines))
        )
        return bool(texts[0]) + bool(lines or texts[-1]), good

    def harmless(self, interaction: Interaction) -> int | None:
        """The number of bodies of an interaction that needs no close look; None for one that does."""
        request, response = interaction.request, interaction.response
        try:
            body, answer = request.body.decode(), response.body.decode()
        except UnicodeDecodeError:
            return None
        good = (
            all(self._text(self.skeleton(text)) for text in (request.method, request.url, response.reason, body))
            and self._harmless([(name, self.skeleton(value)) for name, value in request.headers])
            and self._harmless([(name, self.skeleton(value)) for name, value in response.headers])
            and not _UNUSUAL.intersection(name.lower() for name, _ in (*request.headers, *response.headers))
            and self._document(self.skeleton(answer))
        )
        return bool(body) + bool(answer) if good else None

    def _clean_json(self, line: str) -> tuple[int, bool]:
        try:
            node = parse_json(line)
        except (ValueError, RecursionError):
            return 0, False
        parts = _parts(node)
        if parts is None:
            return 0, False
        asked, answered = parts["asked"], parts["answered"]
        body, answer = parts["request"], parts["response"]
        good = (
            isinstance(body, str)
            and isinstance(answer, str)
            and all(
                isinstance(parts[name], str) and self._text(str(parts[name])) for name in ("url", "method", "reason")
            )
            and self._text(body)
            and self._fields(asked)
            and self._fields(answered)
            and self._document(answer)
        )
        return bool(body) + bool(answer), good

    def _document(self, text: str) -> bool:
        if text[:1] not in ("{", "["):
            return self._text(text)
        if "\n" not in text:
            # Where this splits inside a text, the pieces are no whole lines and so not clean.
            text = (
                text.replace(',"', ',\n"')
                .replace("{", "{\n")
                .replace("}", "\n}")
                .replace("[", "[\n")
                .replace("]", "\n]")
            )
        return self._lines(text)

    def skeleton(self, text: str) -> str:
        """``text`` with its ids all alike and its placeholders' numbers all 1. Ids that are more than ids stay."""
        if MARK in text:
            text = _MARKS.sub(rf"{MARK}\g<1>1", text)
        pieces = _TAILS.split(text)
        telling = {tail for tail in set(pieces[1::2]) if opens(tail)}
        if telling:
            pieces[1::2] = [f"_{tail}" if tail in telling else _SOME_TAIL for tail in pieces[1::2]]
            return "".join(pieces)
        return _SOME_TAIL.join(pieces[::2])

    def _lines(self, lines: str) -> bool:
        for line in set(lines.split("\n")) - self._clean_lines:
            if line and not self._json_line(line):
                return False
            if len(self._clean_lines) < _KNOWN:
                self._clean_lines.add(line)
        return True

    def _json_line(self, line: str) -> bool:
        found = _JSON_LINE.fullmatch(line)
        if found is None:
            return False
        key, plain, text = found["key"], found["plain"], found["text"]
        if key is not None and not self._key(key, plain, text):
            return False
        return text is None or self._text(text)

    def _key(self, key: str, plain: str | None, text: str | None) -> bool:
        if plain in ("null", "true", "false", "{}", "[]"):
            return self._text(key)
        value = text if text is not None else plain or ""
        if self._index.wants(key) or key in _COMPOSED:
            if plain is not None and not plain[0].isdigit():
                return False
            accepted = all(rule.accept is None or rule.accept(value) for rule in self._index.rules(key))
            if not accepted or key in _COMPOSED or self._index.header(key):
                return False
        elif normalised(key) in self._contexts and (plain in ("{", "[") or normalised(key) in self._index.opaque):
            return plain in ("{", "[") and normalised(key) not in self._index.opaque
        return self._text(key)

    def _text(self, text: str) -> bool:
        """Whether ``text`` holds nothing, wherever it stands."""
        if len(text) < 4 or text in self._clean_texts:
            return True
        if MARK in text and mark(text):
            return True
        if not self._inspected(text):
            return False
        if len(self._clean_texts) < _KNOWN:
            self._clean_texts.add(text)
        return True

    def _inspected(self, text: str) -> bool:
        inspection = Inspection(self._scanner, wary=True)
        inspection.url(text)
        inspection.text(text, "text")
        return not inspection.hits and not inspection.coverage.layers

    def _block(self, block: str) -> bool:
        if block not in self._clean_blocks:
            if not self._headers(block):
                return False
            if len(self._clean_blocks) < _KNOWN:
                self._clean_blocks.add(block)
        return True

    def _headers(self, block: str) -> bool:
        if block == " {}\n":
            return True
        items: list[tuple[str, str]] = []
        end = 1
        for found in _HEADER.finditer(block, 1):
            values = [_scalar(line[8:]) for line in found[2].split("\n")[:-1]]
            if found.start() != end or None in values or found[1].lower() == "fcproxy-body":
                return False
            items += [(found[1], value or "") for value in values]
            end = found.end()
        return end == len(block) and self._harmless(items)

    def _fields(self, node: object) -> bool:
        """`_headers`, for a mapping of lists."""
        items: list[tuple[str, str]] = []
        for name, values in node if isinstance(node, Pairs) else ():
            if not isinstance(name, str) or not isinstance(values, list) or name.lower() == "fcproxy-body":
                return False
            items += [(name, value) for value in values if isinstance(value, str)]
        return isinstance(node, Pairs) and self._harmless(items)

    def _harmless(self, items: list[tuple[str, str]]) -> bool:
        fresh = [item for item in items if item not in self._clean_fields]
        if not fresh:
            return True
        inspection = Inspection(self._scanner)
        inspection.headers(Headers(fresh))
        good = not inspection.hits and not inspection.coverage.layers
        if good and len(self._clean_fields) < _KNOWN:
            self._clean_fields.update(fresh)
        return good


_SHAPE = (
    ("request", (("body", "request"), ("headers", "asked"), ("method", "method"), ("uri", "url"))),
    (
        "response",
        (
            ("body", (("string", "response"),)),
            ("headers", "answered"),
            ("status", (("code", ""), ("message", "reason"))),
        ),
    ),
)


def _parts(node: object) -> dict[str, object] | None:
    """The parts of an interaction that has exactly the usual keys, once each; None for any other."""
    parts: dict[str, object] = {}
    open_nodes: list[tuple[object, object]] = [(node, _SHAPE)]
    while open_nodes:
        value, shape = open_nodes.pop()
        if isinstance(shape, str):
            parts[shape] = "" if value is None else value
        elif (
            isinstance(shape, tuple)
            and isinstance(value, Pairs)
            and [key for key, _ in value] == [key for key, _ in shape]
        ):
            open_nodes += [(inner, wanted) for (_, inner), (_, wanted) in zip(value, shape, strict=True)]
        else:
            return None
    code = parts.get("")
    return parts if isinstance(code, str) and code.isdecimal() and len(code) == 3 else None


def _scalar(text: str) -> str | None:
    """A scalar that ends on its line, "" for null; None where it may mean more than it shows."""
    if text in ("null", "''", '""'):
        return ""
    if text[:1] == "'":
        return text[1:-1] if len(text) > 1 and text[-1] == "'" and "'" not in text[1:-1] else None
    if text[:1] in ('"', "!", "&", "*", "|", ">", "%", "@", "`", "{", "[", "#", "?", ""):
        return None
    return None if " #" in text or ": " in text or text != text.strip() else text
