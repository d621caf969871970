"""Faults on demand: what may go wrong between an app and Stripe, so that its handling can be tried. Never on by itself.

One is asked for by the header Fcproxy-Fault of a request, or by a rule that the control API set.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from fcproxy.fake.errors import ERRORS, RETRY, ApiError, StripeError, refuse
from fcproxy.fake.mint import number_between
from fcproxy.fake.params import Params, choice, decimal, integer, required, text
from fcproxy.fake.state import Doc, State

__all__ = ["FAULTS", "FAULT_HEADER", "LONGEST_SECONDS", "RULE", "Fault", "Wanted", "wanted_fault"]

FAULT_HEADER = "Fcproxy-Fault"
"""On a request: the fault that is wanted. On an answer: what whoever runs the fake is to do with the connection."""
LONGEST_SECONDS = 600
_REQUEST = "invalid_request_error"
_LIMITED = "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: an error before the request is executed, or after it, or something that happens to the connection."""

    summary: str
    error: ApiError | None = None
    after: bool = False
    connection: bool = False


FAULTS: Mapping[str, Fault] = {
    "rate-limit": Fault("429 of a limiter, with its reason", ApiError(429, _REQUEST, "rate_limit", _LIMITED)),
    "lock": Fault("429 lock_timeout: the object is locked", ERRORS["lock"]),
    "conflict": Fault(
        "409: the idempotency key is still in use",
        replace(ERRORS["key_in_use"], message="Another request with this idempotency key is in progress."),
    ),
    "declined": Fault("402 card_error", ApiError(402, "card_error", "card_declined", "Your card was declined.")),
    "server-error": Fault(
        "500 before anything was done", ApiError(500, "api_error", None, "An unknown error occurred.")
    ),
    "unavailable": Fault(
        "503 before anything was done", ApiError(503, "api_error", None, "Stripe is unavailable.", headers=RETRY)
    ),
    "server-error-after": Fault(
        "500 after the work was done; a retry with the same idempotency key gets the answer",
        ApiError(500, "api_error", None, "An unknown error occurred."),
        after=True,
    ),
    "slow": Fault("the answer comes after `seconds` (default 1)", connection=True),
    "reset": Fault("the work is done, and the connection is reset before the answer", connection=True),
    "cut": Fault("the work is done, and the body is cut in the middle", connection=True),
}
"""Word -> what happens."""

REASONS = ("global-rate", "global-concurrency", "endpoint-rate", "endpoint-concurrency", "resource-specific")

RULE: Params = {
    "fault": required(choice(*FAULTS)),
    "method": choice("GET", "POST", "DELETE"),
    "path": text(),
    "probability": decimal(),
    "reason": choice(*REASONS),
    "seconds": decimal(),
    "times": integer(least=1),
}
"""What a rule says: ``path`` is a pattern with asterisks, ``times`` how often it applies, ``probability`` 0 to 1."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A fault with what was said of it."""

    name: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def fault(self) -> Fault:
        """The row of FAULTS."""
        return FAULTS[self.name]

    def refusal(self) -> StripeError | None:
        """The error that is answered; None where the fault is one of the connection."""
        error = self.fault.error
        if error is None:
            return None
        if self.name == "rate-limit":
            reason = self.options.get("reason", REASONS[0])
            error = replace(error, headers=(("Stripe-Rate-Limited-Reason", reason),))
        return StripeError(error)

    def header(self) -> tuple[str, str]:
        """The header that tells what is to happen to the connection."""
        seconds = f"; seconds={self.options.get('seconds', '1')}" if self.name == "slow" else ""
        return FAULT_HEADER, self.name + seconds


def _from_header(value: str) -> Wanted:
    name, *rest = [part.strip() for part in value.split(";")]
    if name not in FAULTS:
        message = f"There is no fault `{name}`; there are: {', '.join(FAULTS)}."
        raise refuse("state", message=message)
    options = {key.strip(): word.strip() for key, _, word in (part.partition("=") for part in rest)}
    if not _few_seconds(options.get("seconds", "1")):
        raise refuse("state", message=f"A fault's seconds go from 0 to {LONGEST_SECONDS}.")
    return Wanted(name, options)


def _few_seconds(word: str) -> bool:
    try:
        return 0 <= float(word) <= LONGEST_SECONDS
    except ValueError:
        return False


def _applies(state: State, rule: Doc, method: str, path: str) -> bool:
    if rule.get("method", method) != method or not fnmatchcase(path, rule.get("path", "*")):
        return False
    if rule.get("times") == 0:
        return False
    share = float(rule.get("probability", 1))
    return share >= 1 or number_between(state.seed, "fault", state.next("fault"), 1, 1_000_000) <= share * 1_000_000


def wanted_fault(state: State, header: str | None, method: str, path: str) -> Wanted | None:
    """The fault that a request is to meet: that of its header, else that of the first rule that applies.

    Raises StripeError (400) for a header that names none.
    """
    if header is not None:
        return _from_header(header)
    for rule in state.settings.get("faults", {}).get("rules", ()):
        if _applies(state, rule, method, path):
            if "times" in rule:
                rule["times"] -= 1
            return Wanted(rule["fault"], {name: str(rule[name]) for name in ("reason", "seconds") if name in rule})
    return None
