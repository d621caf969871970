"""What may become of an object, as a table: every act in every state, those that are refused too.

The tables are written by hand, from Stripe's descriptions; nothing of them is taken from the fake.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.fake.support import Caller

REFUSED = 400

Act = Callable[[Caller, str], int]
"""Does something with the object of an id; gives the status of the answer."""


@dataclass(frozen=True)
class Machine:
    """One product's objects.

    ``begin`` makes an object and gives its id, ``state`` says where it is. ``rows`` has every state with the acts that
    are possible there: the state that follows and, behind a colon, the events (without ``prefix``); a number alone is
    the status of a refusal. An act without a row is refused with 400. A refusal changes nothing and tells nothing.
    """

    name: str
    begin: Callable[[Caller], str]
    state: Callable[[Caller, str], str]
    acts: Mapping[str, Act]
    rows: Mapping[str, Mapping[str, str]]
    prefix: str = ""

    def ways(self) -> Mapping[str, tuple[str, ...]]:
        """State -> the shortest row of acts that leads there from the first state of the table."""
        first = next(iter(self.rows))
        found: dict[str, tuple[str, ...]] = {first: ()}
        open_states = deque([first])
        while open_states:
            state = open_states.popleft()
            for act, row in self.rows[state].items():
                after = row.partition(":")[0]
                if not after.isdigit() and after not in found:
                    found[after] = (*found[state], act)
                    open_states.append(after)
        return found

    def check(self, way: tuple[str, ...], state: str, act: str) -> None:
        """Goes the way to a state, acts there, and looks at what came of it."""
        call = Caller()
        name = self.begin(call)
        for step in way:
            self.acts[step](call, name)
        assert self.state(call, name) == state, f"{self.name}: {way}"
        before = len(call.events())
        status = self.acts[act](call, name)
        row = self.rows[state].get(act, str(REFUSED))
        after, _, told = row.partition(":")
        events = [self.prefix + word for word in told.split()]
        wanted = (int(after), state, []) if after.isdigit() else (200, after, events)
        assert (status, self.state(call, name), call.events()[before:]) == wanted, f"{self.name}: {act} when {state}"


def asked(method: str, path: str, form: str = "") -> Act:
    """An act that is a request; ``{id}`` stands for the object's id."""

    def act(call: Caller, name: str) -> int:
        call(method, path.replace("{id}", name), form.replace("{id}", name))
        return call.status

    return act


def told(path: str, body: str = "") -> Act:
    """An act on the control API; ``{id}`` stands for the object's id."""

    def act(call: Caller, name: str) -> int:
        return call.fake.control("POST", path.replace("{id}", name), body.encode()).status

    return act


def passing(seconds: int) -> Act:
    """Time that goes by."""

    def act(call: Caller, name: str) -> int:
        call.advance(seconds)
        return 200

    return act
