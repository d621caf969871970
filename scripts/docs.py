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
    """The option table of fcproxy.config.options."""
    from fcproxy.config.options import EVERY, OPTIONS

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


def match_keys() -> str:
    """The keys of a match rule."""
    from fcproxy.stripe.custom_routes import KEYS

    return table(("key", "means"), ((f"`{key}`", text) for key, text in KEYS.items()))


def redact_keys() -> str:
    """The keys of a redaction rule."""
    from fcproxy.stripe.custom_rules import KEYS

    return table(("key", "means"), ((f"`{key}`", text) for key, text in KEYS.items()))


def reasons() -> str:
    """The reasons of a miss, and what it advises."""
    from fcproxy.core.matching import REASONS

    values = {"cassette": "CASSETTE", "count": "n times", "detail": "..."}
    return table(
        ("code", "means", "what to do"),
        (
            (
                f"`{code}`",
                what.format(**values).replace(": ...", "").replace("name...", "name"),
                " ".join(advice.format(**values).split()),
            )
            for code, (what, advice) in REASONS.items()
        ),
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


def rules_kinds() -> str:
    """The kinds of secret with the first placeholder of each."""
    from fcproxy.stripe.secrets import RULES

    samples = {
        "secret": "sk_" + "test_" + "x" * 24,
        "file_name": "scan.pdf",
        "card": "4242424242424242",
        "iban": "DE89370400440532013000",
        "digits": "000123456789",
        "short_digits": "1234",
        "number": "1234",
        "postal_code": "94107",
        "wallet": "0x" + "0" * 40,
    }

    def placeholder(name: str) -> str:
        kind = RULES.kinds[name]
        return kind.draw(1, "iso" if name == "date_of_birth" else kind.hint(samples.get(name, "")))

    return table(
        ("kind", "placeholder", "later copies are found"),
        (
            (
                name.replace("_", " "),
                f"`{placeholder(name)}`",
                "everywhere" if kind.learn else "in their own fields",
            )
            for name, kind in RULES.kinds.items()
        ),
    )


def rules_fields() -> str:
    """The redaction rules by place."""
    from fcproxy.stripe.secrets import RULES

    return table(
        ("rule", "fields", "only within", "kind", "why", "source"),
        (
            (
                f"`{rule.id}`",
                ", ".join(f"`{name}`" for name in rule.names),
                ", ".join(f"`{name}`" for name in rule.within),
                "kept as it is" if rule.how == "keep" else rule.kind.replace("_", " "),
                rule.reason,
                rule.source,
            )
            for rule in RULES.fields
        ),
    )


def rules_shapes() -> str:
    """The redaction rules by shape."""
    from fcproxy.stripe.secrets import RULES

    return table(
        ("rule", "kind", "why", "source"),
        ((f"`{rule.id}`", rule.kind.replace("_", " "), rule.reason, rule.source) for rule in RULES.shapes),
    )


def rules_headers() -> str:
    """The headers that a cassette may hold."""
    from fcproxy.stripe.secrets import RULES

    how = {
        "text": "the rules for text apply",
        "url": "secret parts of the URL are replaced",
        "credential": "the credential is replaced, its kind kept",
        "challenge": "parameters go by their names",
        "whole": "replaced whole",
        "disposition": "file names are replaced",
        "number": "kept if it is a number",
        "range": "kept if it is a range of numbers",
        "mark": "kept if it is one of fcproxy's own marks",
        "keep": "as it is",
    }
    return table(
        ("header", "in", "how", "why", "switched off by"),
        (
            (
                f"`{rule.name}`",
                ", ".join(rule.sides),
                how[rule.how],
                rule.reason,
                f"`{rule.id}`" if rule.id in RULES.ids else "",
            )
            for rule in RULES.headers
        ),
    )


def detectors() -> str:
    """What the audit looks for, one row a rule."""
    from fcproxy.stripe.detectors import DETECTORS

    rows: dict[str, tuple[list[str], list[str], list[str]]] = {}
    for kind, group in (("shape", DETECTORS.shapes), ("name", DETECTORS.names), ("header", DETECTORS.headers)):
        for row in group:
            kinds, whats, sources = rows.setdefault(row.rule, ([], [], []))
            for values, value in ((kinds, kind), (whats, row.what), (sources, row.source)):
                if value not in values:
                    values.append(value)
    engine = [(f"`{rule}`", "engine", what, "") for rule, what in DETECTORS.extra.items()]
    known = [(f"`{rule}`", ", ".join(k), "; ".join(w), "; ".join(s)) for rule, (k, w, s) in sorted(rows.items())]
    return table(("rule", "known by", "finds", "source"), [*known, *engine])


def fake_routes() -> str:
    """The fake's endpoints, product by product, and what it does otherwise than Stripe."""
    from fcproxy.fake.resources import all_resources

    sections = []
    for resource in all_resources():
        if not resource.routes:
            continue
        rows = ((route.method, f"`{route.path}`", route.summary) for route in resource.routes)
        notes = "".join(f"- {note}\n" for note in resource.notes)
        events = ", ".join(f"`{event}`" for event in resource.events)
        sections.append(
            f"### {resource.title}\n\n"
            + table(("method", "path", "what it does"), rows)
            + (f"\nEvents: {events}.\n" if events else "")
            + (f"\nOtherwise than at Stripe:\n\n{notes}" if notes else "")
        )
    return "\n".join(sections)


def fake_actions() -> str:
    """What a person would do elsewhere, on the control API."""
    from fcproxy.fake.resources import all_resources

    rows = [(f"`{action.path}`", action.summary) for each in all_resources() for action in each.actions]
    return table(("POST below `/_fcproxy/fake/`", "what it does"), rows)


GENERATORS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "control": control,
    "detectors": detectors,
    "exit-codes": exit_codes,
    "fake-actions": fake_actions,
    "fake-routes": fake_routes,
    "match-keys": match_keys,
    "redact-keys": redact_keys,
    "mode-words": mode_words,
    "modes": modes,
    "options": options,
    "reasons": reasons,
    "rules-fields": rules_fields,
    "rules-headers": rules_headers,
    "rules-kinds": rules_kinds,
    "rules-shapes": rules_shapes,
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
