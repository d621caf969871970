"""Fills the generated regions of README.md and docs/*.md from the code's own tables.

A region stands between `<!-- generated: NAME -->` and `<!-- /generated -->`. Without arguments the files are rewritten;
with --check nothing is, and the exit code is 1 if a file differs from what the tables say.
"""

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

__all__ = ["GENERATORS", "fill", "main", "pages"]

ROOT = Path(__file__).resolve().parent.parent
_REGION = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- /generated -->)", re.DOTALL)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    names = list(head)
    lines = [names, ["---"] * len(names), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def modes() -> str:
    """What each mode does with a request that the cassette knows, and with one it does not."""
    from fcproxy.core.modes import ALIASES, DECISIONS, Lookup, Mode

    def words(mode: Mode) -> str:
        others = [word if not once else f"{word} (`--once`)" for word, (of, once) in ALIASES.items() if of is mode]
        return ", ".join(word for word in others if word != mode.value)

    return table(
        ("mode", "the cassette knows the request", "it does not", "other words for it"),
        ((f"`{mode}`", DECISIONS[mode, Lookup.HIT], DECISIONS[mode, Lookup.MISS], words(mode)) for mode in Mode),
    )


def mode_words() -> str:
    """Every accepted word for a mode."""
    from fcproxy.core.modes import ALIASES

    return table(
        ("word", "means"),
        ((f"`{word}`", f"`{mode}`" + (" with `--once`" if once else "")) for word, (mode, once) in ALIASES.items()),
    )


def options() -> str:
    """The option table of fcproxy.config."""
    from fcproxy.config import EVERY, OPTIONS

    def default(value: object) -> str:
        return "" if value is None or value is False else f"`{value:g}`" if isinstance(value, float) else f"`{value}`"

    def commands(of: frozenset[str]) -> str:
        return "all that serve" if of == EVERY else ", ".join(sorted(of))

    return table(
        ("flag", "variable", "config key", "default", "what it does", "commands"),
        (
            (
                f"`{option.flag}`" + (f", `{option.short}`" if option.short else ""),
                f"`{option.variable}`",
                f"`{option.key}`",
                default(option.default),
                option.help + (f" One of: {', '.join(option.choices)}." if option.choices else ""),
                commands(option.commands),
            )
            for option in OPTIONS
        ),
    )


def commands() -> str:
    """The commands and their lines."""
    from fcproxy.cli import COMMANDS

    return table(("command", "does"), ((f"`fcproxy {name}`", text) for name, _, text in COMMANDS))


def control() -> str:
    """The control API's routes."""
    from fcproxy.server.control import ROUTES
    from fcproxy.server.incoming import PREFIX

    return table(
        ("method", "path", "what it does"), ((method, f"`{PREFIX}{path}`", text) for method, path, _, text in ROUTES)
    )


def exit_codes() -> str:
    """The error tree with its exit codes."""
    from fcproxy.core import errors

    rows = []
    for name in errors.__all__:
        kind = getattr(errors, name)
        if kind is not errors.FcproxyError and kind is not errors.UpstreamFailed:
            rows.append((str(kind.exit_code), f"`{name}`", (kind.__doc__ or "").splitlines()[0]))
    return table(("exit code", "error", "when"), sorted(rows))


GENERATORS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "control": control,
    "exit-codes": exit_codes,
    "mode-words": mode_words,
    "modes": modes,
    "options": options,
}
"""Region's name -> its text. A region without a row here is an error."""


def fill(text: str, page: str) -> str:
    """``text`` with every region made anew. Raises SystemExit for a region that nobody generates."""

    def region(match: re.Match[str]) -> str:
        generate = GENERATORS.get(match["name"])
        if generate is None:
            raise SystemExit(f"{page}: no generator is called {match['name']!r}")
        return f"{match[1]}\n{generate()}\n{match[3]}"

    return _REGION.sub(region, text)


def pages() -> list[Path]:
    """All pages, in a fixed order."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def main(arguments: list[str]) -> int:
    """The exit code."""
    stale = []
    for page in pages():
        old = page.read_text(encoding="utf-8")
        new = fill(old, page.name)
        if new != old:
            stale.append(str(page.relative_to(ROOT)))
            if "--check" not in arguments:
                page.write_text(new, encoding="utf-8")
    if not stale:
        return 0
    if "--check" not in arguments:
        print("written:", *stale)
        return 0
    print("out of date (run `make docs`):", *stale, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
