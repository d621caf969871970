"""The modes, and the one table that says what each does with a lookup's result."""

from enum import StrEnum

__all__ = ["ALIASES", "DECISIONS", "Action", "Lookup", "Mode"]


class Mode(StrEnum):
    """Configured behaviour of a deck."""

    RECORD = "record"
    """Forwards everything and records it; the new cassette replaces the old one when the recording ends well."""
    REPLAY = "replay"
    """Answers from the cassette and forwards nothing, ever."""
    AUTO = "auto"
    """Replays what the cassette knows; forwards and records what it does not."""
    PASSTHROUGH = "passthrough"
    """Forwards everything and records nothing."""


class Lookup(StrEnum):
    """What the cassette says of a request."""

    HIT = "hit"
    MISS = "miss"


class Action(StrEnum):
    """What to do with a request now."""

    REPLAY = "replay"
    FORWARD_AND_RECORD = "forward and record"
    FORWARD = "forward"
    REFUSE = "refuse"


DECISIONS: dict[tuple[Mode, Lookup], Action] = {
    (Mode.RECORD, Lookup.HIT): Action.FORWARD_AND_RECORD,
    (Mode.RECORD, Lookup.MISS): Action.FORWARD_AND_RECORD,
    (Mode.REPLAY, Lookup.HIT): Action.REPLAY,
    (Mode.REPLAY, Lookup.MISS): Action.REFUSE,
    (Mode.AUTO, Lookup.HIT): Action.REPLAY,
    (Mode.AUTO, Lookup.MISS): Action.FORWARD_AND_RECORD,
    (Mode.PASSTHROUGH, Lookup.HIT): Action.FORWARD,
    (Mode.PASSTHROUGH, Lookup.MISS): Action.FORWARD,
}

ALIASES: dict[str, tuple[Mode, bool]] = {
    "record": (Mode.RECORD, False),
    "all": (Mode.RECORD, False),
    "rewrite": (Mode.RECORD, False),
    "replay": (Mode.REPLAY, False),
    "none": (Mode.REPLAY, False),
    "auto": (Mode.AUTO, False),
    "new_episodes": (Mode.AUTO, False),
    "once": (Mode.AUTO, True),
    "passthrough": (Mode.PASSTHROUGH, False),
}
"""Every accepted word (VCR's and pytest-recording's among them) -> the mode, and whether it is ``--once``."""
