"""How a fake is to behave, apart from its seed and clock."""

from dataclasses import dataclass

__all__ = ["Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """Choices of whoever runs the fake.

    ``strict`` refuses references to objects that this fake did not make, where otherwise an id of the right shape is
    taken for one made elsewhere, and tax calculations while the tax settings are pending. ``forward_hosts`` are the
    hosts (``name`` or ``name:port``) that forwarding may call; by default none but the built-in echo.
    ``websocket_base`` is where a listening CLI finds its websocket: the session's id follows, behind a slash.
    """

    strict: bool = False
    forward_hosts: frozenset[str] = frozenset()
    websocket_base: str = "ws://127.0.0.1:12111/_fcproxy/fake/cli"
