"""Public secret scanners stay silent on what fcproxy stores."""

import base64
import re
from pathlib import Path

import pytest
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

from fcproxy.core.redaction import RedactedInteraction
from fcproxy.vcr_format import render
from tests.attacks.hunt import record, rng_for
from tests.attacks.places import LINE_PLACES, PLACES
from tests.attacks.prey import PREY

PUBLISHED = {
    "gitleaks, Stripe": r"\b(?:sk|rk)_(?:test|live|prod)_[a-zA-Z0-9]{10,99}(?:[\x60'\"\s;]|\\[nr]|$)",
    "detect-secrets, Stripe": r"(?:r|s)k_live_[0-9a-zA-Z]{24}",
    "trufflehog, Stripe": r"[rs]k_live_[a-zA-Z0-9]{20,30}",
    "gitleaks, JWT": r"\bey[a-zA-Z0-9]{17,}\.ey[a-zA-Z0-9\/\\_-]{17,}\.(?:[a-zA-Z0-9\/\\_-]{10,}={0,2})?",
    "gitleaks, private key": r"(?i)-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----",
    "GitHub, Stripe webhook": r"whsec_[A-Za-z0-9+/=]{16,}",
}
"""The scanners' published expressions."""


def cassette() -> bytes:
    """A recording that held every sort of secret in every place."""
    interactions = []
    for index, (where, place) in enumerate({**LINE_PLACES, **PLACES}.items()):
        prey = PREY[index % len(PREY)]
        value = prey.make(rng_for("scanners", where))
        interactions += [prey.teach(value), place(value)]
    return render([RedactedInteraction(one) for one in record(*interactions)])


@pytest.mark.parametrize("name", PUBLISHED)
def test_no_published_expression_matches(name: str) -> None:
    assert re.findall(PUBLISHED[name], cassette().decode()) == []


def test_detect_secrets_finds_object_ids_at_most(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(cassette())
    with default_settings():
        found = [(secret.type, secret.secret_value or "") for secret in scan_file(str(path))]
    # Its measure of entropy takes object ids, which have to stay, and YAML's own base64.
    assert {kind for kind, _ in found} <= {"Base64 High Entropy String"}
    assert [
        value for _, value in found if not re.search(r"_secret_test_REDACTED_[0-9]+", value) and not _harmless(value)
    ] == []


def _harmless(value: str) -> bool:
    return b"REDACTED_" in base64.b64decode(value)
