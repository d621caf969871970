"""A quick look at cassettes in the usual layout: which of their interactions need no close look.

Recordings repeat themselves: the same lines, pairs and header blocks, over and over, with other ids in them. So these
are judged once, by the inspection itself, with what varies harmlessly (ids, numbers of placeholders) put aside and
checked on its own; an interaction all of whose parts are known to hold nothing is done. Anything else, and anything
laid out otherwise, is looked at closely. To be wrong here can only cost time: a part is taken for clean where the
inspection, asked about it in the context that it stands in, or in every one that it could stand in, finds nothing.
Tested against the inspection.
"""

import re
from hashlib import blake2b
from typing import NamedTuple

from fcproxy.core.audit_inspection import Inspection
from fcproxy.core.audit_layers import opens
from fcproxy.core.audit_marks import MARK, mark
from fcproxy.core.audit_rules import normalised
from fcproxy.core.audit_scan import Scanner
from fcproxy.core.audit_tree import CALLING, Context, Pairs, parse_json
from fcproxy.core.message import Headers, Interaction

__all__ = ["Glance", "Triage"]

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
    r"[ \t]*(?:\"(?P<key>[A-Za-z0-9_.-]{1,40})\": ?)?"
    r"(?:(?P<plain>[{}\[\]]{1,2}|null|true|false|-?(?:0|[1-9][0-9]{0,10})(?:\.[0-9]{1,6})?)"
    r"|\"(?P<text>[^\"\\\x00-\x1f]*)\")(?P<comma>,?)\n?"
)
"""Nothing in it but structure can make a text no JSON."""

_HEADER = re.compile(r" {6}([A-Za-z][A-Za-z0-9-]*):\n((?: {6}- [^\n]*\n)+)")
_MARKS = re.compile(rf"{MARK}(~idempotency-key-|~)[0-9]{{1,7}}(?![A-Za-z0-9_~])")
_TAILS = re.compile(r"_(?=[a-z]{0,40}[A-Z0-9])([A-Za-z0-9]{8,40})(?![A-Za-z0-9_~])")
_SOME_TAIL = "_1AbCdEfGhI2KlMnOpQrS3UvWxYz0zYxWvU3SrQpOnMlK2IhGfEdCbA1aBcDeFgH"
"""What the tail of every id becomes: long enough for every rule, and with digits enough for a phone's."""

_PLAIN_FORM = re.compile(r"(?:[A-Za-z0-9_.~*@$!,;()\[\]=&+-]|%(?:20|2[BCDEF]|3A|40|5[BD]|7C))+")
"""A form in which nothing reads otherwise for what stands beside its pair."""

_COMPOSED_PART = re.compile(r"(?i)(?<![A-Za-z_])(?:day|month|year|value)(?:\]|%5D)?=")
_NUMBERED = re.compile(r"([a-z]{2,8}[-_])[0-9]{1,6}")
"""Numbered by a user: too short for every rule that counts digits or measures entropy, whatever the digits."""

_ANYWHERE, _BY_NAME, _NOWHERE = 2, 1, 0
"""Where a line holds nothing: in every context; as a text, so that only its name can tell; not known to."""

_COMPOSED = frozenset(("value", "values", "year", "month", "day"))
"""Names, in lower case, of what is read together with what stands beside it."""

_MEANING = CALLING | {"object"}
"""Names, in lower case, of what tells about other values beside it or below."""

_UNUSUAL = frozenset(("content-encoding", "fcproxy-body"))
"""Headers that say that a body is not what it looks like."""

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
"""A text that holds one may be read in another character set."""

_KNOWN = 400_000
"""Most lines, words and blocks that are remembered."""

_WHOLE = 10_000
_LONGEST = 4096
"""Most forms that are remembered as a whole, of those below one context, and the longest of them, in characters."""


class Glance(NamedTuple):
    """What a quick look tells: the bodies, whether no close look is needed, and then which encodings it opened."""

    bodies: int
    clean: bool
    layers: frozenset[str] = frozenset()


_LOOK_CLOSELY = Glance(0, False)
_NO_LAYERS: frozenset[str] = frozenset()


