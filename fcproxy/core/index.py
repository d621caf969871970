"""Where the interactions of a cassette are to be found: by key, by secrets, by route. Grows with them, else unchanging.

Holds no canonical form: of 100,000 interactions these would be larger than the cassette itself.
"""

from collections.abc import Callable, Sequence

from fcproxy.core import marker
from fcproxy.core.canonical import BLANK, Canonical
from fcproxy.core.lookalikes import Lookalikes

__all__ = ["Filed", "Index"]

Secrets = tuple[tuple[str, str], ...]
Route = tuple[str, str]


class Filed(list[int]):
    """Interactions with one key, in order. ``starts``: from where on -> the first that may be unplayed.

    Marks are never taken back, so a search need not begin anew each time.
    """

    __slots__ = ("starts",)

    def __init__(self) -> None:
        super().__init__()
        self.starts: dict[int, int] | None = None


class Index:
    """``canonical`` computes the form of the interaction with a given number."""

    def __init__(self, canonical: Callable[[int], Canonical]) -> None:
        self.canonical = canonical
        self.keys: list[bytes] = []
        """The key of each interaction's form."""
        self.loosened: list[bool] = []
        """Whether a route rule took something of it out of the comparison."""
        self.secrets: list[Secrets] = []
        self.credentials: list[str] = []
        self.routes: list[Route] = []
        """(method, path) of each interaction."""
        self.known: set[str] = set()
        """Every secret's value that stands in a request: placeholders, as a rule."""
        self.families: dict[str, None] = {}
        self.alike: list[Filed] = []
        """For each interaction all those of its key and family."""
        self._by_key: dict[tuple[bytes, str], Filed] = {}
        self._exact: dict[tuple[bytes, Secrets], list[int]] = {}
        self._by_route: dict[Route, list[int]] = {}
        self.templates: set[int] = set()
        """Those that hold a secret in the middle of a text."""
        self.lookalikes = Lookalikes()

    def add(self) -> None:
        """Files the next interaction."""
        index = len(self.routes)
        form = self.canonical(index)
        route = (form.method, form.path)
        filed = self._by_route.setdefault(route, [])
        # The very tuple and list of an earlier one: equal routes are stored once.
        self.routes.append(self.routes[filed[0]] if filed else route)
        filed.append(index)
        alike = self._by_key.setdefault((form.key, form.family), Filed())
        alike.append(index)
        self.alike.append(alike)
        self.keys.append(form.key)
        self.loosened.append(bool(form.loosened))
        self.families.setdefault(form.family)
        self.secrets.append(form.secrets)
        self.credentials.append(form.credential)
        if form.secrets:
            self._exact.setdefault((form.key, form.secrets), []).append(index)
            self.known.update(value for _, value in form.secrets)
            if any(marker.OPEN in text and not BLANK.fullmatch(text.strip('"')) for text in form.fields.values()):
                self.templates.add(index)
        self.lookalikes.add(form)

    # -- lookup ------------------------------------------------------------------------------------------------

    def keyed(self, key: bytes, families: Sequence[str]) -> Sequence[int]:
        """Interactions with this key and one of these families, in order."""
        if len(families) == 1:
            return self._by_key.get((key, families[0]), ())
        found = [filed for family in families if (filed := self._by_key.get((key, family)))]
        if len(found) == 1:
            return found[0]
        return sorted(index for filed in found for index in filed)

    def exact(self, key: bytes, secrets: Secrets) -> Sequence[int]:
        """Interactions with this key and these very secrets, of any family."""
        return self._exact.get((key, secrets), ())

    def on_route(self, method: str, path: str) -> Sequence[int]:
        """Interactions of one method and path."""
        return self._by_route.get((method, path), ())
