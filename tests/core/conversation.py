"""Requests and cassettes in few words, and a deck that is told a conversation: tests read as transcripts."""

from collections.abc import Sequence
from typing import Any

from fcproxy.core.deck import Deck, Forward, Options, Refuse, Replay
from fcproxy.core.match_rules import RouteRule
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import default_redactor

__all__ = ["KEY", "Talk", "ask", "cassette", "recorded", "written"]

KEY = "sk_" + "test_" + "a1B2c3D4e5F6g7H8i9J0k1L2"
BASE = "https://api.stripe.com"


def ask(line: str, *, key: str | None = None, auth: str | None = f"Bearer {KEY}", **headers: str) -> Request:
    """`GET /v1/customers?limit=1`, or `POST /v1/customers name=x&email=y`; ``key`` is the Idempotency-Key."""
    method, target, *body = line.split(" ", 2)
    fields = [("Host", "localhost:1234"), ("User-Agent", "test")]
    if auth is not None:
        fields.append(("Authorization", auth))
    if body and "content_type" not in headers:
        fields.append(("Content-Type", "application/x-www-form-urlencoded"))
    if key is not None:
        fields.append(("Idempotency-Key", key))
    fields.extend((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(method, BASE + target, Headers(fields), body[0].encode() if body else b"")


def recorded(*lines: str | tuple[Request | str, int | str]) -> list[RedactedInteraction]:
    """A settled recording. Each line is a request, or (request, status or body); bodies are 0, 1, 2... by default."""
    redactor = default_redactor()
    done = []
    for number, line in enumerate(lines):
        request, answer = line if isinstance(line, tuple) else (line, 200)
        body = answer if isinstance(answer, str) else str(number)
        response = Response(answer if isinstance(answer, int) else 200, Headers(), body.encode())
        done.append(redactor.redact(Interaction(request if isinstance(request, Request) else ask(request), response)))
    return redactor.settle(done)


def written(deck: Deck, journal: Sequence[tuple[int, RedactedInteraction]]) -> list[RedactedInteraction]:
    """What ``deck`` would write of the (sequence, interaction) of a journal."""
    draft, by_number = deck.draft(), dict(journal)
    for number, interaction in journal:
        draft.see(number, interaction)
    return [draft.draw(by_number[number]) for number in draft.order()]


class Talk:
    """A deck in conversation."""

    def __init__(
        self,
        interactions: Sequence[Interaction] | None,
        mode: Mode = Mode.REPLAY,
        *,
        routes: Sequence[RouteRule] = (),
        **options: Any,
    ) -> None:
        self.deck: Deck = stripe_deck(
            mode, default_redactor(), interactions, cassette="c.yaml", routes=routes, options=Options(**options)
        )

    def __call__(self, request: Request | str, **more: Any) -> str:
        """The interaction's number; `2 again` for an idempotent replay; a miss's reason; `record` or `forward`."""
        decision = self.deck.decide(ask(request, **more) if isinstance(request, str) else request)
        match decision:
            case Replay(index, response):
                if response.status == 400 and b"idempotency_error" in response.body:
                    return "idempotency error"
                return f"{index} again" if response.headers.get("Idempotent-Replayed") else str(index)
            case Refuse(miss):
                return miss.reason
            case Forward(record, _):
                return "record" if record else "forward"

    def miss(self, request: Request | str, **more: Any) -> str:
        """The message of a miss."""
        decision = self.deck.decide(ask(request, **more) if isinstance(request, str) else request)
        assert isinstance(decision, Refuse)
        return decision.miss.message


def cassette(*lines: str | tuple[Request | str, int | str], **options: Any) -> Talk:
    """A deck that replays the lines."""
    return Talk(recorded(*lines), **options)
