"""Canonical form: what of a request is compared, free of order, host and spelling. Derived, never stored.

A form is a mapping of place -> text, e.g. `body.account_holder.type` -> `"customer"`. Places make differences tellable,
and a sorted rendering of the whole makes the key. Secrets stand in it as blanks that tell their kind only; their
values are compared one by one (`secrets`).
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import quote, unquote

from fcproxy.core import content, marker
from fcproxy.core.body import BodyKind, open_body
from fcproxy.core.content import Unopenable
from fcproxy.core.expression import expression
from fcproxy.core.marker import Marker
from fcproxy.core.match_rules import MatchRules, RouteRule
from fcproxy.core.message import Headers, Request
from fcproxy.core.places import form_places, json_places, multipart_places, quoted
from fcproxy.core.redaction import Redactor
from fcproxy.core.standins import NOT_STORED, is_standin
from fcproxy.core.url import split

__all__ = [
    "ANY_FAMILY",
    "BLANK",
    "NO_FAMILY",
    "UNKNOWN_FAMILY",
    "Canonical",
    "account_of",
    "canonical",
    "credential_of",
    "finished",
    "header_fields",
    "lines",
    "shown",
]

NO_FAMILY = "none"
"""The family of a request without credential."""

UNKNOWN_FAMILY = "other"
"""The family of a credential that is none of the API's keys: a word that another tool or a person put there."""

ANY_FAMILY = "any"
"""The family of fcproxy's own dummy key: see `MatchRules.dummy`."""

BLANK = expression("\ue000([^:\ue002]*):([^\ue002]*)\ue002")
"""A secret in a canonical form: kind and hint, no number and no value."""

_KEY_BYTES = 16


_NOTHING: Mapping[str, tuple[str, str]] = {}


class Canonical(NamedTuple):
    """``key`` is equal for requests that differ in nothing but secrets and credential.

    ``fields`` hold blanks where secrets are (`shown` makes them readable); ``secrets`` are these: (kind, value), in the
    fields' order. ``family`` is the credential's, ``credential`` its value ("" where there is none). ``loosened``:
    place -> (rule, text) for what a route rule took out of the comparison.
    """

    method: str
    path: str
    fields: Mapping[str, str]
    key: bytes
    secrets: tuple[tuple[str, str], ...] = ()
    family: str = NO_FAMILY
    credential: str = ""
    loosened: Mapping[str, tuple[str, str]] = _NOTHING
    account: str = ""
    """The connected account that is asked for, as `account_of` has it."""


def account_of(headers: Headers) -> str:
    """Whose objects a request means, and whose idempotency keys (docs.stripe.com/connect/authentication); "" for one's
    own."""
    return ", ".join(value.strip() for value in headers.get_all("Stripe-Account"))


def canonical(request: Request, rules: MatchRules, redactor: Redactor) -> Canonical:
    """The canonical form of ``request``. ``redactor`` must be a comparing one; it may be shared by many requests."""
    method = request.method.upper()
    known = len(redactor.ledger.learned)
    redacted = redactor.request(request)
    if len(redactor.ledger.learned) != known:
        # What is recognised last may stand in what was read first: a recording looks twice as well.
        redacted = redactor.request(request)
    parts = split(redacted.url)
    path = _path(parts.path)
    fields = form_places(parts.query, "query", rules.sets) if parts.query else {}
    family, credential = credential_of(redacted.headers, rules, redactor)
    routes = [route for route in rules.routes if route.applies(method, shown(_blank(path)))]
    fields.update(header_fields(redacted.headers, rules, routes))
    fields.update(_body(redacted, rules))
    loosened = _loosen(fields, routes) if routes else {}
    about = (family, credential, account_of(redacted.headers))
    return finished(method, path, fields, about, redactor, loosened=loosened)


def header_fields(redacted: Headers, rules: MatchRules, routes: Sequence[RouteRule] = ()) -> dict[str, str]:
    """The headers that are compared, as fields."""
    fields = {}
    for name in (*rules.headers, *(name for route in routes for name in route.headers)):
        values = redacted.get_all(name)
        if values:
            fields[f"header.{name}"] = ", ".join(value.strip() for value in values)
    return fields


