"""The redactor: the only way from an interaction to one that may be stored, shown or compared."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, NewType

from fcproxy.core import content, marker, multipart
from fcproxy.core.body import BodyKind, Opened, open_body
from fcproxy.core.content import Decoder, Unopenable
from fcproxy.core.credential import AUTHORIZATION, BEARING, borne, redact_authorization
from fcproxy.core.expression import expression
from fcproxy.core.ledger import Ledger
from fcproxy.core.marker import Marker
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redact_structure import StructureRedactor
from fcproxy.core.redact_text import TextRedactor
from fcproxy.core.redact_url import words_of
from fcproxy.core.rules import HeaderRule, RuleBook
from fcproxy.core.scope import Base, route_words
from fcproxy.core.standins import BOUNDARY, MARK, file_standin, is_standin, standin

if TYPE_CHECKING:
    from fcproxy.core.settling import Settling

__all__ = ["FORM_TYPE", "RedactedInteraction", "Redactor"]


class _HeaderPlan(NamedTuple):
    """Of headers with certain names: (index, rule) of the fields that may be kept, and their names in lower case; and
    the indexes of those that are not, but hold credentials."""

    fields: tuple[tuple[int, HeaderRule], ...]
    names: tuple[str, ...]
    bearing: tuple[int, ...]


_PLANS = 512
_LONG_NAMES = 2048
"""For how many headers a plan is kept, and how many characters their names have at most, in all."""

RedactedInteraction = NewType("RedactedInteraction", Interaction)
"""An interaction that a `Redactor` made. The store takes nothing else; nothing else makes one."""


class Redactor:
    """Redacts with one rule book, for one cassette: the same secret gets the same placeholder throughout.

    Values it gives back hold markers (`core.marker`) until `settle` numbers them in the cassette's order.
    ``comparing``: see `Ledger`.
    """

    def __init__(
        self,
        book: RuleBook,
        decoders: Mapping[str, Decoder] = content.STANDARD_DECODERS,
        *,
        comparing: bool = False,
    ) -> None:
        self.book = book
        self.ledger = Ledger(comparing=comparing, everyday=book.everyday)
        self.not_stored = 0
        """How many bodies became stand-ins because they could not be opened."""
        self.stale = False
        """Whether something learned may stand in what was redacted before. Whoever keeps that resets it."""
        self._decoders = decoders
        self._plans: dict[tuple[str, tuple[str, ...]], _HeaderPlan] = {}
        self._asked_for = book.contexts
        self._bases: dict[str, tuple[Base, Base]] = {}
        """What URLs say of the bodies of requests, and of answers."""
        self._credential: tuple[str, str, int] | None = None
        self._text = TextRedactor(book, self.ledger)
        self._structure = StructureRedactor(book, self.ledger, self._text)

    def comparing(self) -> "Redactor":
        """A redactor of the same rules, for comparing, with a ledger of its own."""
        return Redactor(self.book, self._decoders, comparing=True)

    # -- whole messages ----------------------------------------------------------------------------------------

    def redact(self, interaction: Interaction) -> RedactedInteraction:
        """``interaction`` without its secrets, bodies decoded. Never raises for any content."""
        learned, kept = self.ledger.learned, self.ledger.kept
        known = len(learned.latest)
        done = Interaction(
            self.request(interaction.request), self._response(interaction.response, interaction.request.url)
        )
        if self._holds_learned(done):
            done = self._swept(done, self._text.redact_values)
        if self._text.met_earlier or (len(learned.latest) > known and kept.recent(learned.latest[known:])):
            # What was learned last may stand in what was read first.
            done = self._swept(done, self._text.redact_learned)
            self.stale = self.stale or self._text.met_earlier
            self._text.met_earlier = False
        kept.settle()
        return RedactedInteraction(done)

    def request(self, request: Request) -> Request:
        """The request alone."""
        url = marker.escape(request.url)
        base = self.base(url)
        headers, body = self._message("request", request.headers, request.body, base)
        method = request.method if _METHOD.fullmatch(request.method) else self.marked(request.method)
        return Request(method, self.url(url, base), headers, body)

    def base(self, url: str) -> Base:
        """What a request's URL says of its body. Words that no rule asks for, as ids are, would make of each a new
        outline."""
        return (self._bases.get(url) or self._based(url))[0]

    def _based(self, url: str) -> tuple[Base, Base]:
        bases = Base(words_of(url) & self._asked_for), Base(route=route_words(url) & self._asked_for)
        if len(url) <= _LONG_URL:
            if len(self._bases) >= _BASES:
                self._bases.clear()
            self._bases[url] = bases
        return bases

    def url(self, url: str, base: Base) -> str:
        """A request's URL, with markers; the very object where nothing is to be redacted. ``base``: see `base`."""
        clean = self._text.clean_urls
        if url in clean:
            return url
        done = self._structure.url(url, secret=False, base=base)
        if done != url:
            return done
        if len(url) <= _LONG_URL:
            if len(clean) >= _CLEAN_URLS:
                clean.clear()
            clean.add(url)
        return url

    def _response(self, response: Response, asked: str) -> Response:
        base = (self._bases.get(asked) or self._based(asked))[1]
        headers, body = self._message("response", response.headers, response.body, base)
        return Response(response.status, headers, body, self.marked(response.reason))

    def _message(self, side: str, headers: Headers, body: bytes, base: Base) -> tuple[Headers, bytes]:
        kept = self.headers(side, headers)
        if is_standin(headers):
            return kept, b""
        data = self.familiar(headers, body, base)
        if data is None:
            self._text.limit(len(body))
            try:
                opened = open_body(headers, body, self._decoders)
                data, changed = self._body(opened, headers, base)
            except Unopenable as reason:
                self.not_stored += 1
                return standin(kept, reason.reason, len(body)), b""
            finally:
                self._text.limit(math.inf)
            if changed:
                kept = _relabelled(kept, changed)
        return _with_length(kept, data, empty_before=not body), data

    def familiar(self, headers: Headers, body: bytes, base: Base) -> bytes | None:
        """The redacted body where it surely is what its label says, in an outline that has been seen; else None."""
        read = _READERS.get(headers.get("Content-Type") or "")
        if read is None or not body.isascii() or "content-encoding" in headers.names:
            return None
        if read == "json":
            if not body.startswith(_JSON):
                return None
            look = self._structure.familiar_json
        else:
            if not body or body.startswith(_NO_FORM) or len(body.translate(None, _BLANKS_AND_CONTROLS)) != len(body):
                return None
            look = self._structure.familiar_form
        text = body.decode("ascii")
        self._text.limit(len(body))
        try:
            done = look(text, base)
        except Unopenable:
            return None
        finally:
            self._text.limit(math.inf)
        return body if done is text else None if done is None else _bytes(done)

    def _holds_learned(self, interaction: Interaction) -> bool:
        """Whether anything that was learned stands in it, as it is written."""
        learned = self.ledger.learned
        if not len(learned):
            return False
        request, response = interaction
        clean = self._text.clean
        texts = [
            text for field in (*request.headers.fields, *response.headers.fields) if (text := field[1]) not in clean
        ]
        texts += [body.decode("utf-8", "surrogateescape") for body in (request.body, response.body)]
        return learned.holds("\n".join((request.method, request.url, response.reason, *texts)))

    def _swept(self, interaction: Interaction, look: Callable[[str], str]) -> Interaction:
        """``interaction`` with ``look`` applied to every text of it that is no marker."""
        request, response = interaction.request, interaction.response
        sent, received = _changed(request.body, look), _changed(response.body, look)
        return Interaction(
            Request(
                marker.outside(request.method, look),
                marker.outside(request.url, look),
                _swept_headers(request.headers, look, request.body, sent),
                sent,
            ),
            Response(
                response.status,
                _swept_headers(response.headers, look, response.body, received),
                received,
                marker.outside(response.reason, look),
            ),
        )

    def resweep(self, interaction: RedactedInteraction) -> RedactedInteraction:
        """The interaction again, with what has been learned since it was redacted."""
        if not len(self.ledger.learned):
            return interaction
        return RedactedInteraction(self._swept(interaction, self._text.redact_learned))

    # -- parts -------------------------------------------------------------------------------------------------

    def marked(self, text: str) -> str:
        """Any text, with markers."""
        return marker.outside(marker.escape(text), self._text.redact)

    def text(self, text: str) -> str:
        """Any text that is to be shown: log lines, error messages, verdicts. Placeholders carry provisional numbers."""
        counted, self.ledger.hits = self.ledger.hits, Counter()
        try:
            return self.draw(self.marked(text))
        finally:
            # What is only shown is no part of the recording: its provenance must not depend on the log's settings.
            self.ledger.hits = counted

    def draw(self, text: str) -> str:
        """``text`` with its markers drawn, by provisional numbers."""
        return marker.unescape(marker.substitute(text, self._draw))

    def _draw(self, mark: Marker) -> str:
        return mark.encode(self.book.kinds[mark.kind].draw(mark.number, mark.hint))

    def headers(self, side: str, headers: Headers) -> Headers:
        """The headers that are kept, with markers. ``side``: "request" or "response"."""
        plan = self._plans.get((side, headers.names)) or self._plan(side, headers.names)
        kept: list[tuple[str, str]] = []
        dropped: list[int] = []
        clean, fields = self._text.clean, headers.fields
        for at in plan.bearing:
            for credential in borne(headers.names[at], fields[at][1]):
                self.ledger.learned.add(credential, "secret")
        for number, (at, rule) in enumerate(plan.fields):
            field = fields[at]
            name, value = field
            if rule.how == "text" and value in clean:
                kept.append(field)
            elif (text := self._header(rule, marker.escape(value))) is not None:
                kept.append(field if text is value else (name, text))
            else:
                dropped.append(number)
        names: Iterable[str] = plan.names
        if dropped:
            names = [name for number, name in enumerate(names) if number not in dropped]
        return Headers.named(kept, names)

    def _plan(self, side: str, names: tuple[str, ...]) -> _HeaderPlan:
        """Which fields are kept of headers of these names, and by which rules: clients send the same ones each time."""
        rules = [(at, self.book.header(side, name)) for at, name in enumerate(names)]
        fields = tuple([(at, rule) for at, rule in rules if rule is not None])
        bearing = tuple([at for at, rule in rules if rule is None and names[at] in BEARING])
        plan = _HeaderPlan(fields, tuple([names[at] for at, _ in fields]), bearing)
        if sum(map(len, names)) <= _LONG_NAMES:
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            self._plans[side, names] = plan
        return plan

    def _header(self, rule: HeaderRule, value: str) -> str | None:
        """The value as it is kept, None where it is not."""
        how = rule.how
        if how in _STRICT:
            plain = how == "number" and value.isascii() and value.isdecimal() and len(value) <= _DIGITS
            return value if plain or _STRICT[how].fullmatch(value.strip()) is not None else None
        if how == "whole":
            return self.ledger.marker(self.book.kinds[rule.kind], value, rule.id) if value else value
        if how == "credential":
            return self._authorization(value)
        return None if how == "drop" else self._header_text(how, value)

    def _header_text(self, how: str, value: str) -> str:
        if how == "url":
            return self._structure.url(value, secret="://" in value, base=_LOCATION)
        if how == "challenge":
            return self._structure.challenge(value)
        if how == "disposition":
            return self._disposition(value)
        return marker.outside(value, self._text.redact)

    def _authorization(self, value: str) -> str:
        """A client says the same one each time: the last is known, and how often it counts."""
        ledger, hits = self.ledger, self.ledger.hits
        if ledger.comparing:
            return redact_authorization(value, self.book.kinds["secret"], ledger)
        known = self._credential
        if known is None or known[0] != value:
            before = hits[AUTHORIZATION]
            done = redact_authorization(value, self.book.kinds["secret"], ledger)
            self._credential = (value, done, hits[AUTHORIZATION] - before)
            return done
        hits[AUTHORIZATION] += known[2]
        return known[1]

    def _body(self, opened: Opened, headers: Headers, base: Base) -> tuple[bytes, str]:
        """The redacted body, and the Content-Type parameter that changed with it ("" where none did)."""
        if opened.kind is BodyKind.EMPTY:
            return b"", ""
        if opened.kind is BodyKind.BINARY:
            raise Unopenable("binary")
        if opened.kind is BodyKind.MULTIPART:
            return self._multipart(opened.data, headers, base), f"boundary={BOUNDARY}"
        text = marker.escape(opened.text)
        if opened.document is not None and text is opened.text:
            done = self._structure.json(text, base, document=opened.document)
        else:
            done = self._by_kind(opened.kind, text, base)
        if _untouched(opened, done):
            return opened.data, ""
        charset = "" if opened.charset in ("utf-8", "utf8", "ascii", "us-ascii") else "charset=utf-8"
        return _bytes(done.removeprefix("\ufeff") if charset else done), charset

    def _by_kind(self, kind: BodyKind, text: str, base: Base) -> str:
        readers: dict[BodyKind, Callable[[str, Base], str]] = {
            BodyKind.JSON: self._structure.json,
            BodyKind.FORM: self._structure.form,
            BodyKind.LINES: self._structure.lines,
            BodyKind.TEXT: self._structure.table,
        }
        reader = readers.get(kind)
        return reader(text, base) if reader is not None else marker.outside(text, self._text.redact)

    def _multipart(self, data: bytes, headers: Headers, base: Base) -> bytes:
        boundary = multipart.boundary_of(headers.get("Content-Type") or "") or ""
        try:
            parts = multipart.parse(data, boundary)
        except ValueError:
            raise Unopenable("multipart") from None
        return multipart.build([self._part(part, base) for part in parts], BOUNDARY)

    def _part(self, part: multipart.Part, base: Base) -> multipart.Part:
        names = multipart.disposition(part)
        headers = Headers(
            (name, self._part_header(name, marker.escape(value)))
            for name, value in part.headers
            if name.lower() in _PART_HEADERS
        )
        try:
            opened = open_body(part.headers, part.content, self._decoders)
        except Unopenable as error:
            opened = Opened(BodyKind.BINARY, part.content, error.reason)
        if opened.kind in (BodyKind.BINARY, BodyKind.MULTIPART):
            return multipart.Part(headers, file_standin(part.content))
        if "filename" not in names and "filename*" not in names and opened.kind in (BodyKind.TEXT, BodyKind.FORM):
            done = self._structure.field(names.get("name", ""), marker.escape(opened.text), base)
        else:
            done = self._by_kind(opened.kind, marker.escape(opened.text), base)
        return multipart.Part(headers, opened.data if _untouched(opened, done) else _bytes(done))

    def _part_header(self, name: str, value: str) -> str:
        if name.lower() == "content-disposition":
            return self._disposition(value)
        return marker.outside(value, self._text.redact)

    def _disposition(self, value: str) -> str:
        """Content-Disposition (RFC 6266): people put names into the names of files."""
        for key, filename in multipart.parameters(value).items():
            if filename and key in ("filename", "filename*"):
                mark = self.ledger.marker(self.book.kinds["file_name"], filename, "file-name")
                value = value.replace(filename, mark)
        return marker.outside(value, self._text.redact)

    # -- the end -----------------------------------------------------------------------------------------------

    def settle(
        self, interactions: Iterable[RedactedInteraction], reserved: Sequence[Interaction] = ()
    ) -> list[RedactedInteraction]:
        """Draws every marker, numbered by first sight in this order. Placeholders in ``reserved`` are taken."""
        from fcproxy.core.settling import settle  # deferred: of use to what is stored only

        if self.stale:
            interactions = [self.resweep(interaction) for interaction in interactions]
        return [RedactedInteraction(done) for done in settle(self.book, list(interactions), reserved)]

    def settle_one(self, interaction: RedactedInteraction, settling: "Settling") -> RedactedInteraction:
        """One of many, all of which ``settling`` has seen."""
        swept = self.resweep(interaction) if self.stale else interaction
        return RedactedInteraction(settling.interaction(swept))


