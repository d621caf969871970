"""YAML with the line of every key, for files that people write: an error can say where."""

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from fcproxy.core.errors import UsageError

__all__ = ["Placed", "read_placed"]

MAX_BYTES = 4 * 1024 * 1024
MAX_NODES = 100_000
"""Aliases count each time they are used: a bomb ends here."""

MAX_DEPTH = 100

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """``data`` in plain Python values, and the line (from 1) at which each path's key or element stands."""

    data: object
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of ``path``, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_placed(text: str, name: str) -> Placed:
    """Reads one YAML or JSON document, with plain values only. Raises UsageError, with the line."""
    if len(text) > MAX_BYTES:
        raise UsageError(f"{name}: larger than {MAX_BYTES} bytes")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        raise UsageError(f"{name}:{line}: not valid YAML ({error.problem})") from None
    except (yaml.YAMLError, RecursionError):
        raise UsageError(f"{name}: not valid YAML") from None
    reader = _Reader(name)
    data = reader.value(node, ()) if node is not None else {}
    return Placed(data, reader.lines)


class _Reader:
    def __init__(self, name: str) -> None:
        self.lines: dict[Path, int] = {}
        self._name = name
        self._nodes = 0
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, path: Path) -> object:
        line = node.start_mark.line + 1
        self._nodes += 1
        if self._nodes > MAX_NODES or len(path) > MAX_DEPTH:
            raise UsageError(f"{self._name}:{line}: too large or too deep")
        self.lines.setdefault(path, line)
        if isinstance(node, yaml.MappingNode):
            return {key: self.value(child, (*path, key)) for key, child in self._pairs(node, path)}
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        return self._scalar(node, line)

    def _pairs(self, node: yaml.MappingNode, path: Path) -> list[tuple[str, yaml.Node]]:
        pairs: dict[str, yaml.Node] = {}
        for key, child in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise UsageError(f"{self._name}:{line}: a key must be text")
            if key.value in pairs:
                raise UsageError(f"{self._name}:{line}: the key {key.value!r} stands twice")
            pairs[key.value] = child
            self.lines[(*path, key.value)] = line
        return list(pairs.items())

    def _scalar(self, node: yaml.Node, line: int) -> object:
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            raise UsageError(f"{self._name}:{line}: only text, numbers, true, false and null are taken") from None
