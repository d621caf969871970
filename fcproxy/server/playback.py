"""What of time there is in a recording, and how it is played: latency, Retry-After, age, the API's version."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from fcproxy.config import Config
from fcproxy.core.errors import UsageError
from fcproxy.core.match_rules import RouteRule
from fcproxy.core.message import Headers, Interaction, Response

__all__ = ["LATENCY", "VERSION_RULE", "Playback", "is_too_old", "playback", "timed"]

LATENCY = "Fcproxy-Latency"
"""Header of a stored answer: milliseconds that the upstream took. Only --latency recorded puts it there."""

_LONGEST = 60.0
"""Longest wait in seconds that a cassette can ask for."""

VERSION_RULE = RouteRule("on-version-change", ignore=("header.Stripe-Version",))
"""--on-version-change warn: played all the same, and the verdict tells how often that rule was needed."""


class Playback(NamedTuple):
    """``interactions`` as they are played. ``delays``: seconds by interaction; empty where nothing is waited for."""

    interactions: list[Interaction]
    delays: tuple[float, ...] = ()

    def delay(self, index: int) -> float:
        """Seconds to wait before interaction ``index`` is answered."""
        return self.delays[index] if self.delays else 0.0


def playback(interactions: Sequence[Interaction], latency: str) -> Playback:
    """``latency`` is ``none``, ``recorded`` or milliseconds. Raises UsageError for another word.

    Where nothing is waited for, a client need not wait either: Retry-After says 0.
    """
    played = [Interaction(one.request, _response(one.response, at_once=latency == "none")) for one in interactions]
    if latency == "none":
        return Playback(played)
    if latency == "recorded":
        return Playback(played, tuple(_seconds(one.response.headers.get(LATENCY)) for one in interactions))
    if not (latency.isascii() and latency.isdigit() and len(latency) <= 6):
        raise UsageError("--latency: expects none, recorded, or a number of milliseconds")
    return Playback(played, (int(latency) / 1000,) * len(played))


def _response(response: Response, *, at_once: bool) -> Response:
    headers = response.headers
    wait = headers.get("Retry-After")
    if LATENCY in headers:
        headers = headers.without(LATENCY)
    if at_once and wait is not None and wait.strip().isdigit():
        headers = headers.replaced("Retry-After", "0")
    if headers is response.headers:
        return response
    return Response(response.status, headers, response.body, response.reason)


def _seconds(value: str | None) -> float:
    good = value is not None and value.isascii() and value.isdigit() and len(value) <= 9
    return min(int(value or 0) / 1000, _LONGEST) if good else 0.0


def timed(headers: Headers, seconds: float) -> Headers:
    """Headers of an answer that took ``seconds``, for a recording."""
    return Headers([*headers, (LATENCY, str(round(seconds * 1000)))])


def is_too_old(recorded_at: str | None, config: Config) -> bool | None:
    """Whether --max-age forbids playing a cassette of that moment (ISO 8601); None where it cannot be told."""
    if config.max_age is None:
        return False
    try:
        moment = datetime.fromisoformat(recorded_at or "")
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return datetime.now(UTC) - moment > timedelta(days=config.max_age)
