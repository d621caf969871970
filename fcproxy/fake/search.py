"""Stripe's search query language. Source: docs.stripe.com/search, "Query language", "Query fields".

Clauses ``field:value``, ``field~"part"``, ``field>1``, ``metadata["key"]:"value"``, each with a ``-`` before it to turn
it round, joined by AND or by OR.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fcproxy.fake.errors import ApiError, StripeError, refuse
from fcproxy.fake.params import Params, integer, required, text
from fcproxy.fake.state import Doc, at_path

if TYPE_CHECKING:
    from fcproxy.fake.call import Call

__all__ = ["SEARCH", "parse_query", "search"]

SEARCH: Params = {"limit": integer(least=1, most=100), "page": text(), "query": required(text())}
_DEFAULT_LIMIT = 10
_SHORTEST_PART = 3
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<join>AND|OR)\b
      | (?P<minus>-)?
        (?P<field>[A-Za-z_][A-Za-z_.]*) (?:\[ (?P<quote>["']) (?P<key>(?:\\.|(?!(?P=quote)).)*) (?P=quote) \])?
        \s* (?P<mark>:|~|>=|<=|>|<) \s*
        (?: (?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*') | (?P<bare>[^\s"']+) )
    )\s*""",
    re.VERBOSE,
)
_UNPARSED = ApiError(
    400,
    "invalid_request_error",
    None,
    'We were unable to parse your search query. Try using the format `metadata["key"]:"value"` to query for metadata '
    'or key:"value" to query for other fields.',
    "query",
)
Test = Callable[[Doc], bool]


def parse_query(query: str, fields: Mapping[str, str]) -> Test:
    """What a query asks of an object. ``fields`` maps the names that may be searched to ``text``, ``number``, ``map``.

    Raises StripeError (400) for a query that is none.
    """
    clauses: list[Test] = []
    joins: list[str] = []
    at = 0
    while at < len(query):
        found = _TOKEN.match(query, at)
        if found is None or (found["join"] is None) == (len(clauses) > len(joins)):
            raise StripeError(_UNPARSED)
        at = found.end()
        if found["join"]:
            joins.append(found["join"])
        else:
            clauses.append(_clause(found, fields))
    if len(clauses) != len(joins) + 1 or len(set(joins)) > 1:
        raise StripeError(_UNPARSED)
    every = all if joins[:1] != ["OR"] else any
    return lambda doc: every(clause(doc) for clause in clauses)


def _clause(found: re.Match[str], fields: Mapping[str, str]) -> Test:
    field, kind = found["field"], fields.get(found["field"])
    if kind is None:
        message = f"Field `{field}` is an unsupported search field. Supported fields: {', '.join(sorted(fields))}."
        raise refuse("state", param="query", message=message)
    quoted, mark = found["quoted"], found["mark"]
    value = re.sub(r"\\(.)", r"\1", quoted[1:-1]) if quoted else found["bare"]
    if (kind == "map") != (found["key"] is not None):
        raise StripeError(_UNPARSED)
    key = found["key"]
    test = _comparison(kind, mark, value, nothing=not quoted and value == "null")

    def clause(doc: Doc) -> bool:
        seen = at_path(doc, field)
        return test((seen or {}).get(key) if kind == "map" else seen) != bool(found["minus"])

    return clause


def _comparison(kind: str, mark: str, value: str, *, nothing: bool) -> Callable[[Any], bool]:
    if nothing and mark == ":":
        return lambda seen: seen is None
    if kind == "number":
        return _number(mark, value)
    wanted = value.casefold()
    if mark == ":":
        return lambda seen: seen is not None and _word(seen) == wanted
    if mark != "~" or len(value) < _SHORTEST_PART:
        raise StripeError(_UNPARSED)
    return lambda seen: seen is not None and wanted in _word(seen)


def _word(seen: Any) -> str:
    return str(seen).casefold()


def _number(mark: str, value: str) -> Callable[[Any], bool]:
    if not re.fullmatch(r"[0-9]{1,19}", value) or mark == "~":
        raise StripeError(_UNPARSED)
    bound = int(value)
    tests: Mapping[str, Callable[[int], bool]] = {
        ":": lambda seen: seen == bound,
        ">": lambda seen: seen > bound,
        ">=": lambda seen: seen >= bound,
        "<": lambda seen: seen < bound,
        "<=": lambda seen: seen <= bound,
    }
    return lambda seen: seen is not None and tests[mark](seen)


def search(call: "Call", kind: str, url: str, fields: Mapping[str, str]) -> Doc:
    """The page of a search that the call's ``query``, ``limit`` and ``page`` ask for, newest first.

    Raises StripeError (400). Looks at every object: there is no index over what a query may ask.
    """
    test = parse_query(call.params["query"], fields)
    limit, page = call.params.get("limit", _DEFAULT_LIMIT), call.params.get("page")
    rows = [row for row in call.state.tables[kind].walk(call.scope, {}, only_look=True) if test(row.doc)]
    start = 0
    if page is not None:
        if not page.isdigit():
            raise refuse("pattern", param="page", value=page)
        start = next((place for place, row in enumerate(rows) if row.number < int(page)), len(rows))
    shown = rows[start : start + limit]
    more = len(rows) > start + limit
    return {
        "object": "search_result",
        "data": [row.doc for row in shown],
        "has_more": more,
        "next_page": str(shown[-1].number) if more else None,
        "total_count": len(rows),
        "url": url,
    }