_LOCATION = Base(frozenset(("locationheader",)))
_BASES = 1024
_CLEAN_URLS = 4096
_LONG_URL = 1024
"""How many URLs are remembered, and how long the longest of them is, in characters."""

FORM_TYPE = "application/x-www-form-urlencoded"
"""The label under which SDKs send forms."""

_READERS = {
    "application/json": "json",
    "application/json; charset=utf-8": "json",
    FORM_TYPE: "form",
}
"""Labels of bodies that may be read by their outline."""

_JSON = (b"{", b"[")
_BLANKS_AND_CONTROLS = bytes(range(0x21))
"""Deleting octets by a table tells whether there are any at a fifth of an expression's cost."""

_NO_FORM = (b"data:", b"{", b"[")
"""How a body begins that is no form, whatever its label says (see `body`)."""

_METHOD = expression(r"[A-Z]{1,16}")
_DIGITS = 18
_STRICT = {
    "number": expression(rf"[0-9]{{1,{_DIGITS}}}"),
    "range": expression(
        rf"[A-Za-z]{{1,9}} (?:[0-9]{{1,{_DIGITS}}}-[0-9]{{1,{_DIGITS}}}|\*)/(?:[0-9]{{1,{_DIGITS}}}|\*)"
    ),
    "mark": MARK,
}
"""Header values that are kept as they are, or not at all."""

