"""State machines of what lives on the clock: registrations, deliveries."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from fcproxy.fake import Delivery
from fcproxy.fake.deliveries import RETRY_GAPS
from tests.fake.support import Caller

DAY = 86_400
STATES = ("CA", "NY", "TX")


class Registrations(RuleBasedStateMachine):
    """A registration is what the clock makes of its two moments, and a place has one that is not over."""

    def __init__(self) -> None:
        super().__init__()
        self.call = Caller()
        self.known: dict[str, tuple[str, int, int | None]] = {}

    made: Any = Bundle("made")

    def status(self, start: int, end: int | None) -> str:
        now = self.call.fake.now()
        if end is not None and end <= now:
            return "expired"
        return "active" if start <= now else "scheduled"

    @rule(target=made, state=st.sampled_from(STATES), start=st.integers(0, 3), length=st.none() | st.integers(1, 4))
    def registered(self, state: str, start: int, length: int | None) -> str:
        now = self.call.fake.now()
        begins = now + start * DAY
        ends = None if length is None else begins + length * DAY
        form = f"country=US&country_options[us][state]={state}&country_options[us][type]=state_sales_tax"
        form += f"&active_from={begins}" + (f"&expires_at={ends}" if ends else "")
        taken = any(place == state and self.status(a, b) != "expired" for place, a, b in self.known.values())
        answer = self.call("POST", "/v1/tax/registrations", form)
        assert (self.call.status == 400) == taken, answer
        if taken:
            return ""
        self.known[answer["id"]] = (state, begins, ends)
        return str(answer["id"])

    @rule(name=made, days=st.integers(1, 4))
    def ended(self, name: str, days: int) -> None:
        if not name:
            return
        state, begins, ends = self.known[name]
        later = self.call.fake.now() + days * DAY
        self.call("POST", f"/v1/tax/registrations/{name}", f"expires_at={later}")
        allowed = self.status(begins, ends) != "expired" and later > begins
        assert (self.call.status == 200) == allowed
        if allowed:
            self.known[name] = (state, begins, later)

    @rule(days=st.integers(1, 3))
    def passing(self, days: int) -> None:
        self.call.advance(days * DAY)

    @invariant()
    def as_the_clock_says(self) -> None:
        for name, (_, begins, ends) in self.known.items():
            assert self.call.get(f"/v1/tax/registrations/{name}")["status"] == self.status(begins, ends)
        for status in ("active", "expired", "scheduled"):
            listed = self.call.get("/v1/tax/registrations", f"status={status}&limit=100")["data"]
            expected = {name for name, (_, begins, ends) in self.known.items() if self.status(begins, ends) == status}
            assert {item["id"] for item in listed} == expected


TestRegistrations = Registrations.TestCase
TestRegistrations.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)


class Deliveries(RuleBasedStateMachine):
    """Every event reaches every endpoint that wants it, or is tried three times; nothing is sent twice at once."""

    def __init__(self) -> None:
        super().__init__()
        self.call = Caller()
        self.endpoints: list[str] = []
        self.under_way: list[Delivery] = []
        self.tries: dict[tuple[str, str], int] = {}
        self.done: set[tuple[str, str]] = set()
        self.wanted: set[tuple[str, str]] = set()

    @rule()
    def listened(self) -> None:
        if len(self.endpoints) < 3:
            form = "url=http://127.0.0.1:9/&enabled_events[]=customer.created"
            self.endpoints.append(self.call.post("/v1/webhook_endpoints", form)["id"])

    @rule()
    def happened(self) -> None:
        self.call.post("/v1/customers")
        event = self.call.get("/v1/events", "limit=1")["data"][0]["id"]
        self.wanted |= {(event, endpoint) for endpoint in self.endpoints}

    @rule()
    def taken(self) -> None:
        for delivery in self.call.fake.due():
            key = (delivery.event, delivery.endpoint)
            assert key in self.wanted - self.done
            assert key not in {(other.event, other.endpoint) for other in self.under_way}
            self.tries[key] = self.tries.get(key, 0) + 1
            assert self.tries[key] <= len(RETRY_GAPS) + 1
            self.under_way.append(delivery)

    @rule(well=st.booleans())
    def ended(self, well: bool) -> None:
        if self.under_way:
            delivery = self.under_way.pop()
            self.call.fake.sent(delivery, 200 if well else 500)
            if well:
                self.done.add((delivery.event, delivery.endpoint))

    @rule(seconds=st.sampled_from([30, 60, 3600]))
    def passing(self, seconds: int) -> None:
        self.call.advance(seconds)

    @invariant()
    def what_is_pending_is_counted(self) -> None:
        for event in self.call.get("/v1/events", "limit=100")["data"]:
            mine = {key for key in self.wanted if key[0] == event["id"]}
            assert event["pending_webhooks"] == len(mine - self.done)


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