class Triage:
    """Remembers what is clean, over any number of files."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._index = scanner.index
        self._clean_lines: dict[str, str] = {}
        """Each with what stands for it in an outline."""
        self._plain_lines: set[str] = set()
        self._pairs: dict[Context, dict[str, frozenset[str]]] = {}
        self._whole_forms: dict[Context, dict[str, frozenset[str]]] = {}
        self._urls: dict[str, tuple[Context, frozenset[str]]] = {}
        self._clean_texts: set[str] = set()
        self._clean_outlines: dict[Context, set[bytes]] = {}
        self._clean_blocks: set[str] = set()
        self._clean_fields: set[tuple[str, str]] = set()

    def clean(self, interaction: str) -> Glance:
        """A glance at an interaction, given the `skeleton` of its YAML text.

        Of either layout: many lines that begin with `- request:`, or one line of JSON behind `- `.
        """
        if interaction.startswith("- {"):
            return self._clean_json(interaction[2:])
        found = _INTERACTION.fullmatch(interaction)
        if found is None:
            return _LOOK_CLOSELY
        sent, url, answer = _scalar(found["request"]), _scalar(found["url"]), found["lines"]
        if answer is None:
            answer = _scalar(found["line"])
        if sent is None or url is None or answer is None:
            return _LOOK_CLOSELY
        if not (self._block(found["asked"]) and self._block(found["answered"])):
            return _LOOK_CLOSELY
        return self._messages(url, sent, answer)

    def harmless(self, interaction: Interaction) -> Glance:
        """A glance at an interaction that was read in another way."""
        request, response = interaction.request, interaction.response
        try:
            body, answer = request.body.decode(), response.body.decode()
        except UnicodeDecodeError:
            return _LOOK_CLOSELY
        good = (
            all(self._text(self.skeleton(text)) for text in (request.method, response.reason))
            and self._harmless([(name, self.skeleton(value)) for name, value in request.headers])
            and self._harmless([(name, self.skeleton(value)) for name, value in response.headers])
            and not _UNUSUAL.intersection(name.lower() for name, _ in (*request.headers, *response.headers))
        )
        if not good:
            return _LOOK_CLOSELY
        return self._messages(self.skeleton(request.url), self.skeleton(body), self.skeleton(answer))

    def _clean_json(self, line: str) -> Glance:
        if "\n" in line[:-1]:
            return _LOOK_CLOSELY  # JSON, but no YAML
        try:
            node = parse_json(line)
        except (ValueError, RecursionError):
            return _LOOK_CLOSELY
        parts = _parts(node)
        if parts is None:
            return _LOOK_CLOSELY
        texts = [
            part for name in ("url", "request", "response", "method", "reason") if isinstance(part := parts[name], str)
        ]
        if len(texts) < 5 or not all(self._text(text) for text in texts[3:]):
            return _LOOK_CLOSELY
        if not (self._fields(parts["asked"]) and self._fields(parts["answered"])):
            return _LOOK_CLOSELY
        return self._messages(*texts[:3])

    def _messages(self, url: str, sent: str, answer: str) -> Glance:
        known = self._urls.get(url) or self._address(url)
        if known is None:
            return _LOOK_CLOSELY
        root, layers = known
        opened = self._sent(sent, root)
        if opened is None or not self._document(answer, root):
            return _LOOK_CLOSELY
        return Glance(bool(sent) + bool(answer), True, layers | opened if layers else opened)

    def _sent(self, text: str, root: Context) -> frozenset[str] | None:
        """The encodings opened in a request's body that holds nothing; None for any other."""
        if _PLAIN_FORM.fullmatch(text) and not _COMPOSED_PART.search(text):
            return self._form(text, root)
        if "=" in text and "\n" not in text and text[0] not in "{[<-":
            return self._whole_form(text, root)
        return _NO_LAYERS if self._document(text, root) else None

    def _whole_form(self, text: str, root: Context) -> frozenset[str] | None:
        """As `_sent`, of a form whose pairs tell something of each other."""
        known = self._whole_forms.setdefault(root, {})
        layers = known.get(text)
        if layers is None:
            inspection = Inspection(self._scanner)
            inspection.form(text, root)
            if inspection.hits or _CONTROL.search(text):
                return None
            layers = frozenset(inspection.coverage.layers)
            if len(known) < _WHOLE and len(text) <= _LONGEST:
                known[text] = layers
        return layers

    def _address(self, url: str) -> tuple[Context, frozenset[str]] | None:
        """The context of the bodies below ``url`` and the encodings opened in it; None where it is not clean."""
        inspection = Inspection(self._scanner)
        root = inspection.address(url)
        if inspection.hits:
            return None
        found = root, frozenset(inspection.coverage.layers)
        if len(self._urls) < _KNOWN:
            self._urls[url] = found
        return found

    def _form(self, text: str, root: Context) -> frozenset[str] | None:
        known = self._pairs.setdefault(root, {})
        opened = _NO_LAYERS
        for pair in text.split("&"):
            layers = known.get(pair)
            if layers is None:
                layers = self._pair(pair, root, known)
                if layers is None:
                    return None
            if layers:
                opened |= layers
        return opened

    def _pair(self, pair: str, root: Context, known: dict[str, frozenset[str]]) -> frozenset[str] | None:
        key, sign, value = pair.partition("=")
        if not key or not sign:
            return None
        found = _NUMBERED.fullmatch(value)
        if found and not self._index.wants(key.rpartition("[")[2].rstrip("]")):
            pair = f"{key}={found[1]}1"
            if pair in known:
                return known[pair]
        inspection = Inspection(self._scanner)
        # Three characters more than it has: what is shorter than four is never looked at, and a form is longer.
        inspection.form(f"{pair}&_=", root)
        if inspection.hits:
            return None
        layers = frozenset(inspection.coverage.layers)
        if len(known) < _KNOWN:
            known[pair] = layers
        return layers

    def _document(self, text: str, root: Context) -> bool:
        if text.lstrip()[:1] not in ("{", "["):
            return self._text(text)
        lines = text
        if "\n" not in text:
            # Where this splits inside a text, the pieces are no whole lines and so not clean.
            lines = (
                text.replace(',"', ',\n"')
                .replace("{", "{\n")
                .replace("}", "\n}")
                .replace("[", "[\n")
                .replace("]", "\n]")
            )
        split = lines.split("\n")
        where = self._lines(split)
        return where == _ANYWHERE or (where == _BY_NAME and self._names(text, split, root))

    def _names(self, text: str, lines: list[str], root: Context) -> bool:
        """Whether no value of a JSON text tells by its name and place.

        Values that hold nothing below any name are no part of its outline: of those that differ in these alone one is
        looked at.
        """
        known = self._clean_outlines.setdefault(root, set())
        outline = "\n".join(map(self._clean_lines.get, lines, lines))
        digest = blake2b(outline.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest in known:
            return True
        try:
            tree = parse_json(text)
        except (ValueError, RecursionError):
            return False
        inspection = Inspection(self._scanner)
        inspection.names(tree, root)
        good = not inspection.hits and not inspection.coverage.layers
        if good and len(known) < _KNOWN:
            known.add(digest)
        return good

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

    def _lines(self, lines: list[str]) -> int:
        where = _ANYWHERE
        for line in set(lines).difference(self._clean_lines):
            if not line:
                continue
            if line not in self._plain_lines:
                found = self._json_line(line)
                if found == _NOWHERE:
                    return _NOWHERE
                if found == _ANYWHERE:
                    continue
                if len(self._plain_lines) < _KNOWN:
                    self._plain_lines.add(line)
            where = _BY_NAME
        return where

    def _json_line(self, line: str) -> int:
        found = _JSON_LINE.fullmatch(line)
        if found is None:
            return _NOWHERE
        key, plain, text, comma = found["key"], found["plain"], found["text"], found["comma"]
        if (key is not None and not self._text(key)) or (text is not None and not self._text(text)):
            return _NOWHERE
        if key is None:
            if plain is not None and plain.isdigit() and len(plain) < 4:
                return _NOWHERE  # one octet of a text, perhaps
            anywhere = text is None or not self._index.calls(text)
        else:
            if text is not None and self._scanner.shapes(line):
                return _NOWHERE  # a name that is no rule's may say in words what its value is
            anywhere = self._nameless(key, plain, text)
        if not anywhere:
            return _BY_NAME
        if len(self._clean_lines) < _KNOWN:
            self._clean_lines[line] = line if self._tells(key, plain, text) else f":{comma}"
        return _ANYWHERE

    def _tells(self, key: str | None, plain: str | None, text: str | None) -> bool:
        """Whether a clean line is structure, tells about others, or may hold something below some name."""
        if key is None or (plain is not None and plain[0] in "{}[]"):
            return True  # an array's elements are called as the array is
        return key.lower() in _MEANING or any(
            next(self._scanner.unknown_tokens(word), None) for word in (key, text) if word
        )

    def _nameless(self, key: str, plain: str | None, text: str | None) -> bool:
        """Whether a value means nothing by its name, wherever it stands."""
        if plain in ("null", "true", "false", "{}", "[]"):
            return True
        value = text if text is not None else plain or ""
        if key.lower() in _COMPOSED:
            return False
        if self._index.wants(key):
            if self._index.header(key) or (plain is not None and not plain[0].isdigit()):
                return False
            return all(rule.accept is None or rule.accept(value) for rule in self._index.rules(key))
        return normalised(key) not in self._index.opaque

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
        if _CONTROL.search(text) or ("--" in text and "\n" in text):  # the parts of a multipart body, perhaps
            return False
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
            if found.start() != end or None in values or found[1].lower() in _UNUSUAL:
                return False
            items += [(found[1], value or "") for value in values]
            end = found.end()
        return end == len(block) and self._harmless(items)

    def _fields(self, node: object) -> bool:
        """`_headers`, for a mapping of lists."""
        items: list[tuple[str, str]] = []
        for name, values in node if isinstance(node, Pairs) else ():
            if not isinstance(name, str) or not isinstance(values, list) or name.lower() in _UNUSUAL:
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


_NO_SCALAR = frozenset(("", *'"!&*|>%@`{}[]#?,'))
"""First characters of what YAML reads otherwise, or not at all."""


def _scalar(text: str) -> str | None:
    """A scalar that ends on its line, "" for null; None where it may mean more than it shows."""
    if text in ("null", "''", '""'):
        return ""
    if text[:1] == "'":
        return text[1:-1] if len(text) > 1 and text[-1] == "'" and "'" not in text[1:-1] else None
    if text[:1] in _NO_SCALAR or text[:2] == "- ":
        return None
    return None if " #" in text or ": " in text or text[-1] == ":" or text != text.strip() else text
