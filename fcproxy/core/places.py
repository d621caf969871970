"""Bodies and queries as places: a mapping of place -> text in which each value stands on its own.

`body.account_holder.type` -> `"customer"`. Text is JSON for strings and as written for everything else, so that a
string and a number of the same look stay apart. No two structures that mean different things give the same mapping.
"""

import json
from collections.abc import Iterable, Sequence

from fcproxy.core import form, json_text, marker, multipart
from fcproxy.core.expression import expression
from fcproxy.core.form import Node
from fcproxy.core.message import Headers

__all__ = ["SET", "form_places", "json_places", "multipart_places", "quoted", "set_of"]

Fields = dict[str, str]

_SPECIAL = expression(r"([.\[\]\\='\n])")
_MAY_BE_EMPTY = expression(r"[{\[]\s*[}\]]")


def quoted(text: str) -> str:
    """A string as its JSON token."""
    return json.dumps(text, ensure_ascii=False)


def _escaped(key: str) -> str:
    return marker.outside(key, lambda part: _SPECIAL.sub(r"\\\1", part))


# -- forms -----------------------------------------------------------------------------------------------------


def form_places(text: str, root: str, sets: Sequence[str] = ()) -> Fields:
    """A form body or a query below ``root``. ``sets``: top-level fields whose elements have no order.

    Stricter than what a server makes of it: of a scalar given twice every value counts, and numbers are an array's
    indexes only where they count from 0 (`metadata[7]` is a key).
    """
    fields: Fields = {}
    unordered = {f"{root}.{name}" for name in sets}
    top = form.nodes(form.parse_pairs(text))
    # Iterative: the depth is the client's choice.
    stack = [(f"{root}.{_escaped(name)}", child) for name, child in top.children.items()]
    while stack:
        where, node = stack.pop()
        if node.values:
            fields[where] = quoted(node.values[0]) if len(node.values) == 1 else f"repeated {_listed(node.values)}"
        elements, named = _elements(node)
        if where in unordered and elements and not named and all(map(_is_scalar, elements)):
            fields[where] = set_of([one.values[0] for one in elements])
            continue
        stack.extend((f"{where}[{index}]", child) for index, child in enumerate(elements))
        stack.extend((f"{where}.{_escaped(name)}", child) for name, child in named.items())
    return fields


SET = "set "
"""How the text of a set begins; its elements follow, as JSON."""


def set_of(values: Iterable[str]) -> str:
    """The text of a set."""
    return SET + _listed(sorted(set(values)))


def _listed(values: Sequence[str]) -> str:
    return json.dumps(values, ensure_ascii=False)


def _is_scalar(node: Node) -> bool:
    return len(node.values) == 1 and not node.children and not node.elements


def _elements(node: Node) -> tuple[list[Node], dict[str, Node]]:
    """The array and the hash that a node is: `a[0]=x&a[1]=y` and `a[]=x&a[]=y` are one array."""
    count = len(node.children)
    if count and all(str(index) in node.children for index in range(count)):
        return [*(node.children[str(index)] for index in range(count)), *node.elements], {}
    return node.elements, node.children


# -- JSON ------------------------------------------------------------------------------------------------------


def json_places(text: str, root: str) -> Fields:
    """JSON by its leaves: key order and white space vanish; types, number spellings and duplicate keys stay."""
    found: list[tuple[tuple[str | int, ...], str]] = [
        (one.path, text[one.start : one.end]) for one in json_text.leaves(text) if not one.is_key
    ]
    if _MAY_BE_EMPTY.search(text):
        found.extend(json_text.empty_containers(text))
    fields: Fields = {}
    for path, token in found:
        where = root + "".join(f"[{part}]" if isinstance(part, int) else f".{_escaped(part)}" for part in path)
        while where in fields:
            where += "'"
        fields[where] = quoted(json_text.decode_string(token)) if token[0] == '"' else token
    return fields


# -- multipart -------------------------------------------------------------------------------------------------


def multipart_places(headers: Headers, data: bytes, root: str) -> Fields:
    """Parts in their order, each with its name, content, file name and type; the boundary vanishes."""
    boundary = multipart.boundary_of(headers.get("Content-Type") or "") or ""
    fields: Fields = {}
    for index, part in enumerate(multipart.parse(data, boundary)):
        names = multipart.disposition(part)
        where = f"{root}.part[{index}].{_escaped(names.get('name', ''))}"
        fields[where] = quoted(part.content.decode("utf-8", "surrogateescape"))
        for key in ("filename", "filename*"):
            if key in names:
                fields[f"{where}:{key}"] = quoted(names[key])
        kind = part.headers.get("Content-Type")
        if kind:
            fields[f"{where}:content-type"] = quoted(kind)
    return fields
