"""JSON in the middle of other text: whole objects, and pairs where no whole object stands."""

import json
import re
from collections.abc import Callable

from fcproxy.core import json_text, marker
from fcproxy.core.expression import expression

__all__ = ["may_hold_objects", "with_objects", "with_pairs"]

_DECODER = json.JSONDecoder()
_OBJECT = expression(r"\{\s{0,64}\"")
_TRIES = 4
"""How often a text may be read over for objects that are none in the end."""
_CUT = 1 << 14
"""How many characters of it are cut off at once."""

_FLAT = expression(
    rf"(?P<head>[\"'](?P<name>[^\"'\\\n{marker.OPEN}]{{2,64}})[\"']\s*:\s*[\"']?)"
    rf"(?:(?<=\")(?P<double>(?:[^\"\\{marker.OPEN}]|\\.){{1,4096}})(?=\")"
    rf"|(?<=')(?P<single>(?:[^'\\{marker.OPEN}]|\\.){{1,4096}})(?=')|(?<![\"'])(?P<number>[0-9]{{3,30}}))"
)


def may_hold_objects(text: str) -> bool:
    """Whether something in ``text`` begins as an object with a name does."""
    return _OBJECT.search(text) is not None


def with_objects(text: str, change: Callable[[str], str]) -> str:
    """``text`` with ``change`` applied to each JSON object in it: in a log's lines, in a page.

    Where ``change`` raises ValueError or RecursionError the object stays.
    """
    out: list[str] = []
    at = 0
    left = _TRIES * len(text)
    found = _OBJECT.search(text)
    rest, cut = text, 0
    while found is not None and left > 0:
        start, end = found.start(), found.start() + 1
        if start - cut > _CUT:
            rest, cut = text[start:], start  # an error counts the lines before it
        try:
            end = cut + _DECODER.raw_decode(rest, start - cut)[1]
            done = change(text[start:end])
        except json.JSONDecodeError as error:
            left -= error.pos + cut - start
        except (ValueError, RecursionError):
            left -= len(text)
        else:
            out += (text[at:start], done)
            at = end
        found = _OBJECT.search(text, end)
    return "".join((*out, text[at:]))


def with_pairs(text: str, change: Callable[[str, str, str, bool], str]) -> str:
    """``text`` with ``change`` applied to each `"name": "value"`, also in another language's spelling; markers stay.

    ``change`` is given name, value, the value as it is written and whether it is a bare number, and gives what is
    written in its place.
    """

    def changed(found: re.Match[str]) -> str:
        number = found["number"]
        token = found["double"] or found["single"] or number
        done = change(found["name"], _unescaped(token), token, number is not None)
        return found[0] if done == token else f"{found['head']}{done}{found[0][len(found['head']) + len(token) :]}"

    return marker.outside(text, lambda part: _FLAT.sub(changed, part))


def _unescaped(token: str) -> str:
    try:
        return json_text.decode_string(f'"{token}"')
    except ValueError:
        return token
