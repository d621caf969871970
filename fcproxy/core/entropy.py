"""How random a text looks."""

from math import log2

__all__ = ["entropy"]


def entropy(text: str) -> float:
    """Shannon's entropy of the characters, in bits per character."""
    size = len(text)
    return -sum(count / size * log2(count / size) for count in map(text.count, set(text)))
