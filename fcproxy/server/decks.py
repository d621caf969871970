"""The decks of one proxy: the default one, and those that the control API opens; which of them a request belongs to."""

import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fcproxy.config import Config
from fcproxy.core.errors import FcproxyError, UsageError
from fcproxy.core.matching import Mismatch
from fcproxy.core.message import Headers, Request, Response
from fcproxy.core.modes import ALIASES
from fcproxy.server.answers import bad_request
from fcproxy.server.check import Check
from fcproxy.server.incoming import DECK_HEADER, PREFIX, deck_of_key
from fcproxy.server.log import Tell, silent
from fcproxy.server.loopback import is_loopback
from fcproxy.server.opened import OpenedDeck, open_deck
from fcproxy.server.upstream_url import parse_upstream

if TYPE_CHECKING:
    from fcproxy.core.verdict import Verdict

__all__ = ["Decks", "safe_cassette"]

_NAMED = 3
"""How many decks that would have matched are named."""

_BY_PATH = PREFIX + "d/"


class Decks:
    """Owns every opened deck of the process."""

    def __init__(self, config: Config, default: OpenedDeck, check: Check, tell: Tell = silent) -> None:
        """Further decks take their settings from ``config``. ``check``, ``tell``: see `open_deck`."""
        self.default = default
        self.version = 0
        """Changes whenever a request may belong to another deck than before."""
        self._config = config
        self._check = check
        self._tell = tell
        self._open: dict[str, OpenedDeck] = {}
        self._seen: dict[str, tuple[int, float]] = {}
        self._ejected: set[str] = set()

    def choose(self, target: str, headers: Headers) -> tuple[OpenedDeck | Response | None, str]:
        """The deck that a request belongs to, and the target below its base URL.

        None: it names a deck that there never was; a Response: one that has been ejected.
        """
        if target.startswith(_BY_PATH):
            name, slash, rest = target[len(_BY_PATH) :].partition("/")
            return self._named(name), slash + rest if slash else "/"
        name = headers.get(DECK_HEADER) or deck_of_key(headers) or ""
        return (self._named(name) if name else self.default), target

    def _named(self, name: str) -> OpenedDeck | Response | None:
        if name in self._ejected:
            return bad_request(404, "ejected", "this deck has been ejected")
        return self._open.get(name)

    def stray(self, request: Request) -> Mismatch:
        """The miss of a request that names no deck of ours; it counts in the default deck's verdict."""
        known = [name for name, opened in self._open.items() if opened.deck.knows(request)]
        if self.default.deck.knows(request):
            known.insert(0, "the default deck")
        detail = f"; it would match in {', '.join(known[:_NAMED])}" if known else ""
        return self.default.deck.refuse("wrong_deck", request, detail=detail).miss

    def verdict(self) -> "Verdict":
        """The default deck's verdict so far."""
        return self.default.verdict()

    def get(self, name: str) -> OpenedDeck | None:
        """An open deck by its id."""
        return self._open.get(name)

    def was_ejected(self, name: str) -> bool:
        """Whether ``name`` was a deck's id once."""
        return name in self._ejected

    async def open(self, cassette: str, mode: str, upstream: str | None) -> tuple[str, OpenedDeck]:
        """Opens a further deck. Raises UsageError, CannotStart, CassetteUnreadable."""
        if mode not in ALIASES:
            raise UsageError(f"mode: expects one of {', '.join(ALIASES)}")
        word, once = ALIASES[mode]
        config = self._config._replace(
            cassette=str(safe_cassette(self._config.cassette_folder, cassette)), once=once, state=None
        )
        if upstream is not None and upstream != self._config.upstream:
            config = config._replace(upstream=_permitted(upstream), api_key=None)
        opened = await open_deck(config, word, self._check, self._tell)
        name = os.urandom(8).hex()
        self._open[name] = opened
        self.version += 1
        return name, opened

    async def eject(self, name: str, *, keep: bool) -> "Verdict":
        """Ends a deck, once its requests in flight have ended, and gives its final verdict. Raises KeyError for an
        unknown one; see also OpenedDeck.end."""
        opened = self._open.pop(name)
        self._ejected.add(name)
        self.version += 1
        try:
            await opened.in_flight.drained()
        finally:
            await opened.end(keep=keep)
        return opened.verdict()

    async def end_idle(self, now: float) -> list[str]:
        """Ends the opened decks that had no request for the configured time, keeping what they recorded.

        ``now``: seconds of any clock that goes forward; to be called every now and then. Gives a line for each.
        """
        told = []
        for name, opened in list(self._open.items()):
            arrivals, since = self._seen.get(name, (-1, now))
            if opened.deck.arrivals != arrivals or opened.in_flight.count:
                self._seen[name] = (opened.deck.arrivals, now)
            elif now - since >= self._config.deck_timeout:
                told.append(await self._end_idle(name, opened.cassette))
        self._seen = {name: seen for name, seen in self._seen.items() if name in self._open}
        return told

    async def _end_idle(self, name: str, cassette: str) -> str:
        try:
            verdict = await self.eject(name, keep=True)
        except FcproxyError as error:
            return f"deck {name} was idle and has been ended; not kept: {error}"
        counts = (
            f"{verdict.played} played, {verdict.unused} unused, {verdict.recorded} recorded, {verdict.missed} missed"
        )
        return f"deck {name} ({cassette}) was idle and has been ended: {counts}"

    def all(self) -> list[OpenedDeck]:
        """Every open deck, the default one first."""
        return [self.default, *self._open.values()]