_PART_HEADERS = ("content-disposition", "content-type", "content-transfer-encoding")


def _changed(body: bytes, look: Callable[[str], str]) -> bytes:
    if not body:
        return body
    text = body.decode("utf-8", "surrogateescape")
    done = marker.outside(text, look)
    return body if done == text else _bytes(done)


def _swept_headers(headers: Headers, look: Callable[[str], str], before: bytes, after: bytes) -> Headers:
    swept = Headers((name, marker.outside(value, look)) for name, value in headers)
    return swept if before is after else _with_length(swept, after, empty_before=not before)


def _untouched(opened: Opened, done: str) -> bool:
    """Whether the bytes may stay as they are. In another charset they may look like a marker to who reads UTF-8."""
    return done == opened.text and not any(mark.encode() in opened.data for mark in (marker.OPEN, marker.ESCAPE))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _relabelled(headers: Headers, parameter: str) -> Headers:
    """Content-Type with another charset or boundary."""
    value = headers.get("Content-Type") or "text/plain"
    name = parameter.partition("=")[0]
    kept = [part for part in value.split(";") if not part.strip().lower().startswith(f"{name}=")]
    return headers.replaced("Content-Type", ";".join([*kept, f" {parameter}"]))


def _with_length(headers: Headers, body: bytes, *, empty_before: bool) -> Headers:
    """Content-Length of what is stored, where there was one. An empty body's may tell of a HEAD answer: it stays."""
    if empty_before or "content-length" not in headers.names:
        return headers
    return headers.replaced("Content-Length", str(len(body)))
