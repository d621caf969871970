"""What the audit's tests share: secrets drawn at run time, messages around them, an auditor."""

import random
import string
import sys

from fcproxy.codings import DECODERS
from fcproxy.core.audit import Auditor
from fcproxy.core.audit_report import Finding
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.stripe.detectors import DETECTORS

KEY = b"a key for the tests' fingerprints"

_calls: dict[tuple[str, int], int] = {}


def drawn(size: int) -> str:
    """``size`` letters and digits, with a capital and a digit, as Stripe draws them.

    The n-th call from one line gives the same text in every process, whatever else was drawn.
    """
    frame = sys._getframe(1)
    place = (frame.f_code.co_filename.rpartition("/")[2], frame.f_lineno)
    _calls[place] = _calls.get(place, 0) + 1
    draw = random.Random(f"{place} {_calls[place]}")
    return "".join(draw.choices(string.ascii_letters + string.digits, k=size - 2)) + "Q7"


def secret_key(kind: str = "sk_" + "test_") -> str:
    return kind + drawn(24)


def client_secret() -> str:
    return "fcsess_client_" + "secret_" + drawn(24)


def auditor() -> Auditor:
    return Auditor(DETECTORS, DECODERS, KEY)


def exchange(
    body: bytes = b"{}",
    *,
    url: str = "https://api.stripe.com/v1/things",
    headers: tuple[tuple[str, str], ...] = (),
    request_headers: tuple[tuple[str, str], ...] = (),
    request_body: bytes = b"",
) -> Interaction:
    """An interaction with the given parts and nothing else."""
    request = Request("POST", url, Headers(request_headers), request_body)
    return Interaction(request, Response(200, Headers(headers), body, "OK"))


def found(interaction: Interaction) -> list[Finding]:
    return auditor().interaction(interaction)


def rules(interaction: Interaction) -> set[str]:
    """The ids of the rules that find something in ``interaction``."""
    return {finding.rule for finding in found(interaction)}


def rules_in(text: str) -> set[str]:
    """The ids of the rules that find something in a text."""
    return {finding.rule for finding in auditor().text(text, "text")}
