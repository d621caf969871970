"""Canonical form: what of a request is compared, free of order, host and spelling. Derived, never stored.

A form is a mapping of place -> text, e.g. `body.account_holder.type` -> `"customer"`. Places make differences tellable,
and a sorted rendering of the whole makes the key. Secrets stand in it as markers: the key knows their kind only, and
the values are compared one by one (`secrets`).
"""

import fnmatch
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from fcproxy.core import content, form, json_text, marker, multipart
from fcproxy.core.body import BodyKind, open_body
from fcproxy.core.content import Unopenable
from fcproxy.core.marker import Marker
from fcproxy.core.message import Headers, Request
from fcproxy.core.redaction import Redactor
from fcproxy.core.standins import NOT_STORED, is_standin
from fcproxy.core.url import split

__all__ = ["Canonical", "MatchRules", "RouteRule", "canonical"]


@dataclass(frozen=True, slots=True)
class RouteRule:
    """A user's exception from the matching, for the routes it names.

    ``path`` is a glob over the path, ``method`` a method or `*`. ``ignore``: globs over places (`body.metadata.run_id`,
    `query.*`) that are not compared; ``body=False`` compares no body; ``headers``: compared in addition.
    ``normalise``: place glob -> expression whose matches count as one and the same.
    """

    id: str
    path: str = "*"
    method: str = "*"
    ignore: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    body: bool = True
    normalise: tuple[tuple[str, str], ...] = ()

    def applies(self, method: str, path: str) -> bool:
        """Whether a request is on this rule's route."""
        return self.method.upper() in ("*", method) and fnmatch.fnmatchcase(path, self.path)


