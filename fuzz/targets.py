"""What is fuzzed: functions that take bytes and raise only where fcproxy breaks a promise about input of any kind.

The tests run them on Hypothesis' examples and on all of ``fuzz.seeds``; ``fuzz.run`` runs them under atheris.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress

from fcproxy.codings import DECODERS
from fcproxy.core import form, json_text, marker, multipart
from fcproxy.core.body import open_body
from fcproxy.core.content import Unopenable
from fcproxy.core.errors import CassetteUnreadable
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.modes import Mode
from fcproxy.core.shapes import shape_of
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import default_redactor
from fcproxy.vcr_format import parse, render
from fuzz import http

__all__ = ["TARGETS"]

_LABELS: tuple[list[tuple[str, str]], ...] = (
    [],
    [("Content-Type", "application/x-www-form-urlencoded")],
    [("Content-Type", "application/json; charset=utf-8")],
    [("Content-Type", 'multipart/form-data; boundary="x"')],
    [("Content-Type", "text/event-stream")],
    [("Content-Type", "application/json; charset=utf-16")],
    [("Content-Encoding", "gzip"), ("Content-Type", "application/json")],
    [("Content-Encoding", "deflate")],
    [("Content-Encoding", "br")],
    [("Content-Encoding", "zstd")],
    [("Content-Encoding", "gzip, br, identity")],
)
"""The first byte of an input chooses one."""


def _labelled(data: bytes) -> tuple[Headers, bytes]:
    return Headers(_LABELS[data[0] % len(_LABELS)] if data else []), data[1:]


def form_codec(data: bytes) -> None:
    """The form codec reads anything, and what it has read survives a round trip."""
    text = data.decode("utf-8", "surrogateescape")
    pairs = form.parse_pairs(text)
    if form.parse_pairs(form.encode_pairs(pairs)) != pairs:
        raise AssertionError("form pairs do not survive a round trip")
    for key, _ in pairs:
        if form.join_key(form.split_key(key)) != key:
            raise AssertionError("a key does not survive being split")
    form.tree(pairs)


def json_reader(data: bytes) -> None:
    """The JSON reader refuses with ValueError or finds leaves whose tokens are where it says; shapes never raise."""
    text = data.decode("utf-8", "replace")
    shape_of(data)
    try:
        leaves = json_text.leaves(text)
    except ValueError:
        return
    ends = [0, *(leaf.end for leaf in leaves)]
    if any(leaf.start < end or leaf.end <= leaf.start for leaf, end in zip(leaves, ends, strict=False)):
        raise AssertionError("leaves overlap")


def body_views(data: bytes) -> None:
    """A body is opened or refused with a reason, whatever its labels say."""
    headers, body = _labelled(data)
    with suppress(Unopenable):
        open_body(headers, body, DECODERS)
    try:
        parts = multipart.parse(body, "x")
    except ValueError:
        return
    multipart.build(parts, "x")


def redaction(data: bytes) -> None:
    """Any message is redacted without an exception, and no delimiter is left in it that was not there before."""
    headers, body = _labelled(data)
    interaction = Interaction(Request("POST", _url(body), headers, body), Response(200, headers, body, "OK"))
    redactor = default_redactor(DECODERS)
    done = redactor.settle([redactor.redact(interaction)])[0]
    for delimiter in (marker.OPEN, marker.ESCAPE):
        if delimiter.encode() not in body and delimiter.encode() in done.request.body + done.response.body:
            raise AssertionError("a marker that was not drawn")


def deck(data: bytes) -> None:
    """Any request is decided on, twice, and a miss is explained: none raises."""
    headers, body = _labelled(data)
    request = Request("POST", _url(body), headers, body)
    redactor = default_redactor(DECODERS)
    stored = redactor.settle([redactor.redact(Interaction(request, Response(200, Headers(), b"ok", "OK")))])
    playing = stripe_deck(Mode.REPLAY, default_redactor(DECODERS), stored, cassette="fuzz", decoders=DECODERS)
    playing.decide(request)
    playing.decide(request)
    playing.verdict().text()


def _url(body: bytes) -> str:
    return "https://api.stripe.com/v1/x?" + body[:60].decode("latin-1")


def cassette(data: bytes) -> None:
    """A cassette is read or refused with CassetteUnreadable; what was read survives being written and read again."""
    try:
        parsed = parse(data, "fuzz.yaml", decoders=DECODERS)
    except CassetteUnreadable as error:
        if not str(error).isprintable():
            raise AssertionError("an error with control characters") from None
        return
    redactor = default_redactor(DECODERS)
    redacted = redactor.settle([redactor.redact(one) for one in parsed.interactions])
    if not all(interaction.request.url.isascii() for interaction in redacted):
        return  # written percent-encoded: VCR.py knows no other way
    if parse(render(redacted), "fuzz.yaml", decoders=DECODERS).interactions != redacted:
        raise AssertionError("a cassette does not survive being written")


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "form": form_codec,
    "json": json_reader,
    "body": body_views,
    "redaction": redaction,
    "deck": deck,
    "cassette": cassette,
    "plain": http.plain,
    "front": http.front,
    "upstream": http.upstream,
}
"""By the names that ``fuzz.seeds`` has for them."""
