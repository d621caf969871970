"""Config files: where they are looked for, and what stands in them."""

from collections.abc import Iterable
from pathlib import Path

from fcproxy.config.options import BY_NAME, OPTIONS, Option, Value
from fcproxy.config.values import convert
from fcproxy.core.errors import UsageError
from fcproxy.core.match_rules import RouteRule

__all__ = ["CONFIG_FILES", "find_file", "read_file"]

CONFIG_FILES = ("fcproxy.toml", "pyproject.toml")
"""Looked for in the working folder, in this order; the second counts only with a [tool.fcproxy] table."""


def find_file(folder: Path) -> Path | None:
    """The config file of ``folder``, or None. Parents are not searched: what counts is in sight."""
    for name in CONFIG_FILES:
        if (path := folder / name).is_file() and (name != "pyproject.toml" or b"[tool.fcproxy" in path.read_bytes()):
            return path
    return None


def read_file(path: Path | None, *, must: bool = False) -> dict[str, Value]:
    """The values in a config file. Raises UsageError for what is no TOML, for unknown keys and for wrong types."""
    if path is None:
        return {}
    import tomllib  # deferred: most starts find no file

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    if path.name == "pyproject.toml" or "tool" in data:
        data = data.get("tool", {}).get("fcproxy", {})
    elif must and not data:
        raise UsageError(f"{path}: holds no option")
    values: dict[str, Value] = {}
    for key, value in data.items():
        if key == "match":
            values[key] = _routes(value, path)
        elif key == "redact":
            values[key] = value  # read when the environment is known: literals come from there
        else:
            values[_known(key, path).name] = convert(_known(key, path), value, f"{path}: {key}")
    return values


def _routes(tables: object, path: Path) -> tuple[RouteRule, ...]:
    try:
        from fcproxy.stripe.custom_routes import routes_from

        return routes_from(tables)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _known(key: str, path: Path) -> Option:
    option = BY_NAME.get(key.replace("-", "_"))
    if option is None:
        raise UsageError(
            f"{path}: unknown key {key!r}{_suggestion(key, ['match', 'redact', *(o.key for o in OPTIONS)])}"
        )
    return option


def _suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'cassette'?`, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word.replace("_", "-"), list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
