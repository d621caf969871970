"""Looks for what is left of a secret: in any reading of the bytes, whole or a good part of it."""

import random
from collections.abc import Iterator, Sequence

from fcproxy.codings import DECODERS
from fcproxy.core.message import Interaction
from fcproxy.stripe.secrets import default_redactor

__all__ = ["everything", "left_of", "own_part", "record", "rng_for"]


def rng_for(*names: str) -> random.Random:
    """Chance that is the same in every run of one test."""
    return random.Random("/".join(names))


def record(*interactions: Interaction) -> list[Interaction]:
    """What a cassette would hold of a recording of these."""
    redactor = default_redactor(DECODERS)
    return list(redactor.settle([redactor.redact(one) for one in interactions]))


def everything(interactions: Sequence[Interaction]) -> str:
    """All that the interactions say, as one text."""
    out = []
    for one in interactions:
        request, response = one.request, one.response
        out += [request.method, request.url, response.reason]
        out += [f"{name}: {value}" for headers in (request.headers, response.headers) for name, value in headers]
        out += [body.decode("utf-8", "replace") for body in (request.body, response.body)]
    return "\n".join(out)


def left_of(text: str, interactions: Sequence[Interaction], *, window: int = 10) -> str | None:
    """A piece of ``text`` that still stands in the interactions, or None."""
    haystack = everything(interactions)
    size = min(window, len(text))
    return next((piece for piece in _pieces(text, size) if piece in haystack), None)


def own_part(value: str, other: str) -> str:
    """What of ``value`` its likes do not share: without the common beginning and end."""
    start = next((at for at, (one, two) in enumerate(zip(value, other, strict=False)) if one != two), 0)
    rest, others = value[start:][::-1], other[start:][::-1]
    end = next((at for at, (one, two) in enumerate(zip(rest, others, strict=False)) if one != two), 0)
    return value[start : len(value) - end]


def _pieces(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(len(text) - size + 1))
