"""All resources together: kinds by name, routes by path, actions, jobs. Built once from the resources' tables."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from fcproxy.fake.resource import Action, Kind, Resource, Route
from fcproxy.fake.state import Doc, Extractor
from fcproxy.stripe.ids import is_account, is_well_formed

if TYPE_CHECKING:
    from fcproxy.fake.call import Call

__all__ = ["Catalogue", "Paths"]

T = TypeVar("T")


@dataclass(slots=True)
class _Node(Generic[T]):
    words: "dict[str, _Node[T]]" = field(default_factory=dict)
    names: tuple[str, ...] = ()
    values: dict[str, T] = field(default_factory=dict)


class Paths(Generic[T]):
    """Finds what stands under a path template such as ``/v1/customers/{id}``, by method. Fixed words win over names."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, method: str, template: str, value: T) -> None:
        """Enters a value. Raises ValueError where one stands already."""
        node, names = self._root, []
        for word in template.strip("/").split("/"):
            if word.startswith("{"):
                names.append(word[1:-1])
            node = node.words.setdefault("{}" if word.startswith("{") else word, _Node())
        if method in node.values:
            raise ValueError(f"{method} {template} is there twice")
        node.names = tuple(names)
        node.values[method] = value

    def find(self, path: str) -> tuple[Mapping[str, T], dict[str, str]]:
        """What stands under a path, by method (empty: nothing), and the words that its names stand for."""
        node, found = self._root, []
        for word in path.strip("/").split("/"):
            if word in node.words and word != "{}":
                node = node.words[word]
            elif "{}" in node.words and word:
                node = node.words["{}"]
                found.append(word)
            else:
                return {}, {}
        return node.values, dict(zip(node.names, found, strict=False))


class Catalogue:
    """What a fake consists of."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources = tuple(resources)
        self.kinds: Mapping[str, Kind] = {kind.name: kind for item in self.resources for kind in item.kinds}
        self.jobs: Mapping[str, Callable[[Call, Doc], None]] = {
            name: job for item in self.resources for name, job in item.jobs.items()
        }
        self.paths: dict[str, str] = {}
        """Kind -> the path that one of its objects is retrieved at, by its own id alone: the first where it has two."""
        for route in (route for item in self.resources for route in item.routes):
            if route.method == "GET" and not route.listed and route.path.count("{") < 2:
                self.paths.setdefault(route.returns, route.path)
        self.events = frozenset(event for item in self.resources for event in item.events)
        self.routes: Paths[Route] = Paths()
        self.actions: Paths[Action] = Paths()
        for resource in self.resources:
            for route in resource.routes:
                self.routes.add(route.method, route.path, route)
            for action in resource.actions:
                self.actions.add("POST", action.path, action)

    def indexes(self) -> Mapping[str, Mapping[str, Extractor]]:
        """The indexes of every kind's table."""
        return {name: kind.indexes for name, kind in self.kinds.items()}

    def may_exist(self, kind: str, object_id: str) -> bool:
        """Whether an id that the fake never gave may be taken for one made elsewhere: it has the shape of its kind."""
        if self.kinds[kind].stand_in is None:
            return False
        return is_account(object_id) if kind == "account" else is_well_formed(kind, object_id)
