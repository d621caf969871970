"""Values once recognised as secret, and the search for them anywhere else."""

__all__ = ["MIN_LENGTH", "Learned"]

MIN_LENGTH = 8
"""Shorter values are redacted where they stand and not looked for elsewhere: they would hit ordinary words."""

_GRAM = 8


class Learned:
    """Finds any of many literals in a text.

    Grows while recording, so no automaton is built: values are filed under their first characters, and a text is
    searched either value by value or position by position, whichever is less work.
    """

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._by_gram: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self._kinds)

    def add(self, value: str, kind: str) -> bool:
        """Learns ``value``; True where it is new and long enough to be looked for."""
        if len(value) < MIN_LENGTH or value in self._kinds or len(set(value)) < 4:
            return False
        self._kinds[value] = kind
        # Longest first, so that a value that begins like another is taken whole.
        filed = self._by_gram.setdefault(value[:_GRAM], [])
        filed.append(value)
        filed.sort(key=len, reverse=True)
        return True

    def kind(self, value: str) -> str | None:
        """The kind under which exactly ``value`` was learned."""
        return self._kinds.get(value)

    def search(self, text: str) -> list[tuple[int, int, str]]:
        """Where learned values stand in ``text``: (start, end, kind), not overlapping, in order."""
        if not self._kinds or len(text) < MIN_LENGTH:
            return []
        if len(self._by_gram) * 2 < len(text):
            starts = self._by_value(text)
        else:
            grams = self._by_gram
            starts = [at for at in range(len(text) - _GRAM + 1) if text[at : at + _GRAM] in grams]
        found: list[tuple[int, int, str]] = []
        last = 0
        for at in starts:
            if at < last:
                continue
            for value in self._by_gram[text[at : at + _GRAM]]:
                if text.startswith(value, at):
                    last = at + len(value)
                    found.append((at, last, self._kinds[value]))
                    break
        return found

    def _by_value(self, text: str) -> list[int]:
        starts = []
        for gram in self._by_gram:
            at = text.find(gram)
            while at >= 0:
                starts.append(at)
                at = text.find(gram, at + 1)
        return sorted(starts)