def _permitted(upstream: str) -> str:
    """An upstream that a control request may ask for: what it names must not be a way to other machines (SSRF)."""
    if upstream == "fake" or (upstream != "stripe" and is_loopback(urlsplit(parse_upstream(upstream)[0]).hostname)):
        return upstream
    raise UsageError("upstream: fake, a loopback URL, or what the proxy was started with")


def safe_cassette(folder: Path, name: str) -> Path:
    """``name`` below ``folder``, with letters that some file system refuses replaced. Raises UsageError on an escape.

    Names may be pytest node ids: `tests/test_pay.py::test_it[eu/1]` is a file in folders, `:` and `*` become `-`.
    """
    parts = [_safe_part(part) for part in name.replace("\\", "/").split("/") if part not in {"", "."}]
    if not parts or ".." in parts or name.startswith(("/", "\\")):
        raise UsageError("cassette: a name inside the cassette folder is expected")
    if not parts[-1].endswith(_ENDINGS):
        parts[-1] += ".yaml"
    path = folder.joinpath(*parts)
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError("cassette: a name inside the cassette folder is expected")
    return path


_ENDINGS = (".yaml", ".yml", ".json")
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


def _safe_part(part: str) -> str:
    if part == "..":
        return part
    # `::` stands between the parts of every pytest node id; whatever else is replaced could make two names one.
    plain = part.replace("::", "--")
    text = "".join(c if c.isprintable() and c not in '<>:"|?*' else "-" for c in plain).rstrip(". ") or "-"
    if text.partition(".")[0].lower() in _RESERVED:
        text = "-" + text
    if text != plain:
        stem, dot, ending = text.rpartition(".") if text.endswith(_ENDINGS) else (text, "", "")
        text = f"{stem}-{sha256(part.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}{dot}{ending}"
    raw = text.encode("utf-8")
    return text if len(raw) <= _LONGEST_PART else _shortened(raw)


_LONGEST_PART = 200
"""Bytes; file systems take 255, and the journal and lock need an ending of their own."""


def _shortened(raw: bytes) -> str:
    return raw[: _LONGEST_PART - 20].decode("utf-8", "ignore") + "-" + sha256(raw).hexdigest()[:12]