@dataclass(frozen=True, slots=True)
class MatchRules:
    """What is compared. The default is `fcproxy.stripe.matching.MATCHING`.

    ``headers``: compared as text. ``sets``: query and body fields whose elements have no order. ``credential``: the
    header compared by its secret's kind alone. ``routes``: the user's exceptions.
    """

    headers: tuple[str, ...]
    sets: tuple[str, ...]
    credential: str = "Authorization"
    routes: tuple[RouteRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Canonical:
    """``key`` is equal for requests that differ in nothing but secrets; ``secrets`` are these: (kind, value).

    ``loosened``: place -> (rule, value) for what a route rule took out of the comparison.
    """

    method: str
    path: str
    fields: Mapping[str, str]
    key: str
    secrets: tuple[tuple[str, str], ...]
    loosened: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def canonical(request: Request, rules: MatchRules, redactor: Redactor) -> Canonical:
    """The canonical form of ``request``. ``redactor`` must be a comparing one; it may be shared by many requests."""
    method = request.method.upper()
    redacted = redactor.request(request)
    parts = split(redacted.url)
    path = _path(parts.path)
    routes = [route for route in rules.routes if route.applies(method, path)]
    fields: dict[str, str] = {}
    _add(fields, "query", form.tree(form.parse_pairs(parts.query or "")), rules)
    _headers(fields, request.headers, redacted.headers, rules, routes)
    _body(fields, redacted, rules)
    loosened = _loosen(fields, routes)
    text = "\n".join([method, path, *(f"{place}={fields[place]}" for place in sorted(fields))])
    secrets = tuple((mark.kind, redactor.ledger.value(mark)) for mark in marker.find(text))
    redactor.ledger.forget()
    shown = {place: marker.substitute(value, lambda mark: f"<{mark.kind}>") for place, value in fields.items()}
    return Canonical(method, path, shown, marker.substitute(text, _kind_only), secrets, loosened)


def _headers(
    fields: dict[str, str], raw: Headers, redacted: Headers, rules: MatchRules, routes: list[RouteRule]
) -> None:
    for name in rules.headers:
        values = redacted.get_all(name)
        if values:
            fields[f"header.{name}"] = ", ".join(value.strip() for value in values)
    for route in routes:
        for name in route.headers:
            # Compared although it may not be stored: absent on both sides is equal, else the text counts.
            fields[f"header.{name}"] = ", ".join(value.strip() for value in raw.get_all(name))
    credential = redacted.get(rules.credential)
    fields[f"header.{rules.credential}"] = _family(credential) if credential else "none"


def _loosen(fields: dict[str, str], routes: list[RouteRule]) -> dict[str, tuple[str, str]]:
    loosened: dict[str, tuple[str, str]] = {}
    for route in routes:
        for place in list(fields):
            if (not route.body and place.partition(".")[0].partition("[")[0] == "body") or any(
                fnmatch.fnmatchcase(place, glob) for glob in route.ignore
            ):
                loosened[place] = (route.id, fields.pop(place))
        for glob, expression in route.normalise:
            for place, value in fields.items():
                if fnmatch.fnmatchcase(place, glob):
                    loosened[place] = (route.id, value)
                    fields[place] = re.sub(expression, "<normalised>", value)
    return loosened


def _kind_only(mark: Marker) -> str:
    return f"\ue000{mark.kind}:{mark.hint}\ue002"


def _family(value: str) -> str:
    """A credential compares by the kind and mode of its key: the scheme that carried it does not matter."""
    found = marker.find(value)
    return found[0].hint or "other" if found else value


def _path(path: str) -> str:
    # Doubled slashes are one to Stripe; percent-encoding of what needs none is not a difference.
    decoded = marker.outside(re.sub(r"/{2,}", "/", path), lambda part: unquote(part, errors="surrogateescape"))
    return marker.outside(decoded, lambda part: quote(part, safe="/:@!$&'()*+,;=~", errors="surrogateescape"))


def _add(fields: dict[str, str], place: str, value: object, rules: MatchRules) -> None:
    """Flattens a tree into places. Iterative: its depth is the client's choice."""
    stack: list[tuple[str, object]] = [(place, value)]
    while stack:
        where, node = stack.pop()
        if isinstance(node, dict):
            if not node and where != place:
                fields[where] = "{}"
            stack.extend((f"{where}.{_escaped(key)}", child) for key, child in node.items())
        elif isinstance(node, list):
            if where.rpartition(".")[2] in rules.sets:
                fields[where] = json.dumps(sorted(map(str, node)), ensure_ascii=False)
                continue
            if not node:
                fields[where] = "[]"
            stack.extend((f"{where}[{index}]", child) for index, child in enumerate(node))
        else:
            fields[where] = json.dumps(node, ensure_ascii=False)


def _escaped(key: str) -> str:
    return re.sub(r"([.\[\]\\=\n])", r"\\\1", key)


def _body(fields: dict[str, str], request: Request, rules: MatchRules) -> None:
    if is_standin(request.headers):
        # Two bodies that could not be opened are the same as far as anybody can tell: same reason, same size.
        fields["body"] = request.headers.get(NOT_STORED) or ""
        return
    try:
        opened = open_body(request.headers.without("Content-Encoding"), request.body, content.STANDARD_DECODERS)
    except Unopenable as error:
        fields["body"] = error.reason
        return
    if opened.kind is not BodyKind.EMPTY:
        fields["body:kind"] = opened.kind
    if opened.kind is BodyKind.FORM:
        _add(fields, "body", form.tree(form.parse_pairs(opened.text)), rules)
    elif opened.kind is BodyKind.JSON:
        _json(fields, opened.text)
    elif opened.kind is BodyKind.MULTIPART:
        _multipart(fields, request.headers, opened.data)
    elif opened.kind is not BodyKind.EMPTY:
        fields["body"] = json.dumps(opened.data.decode("utf-8", "surrogateescape"), ensure_ascii=False)


def _json(fields: dict[str, str], text: str) -> None:
    """JSON by its leaves: key order and white space vanish; types, number spellings and duplicates stay."""
    found: list[tuple[tuple[str | int, ...], str]] = [
        (one.path, text[one.start : one.end]) for one in json_text.leaves(text) if not one.is_key
    ]
    for path, token in (*found, *json_text.empty_containers(text)):
        where = "body" + "".join(f"[{part}]" if isinstance(part, int) else f".{_escaped(part)}" for part in path)
        while where in fields:
            where += "'"
        fields[where] = json.dumps(json_text.decode_string(token), ensure_ascii=False) if token[0] == '"' else token


def _multipart(fields: dict[str, str], headers: Headers, data: bytes) -> None:
    boundary = multipart.boundary_of(headers.get("Content-Type") or "") or ""
    for index, part in enumerate(multipart.parse(data, boundary)):
        names = multipart.disposition(part)
        where = f"body.part[{index}].{_escaped(names.get('name', ''))}"
        fields[where] = json.dumps(part.content.decode("utf-8", "surrogateescape"), ensure_ascii=False)
        for key in ("filename", "filename*"):
            if key in names:
                fields[f"{where}.{key}"] = names[key]
        kind = part.headers.get("Content-Type")
        if kind:
            fields[f"{where}.content-type"] = kind