def finished(
    method: str,
    path: str,
    fields: dict[str, str],
    about: tuple[str, str, str],
    redactor: Redactor,
    *,
    loosened: Mapping[str, tuple[str, str]],
) -> Canonical:
    """The form of a request that was taken apart; ``about``: family, credential, account. Markers become secrets."""
    secrets = _secrets([path, *_in_order(fields)], redactor) if _marked(path, fields) else ()
    redactor.ledger.forget()
    if secrets or loosened:
        path = _blank(path)
        fields = {_blank(place): _blank(text) for place, text in fields.items()}
        loosened = {_blank(place): (rule, _blank(text)) for place, (rule, text) in loosened.items()}
    family, credential, account = about
    return Canonical(method, path, fields, _key(method, path, fields), secrets, family, credential, loosened, account)


def lines(fields: Mapping[str, str]) -> list[str]:
    """The fields as `place=text`, sorted."""
    return sorted(f"{place}={text}" for place, text in fields.items())


def shown(text: str) -> str:
    """A text of a canonical form as people may see it: `<kind>` for a secret."""
    return BLANK.sub(r"<\1>", text) if marker.OPEN in text else text


def _key(method: str, path: str, fields: Mapping[str, str]) -> bytes:
    text = "\n".join((method, path, *lines(fields)))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()


def _marked(path: str, fields: Mapping[str, str]) -> bool:
    return marker.OPEN in path or any(marker.OPEN in text or marker.OPEN in name for name, text in fields.items())


def _in_order(fields: Mapping[str, str]) -> list[str]:
    """Every place and text, in an order that does not depend on the markers' provisional numbers."""
    return [f"{place}={fields[place]}" for place in sorted(fields, key=_blank)]


def _secrets(texts: list[str], redactor: Redactor) -> tuple[tuple[str, str], ...]:
    return tuple((mark.kind, redactor.ledger.value(mark)) for text in texts for mark in marker.find(text))


def _blank(text: str) -> str:
    return marker.substitute(text, _kind_only)


def _kind_only(mark: Marker) -> str:
    return f"\ue000{mark.kind}:{mark.hint}\ue002"


def credential_of(redacted: Headers, rules: MatchRules, redactor: Redactor) -> tuple[str, str]:
    """Family and value. The scheme that carried it does not matter: Basic and Bearer are one (docs.stripe.com/api)."""
    value = redacted.get(rules.credential)
    if not value:
        return NO_FAMILY, ""
    found = marker.find(value)
    if not found:
        return UNKNOWN_FAMILY, ""
    secret = redactor.ledger.value(found[0])
    if rules.dummy and secret.startswith(rules.dummy):
        return ANY_FAMILY, secret
    return found[0].hint or UNKNOWN_FAMILY, secret


def _loosen(fields: dict[str, str], routes: list[RouteRule]) -> dict[str, tuple[str, str]]:
    loosened: dict[str, tuple[str, str]] = {}
    for route in routes:
        for place in [place for place in fields if route.drops(place)]:
            loosened[place] = (route.id, fields.pop(place))
        for place, text in fields.items():
            if changed := route.normalised(place, text):
                loosened[place] = (route.id, text)
                fields[place] = changed
    return loosened


def _path(path: str) -> str:
    # Doubled slashes are one to Stripe; percent-encoding is no difference but for %2F, which is no separator.
    parts = re.sub(r"/{2,}", "/", path)
    if "%" not in parts and parts.isascii():
        return parts
    return "/".join(marker.outside(part, _respelled) for part in parts.split("/"))


def _respelled(part: str) -> str:
    return quote(unquote(part, errors="surrogateescape"), safe=":@!$&'()*+,;=~", errors="surrogateescape")


def _body(request: Request, rules: MatchRules) -> dict[str, str]:
    if is_standin(request.headers):
        # Two bodies that could not be opened are the same as far as anybody can tell: same reason, same size.
        return {"body": request.headers.get(NOT_STORED) or ""}
    if not request.body:
        return {}
    try:
        opened = open_body(request.headers.without("Content-Encoding"), request.body, content.STANDARD_DECODERS)
    except Unopenable as error:
        return {"body": error.reason}
    kind = opened.kind
    if kind is BodyKind.EMPTY:
        return {}
    if kind is BodyKind.FORM:
        fields = form_places(opened.text, "body", rules.sets)
    elif kind is BodyKind.JSON:
        fields = json_places(opened.text, "body")
    elif kind is BodyKind.MULTIPART:
        fields = multipart_places(request.headers, opened.data, "body")
    else:
        fields = {"body": quoted(opened.data.decode("utf-8", "surrogateescape"))}
    return {"body:kind": kind.value, **fields}
