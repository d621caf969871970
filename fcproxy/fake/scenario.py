"""Scenarios: a file's data -> a fake that holds the fixtures it describes.

A scenario is a hash with these keys, each of them optional:

``clock``   the moment (ISO 8601) that the clock is moved to first
``steps``   a list of calls, each a hash: one of ``post``, ``get``, ``delete`` (a path of the API) or ``control`` (a
            path of the fake's control API); ``with``, its parameters; ``as``, a name for its answer. ``${name.field}``
            in a path or parameter stands for a field of an earlier answer
``faults``  a list of fault rules, set after the steps

Reading the file is its reader's work: an error here says by ``path`` which key it is about, so that a line can be
named.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fcproxy.core.form import encode_pairs, join_key
from fcproxy.core.message import Headers, Request, Response
from fcproxy.fake.state import Doc, at_path

if TYPE_CHECKING:
    from fcproxy.fake.engine import Fake

__all__ = ["KEYS", "STEP_KEYS", "ScenarioError", "apply_scenario"]

KEYS = ("clock", "steps", "faults")
METHODS = ("post", "get", "delete", "control")
STEP_KEYS = (*METHODS, "with", "as")
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\.([A-Za-z0-9_.]+)\}")
_KEY = "sk_" + "test_" + "fcproxyscenario"

Path = tuple[str | int, ...]


class ScenarioError(ValueError):
    """A scenario that cannot be. ``path`` leads to the key that it is about: ("steps", 2, "with")."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{'.'.join(str(part) for part in path) or 'the scenario'}: {message}")
        self.path = path
        self.message = message


def apply_scenario(fake: "Fake", data: Any) -> Mapping[str, Doc]:
    """Does what a scenario says, and gives the named answers. Raises ScenarioError."""
    scenario = _hash(data, (), KEYS)
    if "clock" in scenario:
        _well(fake.control("POST", "clock", json.dumps({"to": str(scenario["clock"])}).encode()), ("clock",))
    answers: dict[str, Doc] = {}
    for position, step in enumerate(_list(scenario.get("steps", []), ("steps",))):
        path: Path = ("steps", position)
        name, answer = _step(fake, _hash(step, path, STEP_KEYS), path, answers)
        if name:
            answers[name] = answer
    for position, rule in enumerate(_list(scenario.get("faults", []), ("faults",))):
        _well(fake.control("POST", "faults", json.dumps(rule).encode()), ("faults", position))
    return answers


def _hash(value: Any, path: Path, known: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ScenarioError(path, "a mapping is needed here")
    for key in value:
        if key not in known:
            raise ScenarioError((*path, str(key)), f"unknown key; there are: {', '.join(known)}")
    return value


def _list(value: Any, path: Path) -> Sequence[Any]:
    if not isinstance(value, list):
        raise ScenarioError(path, "a list is needed here")
    return value


def _step(fake: "Fake", step: Mapping[str, Any], path: Path, answers: Mapping[str, Doc]) -> tuple[str, Doc]:
    methods = [method for method in METHODS if method in step]
    if len(methods) != 1:
        raise ScenarioError(path, f"exactly one of these is needed: {', '.join(METHODS)}")
    method = methods[0]
    target = _resolved(step[method], (*path, method), answers)
    given = _resolved(step.get("with", {}), (*path, "with"), answers)
    if not isinstance(target, str) or not isinstance(given, dict):
        raise ScenarioError(path, "a path is text, and `with` is a mapping")
    if method == "control":
        response = fake.control("POST", target, json.dumps(given, default=str).encode())
    else:
        response = fake.handle(_request(method.upper(), target, given))
    return str(step.get("as", "")), _well(response, (*path, method))


def _request(method: str, target: str, given: Doc) -> Request:
    headers = [("Authorization", f"Bearer {_KEY}")]
    form = encode_pairs(_pairs(given, ()))
    if method == "POST":
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        return Request(method, f"https://api.stripe.com{target}", Headers(headers), form.encode())
    query = f"?{form}" if form else ""
    return Request(method, f"https://api.stripe.com{target}{query}", Headers(headers))


def _pairs(value: Any, path: tuple[str, ...]) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for name, item in value.items() for pair in _pairs(item, (*path, str(name)))]
    if isinstance(value, list):
        return [pair for position, item in enumerate(value) for pair in _pairs(item, (*path, str(position)))]
    word = {True: "true", False: "false"}[value] if isinstance(value, bool) else "" if value is None else str(value)
    return [(join_key(path), word)]


def _resolved(value: Any, path: Path, answers: Mapping[str, Doc]) -> Any:
    if isinstance(value, dict):
        return {str(name): _resolved(item, (*path, str(name)), answers) for name, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, (*path, position), answers) for position, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replaced(found: re.Match[str]) -> str:
        field = _field(answers.get(found[1]), found[2])
        if field is None:
            raise ScenarioError(path, f"${{{found[1]}.{found[2]}}} is not known here")
        return str(field)

    return _REFERENCE.sub(replaced, value)


def _field(answer: Doc | None, name: str) -> Any:
    """A field of an answer; a number in the name counts in a list (`accounts.data.0.id`)."""
    found: Any = answer
    for word in name.split("."):
        if isinstance(found, list):
            found = found[int(word)] if word.isdigit() and int(word) < len(found) else None
        else:
            found = at_path(found, word)
    return found


def _well(response: Response, path: Path) -> Doc:
    answer: Doc = json.loads(response.body)
    if response.status >= 400:
        error = answer["error"]
        about = f" ({error['param']})" if error.get("param") else ""
        raise ScenarioError(path, f"refused with {response.status}: {error['message']}{about}")
    return answer
