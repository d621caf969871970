"""The compact style: one interaction a line, in flow style that is JSON nearly always.

Every YAML reader takes it, vcrpy included; ours reads it with the standard library's JSON, some ten times quicker than
the readable style. JSON has no way to write bytes, characters beyond the BMP without surrogate pairs (which libyaml
refuses) or keys of over 1,024 characters: a line that needs these is YAML only.
"""

import base64
import json

from fcproxy.core.message import Interaction
from fcproxy.vcr_format.allowed import COMMENT, needs_comment
from fcproxy.vcr_format.scalars import inline
from fcproxy.vcr_format.shape import SIMPLE_KEY, ascii_url, grouped, orders_of

__all__ = ["compact_line"]

_BMP = "\uffff"


def _quoted(text: str) -> str:
    if (text and (max(text) > _BMP or "\x7f" in text)) or _has_surrogates(text):
        return inline(text)
    return json.dumps(text)


def _has_surrogates(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


def _body(body: bytes) -> str:
    try:
        return _quoted(body.decode())
    except UnicodeDecodeError:
        return f'!!binary "{base64.b64encode(body).decode()}"'


def _mapping(groups: dict[str, list[str]]) -> str:
    items = []
    for name, values in groups.items():
        key = _quoted(name)
        listed = ", ".join(_quoted(value) for value in values)
        items.append(f"{key}: [{listed}]" if len(key) <= SIMPLE_KEY else f"? {key} : [{listed}]")
    return "{" + ", ".join(items) + "}"


def compact_line(interaction: Interaction) -> str:
    """``interaction`` as an item of the list `interactions`, with its line end."""
    request, response = interaction.request, interaction.response
    body = _body(request.body) if request.body else "null"
    asked = (
        f'"body": {body}, "headers": {_mapping(grouped(request.headers))}, '
        f'"method": {_quoted(request.method)}, "uri": {_quoted(ascii_url(request.url))}'
    )
    orders = orders_of(request.headers, response.headers)
    extra = f'"fcproxy": {_mapping(orders)}, ' if orders else ""
    answer = (
        f'"body": {{"string": {_body(response.body)}}}, {extra}"headers": {_mapping(grouped(response.headers))}, '
        f'"status": {{"code": {response.status}, "message": {_quoted(response.reason)}}}'
    )
    comment = COMMENT if needs_comment(request.body, response.body) else ""
    return f'- {{"request": {{{asked}}}, "response": {{{answer}}}}}{comment}\n'
