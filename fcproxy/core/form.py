"""Stripe's bracketed form encoding: `a[b][]=c` text <-> pairs <-> tree. Iterative: depth cannot exhaust the stack.

Rules: reference of Stripe's parameter encoding (docs.stripe.com/api, "Request bodies"), and Rack's for `a[][x]`:
an element ends when one of its sub-keys repeats. Indexed elements are ordered by their number.
"""

from collections.abc import Iterable, Sequence
from urllib.parse import quote_plus, unquote_to_bytes

__all__ = [
    "MAX_DEPTH",
    "FormTree",
    "Node",
    "encode_pairs",
    "join_key",
    "name_of",
    "nodes",
    "parse_pairs",
    "split_key",
    "tree",
]

FormTree = str | dict[str, "FormTree"] | list["FormTree"]

MAX_DEPTH = 64
"""Deepest nesting that is read as structure; Stripe's own parameters stay below 10. Deeper keys stay one flat word."""


def parse_pairs(text: str) -> list[tuple[str, str]]:
    """Splits form or query text into decoded pairs, blank values kept (`a=` and `a` both give "").

    Octets that are not UTF-8 come back as surrogate escapes; nothing raises.
    """
    pairs = []
    for piece in text.split("&"):
        if piece:
            key, _, value = piece.partition("=")
            pairs.append((_decode(key), _decode(value)))
    return pairs


def _decode(text: str) -> str:
    if "%" not in text:
        return text.replace("+", " ")
    return unquote_to_bytes(text.replace("+", " ").encode("utf-8", "surrogateescape")).decode(
        "utf-8", "surrogateescape"
    )


def encode_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """The inverse of `parse_pairs`, with brackets left readable."""
    return "&".join(
        f"{quote_plus(key, safe='[]', errors='surrogateescape')}={quote_plus(value, errors='surrogateescape')}"
        for key, value in pairs
    )


def split_key(key: str) -> list[str]:
    """`a[b][]` -> ["a", "b", ""]. A key that is not well formed, or deeper than MAX_DEPTH, is one flat word."""
    head, bracket, rest = key.partition("[")
    if not bracket or not head or not rest.endswith("]"):
        return [key]
    parts = [head, *rest[:-1].split("][")]
    if len(parts) > MAX_DEPTH or any("[" in part or "]" in part for part in parts[1:]):
        return [key]
    return parts


def join_key(parts: Sequence[str]) -> str:
    """The inverse of `split_key`."""
    return parts[0] + "".join(f"[{part}]" for part in parts[1:])


def name_of(path: Sequence[str]) -> str:
    """The nearest name: `tax_ids[0]` and `tax_ids[]` go by `tax_ids`."""
    return next((part for part in reversed(path) if part and not part.isdigit()), "")


class Node:
    """What was said of one name: every scalar, the named sub-keys, the elements of `[]`."""

    __slots__ = ("children", "elements", "values")

    def __init__(self) -> None:
        self.values: list[str] = []
        self.children: dict[str, Node] = {}
        self.elements: list[Node] = []


def tree(pairs: Iterable[tuple[str, str]]) -> dict[str, FormTree]:
    """Builds the value that the pairs mean.

    A hash whose keys are all numbers is an array (ordered by number); `a[]=1&a[]=2` is one too. Where one name
    is given twice as a scalar the last one counts, as at Stripe (Rack).
    """
    built = _build(nodes(pairs))
    return built if isinstance(built, dict) else {}


def nodes(pairs: Iterable[tuple[str, str]]) -> Node:
    """The pairs as a tree that forgets nothing of them but their order: `tree` decides what counts."""
    root = Node()
    for key, value in pairs:
        node = root
        parts = split_key(key)
        for position, part in enumerate(parts):
            if part == "" and position > 0:
                node = _element(node, parts[position + 1 :])
            else:
                node = node.children.setdefault(part, Node())
        node.values.append(value)
    return root


def _element(node: Node, rest: Sequence[str]) -> Node:
    """The element of an unindexed array that a further sub-key belongs to: the last one, unless it has that key."""
    if rest and node.elements:
        probe: Node | None = node.elements[-1]
        for part in rest:
            if part == "":
                return node.elements[-1]
            probe = probe.children.get(part) if probe else None
        if probe is None:
            return node.elements[-1]
    node.elements.append(Node())
    return node.elements[-1]


def _build(root: Node) -> FormTree:
    # Post-order without recursion: children first, then the node itself. Depth is bounded by MAX_DEPTH, width is not.
    done: dict[int, FormTree] = {}
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if not ready:
            stack.append((node, True))
            stack.extend((child, False) for child in (*node.children.values(), *node.elements))
            continue
        done[id(node)] = _value(node, done, top=node is root)
    return done[id(root)]


def _value(node: Node, done: dict[int, FormTree], *, top: bool) -> FormTree:
    items: dict[str, FormTree] = {name: done[id(child)] for name, child in node.children.items()}
    listed = [done[id(child)] for child in node.elements]
    if items and not top and all(_is_index(name) for name in items):
        return [*(items[name] for name in sorted(items, key=int)), *listed]
    if items:
        if listed:
            items[""] = listed
        return items
    if listed:
        return listed
    return {} if top else (node.values[-1] if node.values else "")


def _is_index(name: str) -> bool:
    # Python refuses to read numbers of more than 4,300 digits, and no array has so many elements.
    return name.isascii() and name.isdigit() and len(name) <= 9
