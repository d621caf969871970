"""Redaction of URLs: user info always, query and fragment by name and shape, tokens where the URL is a secret."""

from collections.abc import Callable
from urllib.parse import quote, unquote

from fcproxy.core import marker
from fcproxy.core.expression import expression
from fcproxy.core.ledger import Ledger
from fcproxy.core.redact_text import TextRedactor
from fcproxy.core.rules import RuleBook, normal
from fcproxy.core.scope import NO_BASE, Base
from fcproxy.core.url import split

__all__ = ["UrlRedactor", "words_of"]

_TOKEN_LIKE = expression(r"(?=[^\s]*[0-9])[A-Za-z0-9_~%.+=-]{16,}")


_LONG = 40


class UrlRedactor:
    """Takes URLs apart with one ledger. ``form`` redacts a query."""

    def __init__(self, book: RuleBook, ledger: Ledger, text: TextRedactor, form: Callable[[str, Base], str]) -> None:
        self._kind = book.kinds["secret"]
        self._placeholders = expression("|".join(kind.literal for kind in book.kinds.values() if kind.literal))
        self._ledger = ledger
        self._text = text
        self._form = form

    def redact(self, url: str, *, secret: bool, base: Base = NO_BASE) -> str:
        """``url`` with scheme, host and the path's form as they were.

        ``secret``: the URL itself lets its holder in, so every part of it that looks like a token goes too.
        """
        if url.startswith("//"):
            # A network-path reference (RFC 3986 section 4.2) has user info, too.
            return self.redact(f"x:{url}", secret=secret, base=base)[2:]
        if "&#" in url or "&amp;" in url:
            # `#` begins no fragment here: it belongs to an HTML entity.
            url = marker.outside(url, self._text.redact_words)
        scheme, user, host, path, query, fragment = split(url)
        out = scheme
        if user is not None:
            out += self._user(user) + "@"
        out += self._host(host) + self._path(path, secret=secret)
        if query is not None:
            done = self._form(query, base)
            out += "?" + (self._query_tokens(done) if secret else done)
        if fragment is not None:
            out += "#" + self._fragment(fragment, base, secret=secret)
        return out

    def _host(self, host: str) -> str:
        name, colon, port = host.rpartition(":")
        if colon and port and not port.isdigit() and not host.endswith("]") and marker.OPEN not in host:
            # A password with a slash in it ends what looks like the host.
            return f"{name}:{self._ledger.marker(self._kind, port, 'url-user-info')}"
        return self._text.redact_words(host)

    def _path(self, path: str, *, secret: bool) -> str:
        if len(path) > _LONG:
            # A slash may belong to base64.
            path = marker.outside(path, self._text.redact_words)
        return "/".join(self._segment(part, secret=secret) for part in path.split("/"))

    def _user(self, user: str) -> str:
        parts = [unquote(part) for part in user.split(":", 1)]
        return ":".join(self._ledger.marker(self._kind, part, "url-user-info") if part else "" for part in parts)

    def _segment(self, part: str, *, secret: bool) -> str:
        if not part:
            return part
        if secret and _TOKEN_LIKE.fullmatch(part):
            return self._token(part)
        if "%" not in part:
            return self._text.redact(part)
        decoded = unquote(part, errors="surrogateescape")
        done = self._text.redact(decoded)
        if done == decoded:
            return self._text.redact(part)
        return marker.bump(done, lambda text: quote(text, safe="", errors="surrogateescape"))

    def _query_tokens(self, query: str) -> str:
        pairs = [piece.partition("=") for piece in query.split("&")]
        return "&".join(f"{key}{equals}{self._token_in(value)}" for key, equals, value in pairs)

    def _fragment(self, fragment: str, base: Base, *, secret: bool) -> str:
        if "=" in fragment and not secret:
            return self._form(fragment, base)
        done = self._text.redact(fragment)
        return self._token_in(done) if secret or _TOKEN_LIKE.fullmatch(self._bare(done)) else done

    def _token_in(self, text: str) -> str:
        """All of ``text`` where a part of it looks like a token: what is left beside it would be a piece of one."""
        if _TOKEN_LIKE.search(self._bare(text)) is None:
            return text
        return self._token(text) if marker.OPEN not in text else self._token(marker.MARKER.sub("-", text))

    def _bare(self, text: str) -> str:
        """``text`` without what has been redacted in it, now or before."""
        return self._placeholders.sub(" ", unquote(marker.MARKER.sub(" ", text)))

    def _token(self, value: str) -> str:
        # `test_` and `live_` before a hosted page's blob say the mode: tests look at it.
        head = next((prefix for prefix in ("test_", "live_") if value.startswith(prefix)), None)
        return self._ledger.marker(self._kind, value, "url-token", hint=head)


def words_of(url: str) -> frozenset[str]:
    """The normal names in a URL's path: the base words of a request."""
    return frozenset(normal(part) for part in split(url).path.split("/") if part)
