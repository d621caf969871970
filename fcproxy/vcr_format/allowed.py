"""The comment by which detect-secrets passes over a text, put where it would take nothing but object ids for secrets.

That scanner measures entropy, which cannot tell `fcsess_1Ab...` from a key, and ids have to stay. So its own measure is
taken here first: where all that it would report is ids, placeholders or encoded readable text, the text gets the
comment; where one token is anything else, it gets none, and the scanner goes on reporting it. What is allowed can be
listed with `detect-secrets scan --only-allowlisted`.
"""

import base64
import binascii

from fcproxy.core.entropy import entropy
from fcproxy.core.expression import expression

__all__ = ["COMMENT", "commented", "needs_comment", "uncommented", "without_comments"]

COMMENT = " # pragma: allowlist secret"

_LIMIT = 4.5
"""Bits per character above which detect-secrets reports a token (its plugin Base64HighEntropyString)."""

_DISTINCT = 23
"""Fewer different characters hold less than that."""

_TOKEN = expression(r"""["']([A-Za-z0-9+/\\_=-]{23,})(?=["'])""")
"""What it measures, in a value that is written in quotes."""

_RUN = expression(r"[A-Za-z0-9+/_=-]{23,}")
_ID = expression(
    r"(?<![A-Za-z0-9_])(?:(?:evt|ed)_(?:test_)?[A-Za-z0-9]{14,64}"
    r"|(?!(?:sk|rk|pk|ek|uk|oak|usk|uat|whsec|btok|tok|cs)_)(?:tax_li|[a-z]{2,12})_"
    r"(?:[A-Za-z0-9]{24}|[A-Za-z0-9]{16}|[A-Za-z0-9]{14}))(?![A-Za-z0-9])"
)
"""Ids as Stripe draws them: a word, then 14, 16 or 24 characters (v2: more). Credentials that look so are left out."""

_READABLE = expression(r"[ -~\s]+")
_DEPTH = 3


def needs_comment(*bodies: bytes) -> bool:
    """Whether detect-secrets would report something in ``bodies``, one line to it, and all of it is harmless."""
    random = False
    for body in bodies:
        try:
            # It puts a value in quotes, and a backslash before each quote within.
            seen = '"' + body.decode().replace('"', '\\"') + '"'
        except UnicodeDecodeError:
            random = True  # It sees base64: packed octets are random to any measure, and tell nothing by it.
            continue
        for token in set(_TOKEN.findall(seen)):
            harmless = _harmless(token.replace("\\", ""), _DEPTH)
            if not (harmless and random) and _random(token):
                if not harmless:
                    return False
                random = True
    return random


def _random(token: str) -> bool:
    return len(set(token)) >= _DISTINCT and entropy(token) > _LIMIT


def _harmless(token: str, depth: int) -> bool:
    rest = _ID.sub("", token)
    return not _random(rest) or (depth > 0 and _readable(rest, depth - 1))


def _readable(token: str, depth: int) -> bool:
    try:
        standard = token.replace("-", "+").replace("_", "/") + "=" * (-len(token) % 4)
        text = base64.b64decode(standard, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return bool(_READABLE.fullmatch(text)) and all(_harmless(run, depth) for run in _RUN.findall(text))


def commented(written: str, indent: int) -> str:
    """The YAML scalar ``written`` with the comment where the scanner sees it: on the line on which the value begins."""
    first, line_end, rest = written.partition("\n")
    if line_end and first.startswith('"'):
        return f"{COMMENT.strip()}\n{' ' * indent}{written}"
    return first + COMMENT + line_end + rest


def uncommented(line: str) -> str:
    """A scalar on one line, or a line of the compact style, without the comment."""
    return line.removesuffix(COMMENT)


def without_comments(text: str) -> str:
    """A file's text with every line less that ending: comments, and what in a body reads the same."""
    return text.replace(f"{COMMENT}\n", "\n")
