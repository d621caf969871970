"""One mistake must not blind both: what a redactor that replaces nothing would store, the audit refuses."""

from pathlib import Path

import pytest

from fcproxy.codings import DECODERS
from fcproxy.core.audit_copies import Copies
from fcproxy.core.errors import RecordingRefused
from fcproxy.core.modes import Mode
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.server.audit_files import audit_bytes
from fcproxy.server.check import audit_check
from fcproxy.server.recording import Recording
from fcproxy.stripe.deck import stripe_deck
from fcproxy.stripe.secrets import default_redactor
from fcproxy.vcr_format import render
from tests.attacks.disguises import DISGUISES
from tests.attacks.hunt import rng_for
from tests.attacks.places import PLACES
from tests.attacks.prey import PREY, Prey
from tests.attacks.test_disguises import hide

FOREIGN = [
    prey
    for prey in PREY
    if prey.name in ("API key", "bearer of another service", "access token", "password with signs")
]
"""Values that are known by no place where the disguise stands."""

OUT_OF_REACH = frozenset(
    ("base64 of deflate", place)
    for place in ("request path", "request path, last", "answer header, Location", "answer header, Link")
)
"""Raw deflate has no mark by which to tell where it begins in the path around it."""


@pytest.mark.parametrize("disguise", sorted(DISGUISES))
def test_what_the_recording_knew_is_found_by_the_audits_own_readers(disguise: str) -> None:
    hidden = hide(disguise, FOREIGN, 0)
    data = render([RedactedInteraction(one.interaction) for one in hidden])
    report = audit_bytes(data, "c.yaml", known=Copies(one.value for one in hidden))
    found = {finding.interaction for finding in report.findings if finding.level == "error"}
    missed = {(disguise, one.where) for number, one in enumerate(hidden) if number not in found}
    assert missed <= OUT_OF_REACH


@pytest.mark.parametrize("prey", PREY, ids=lambda prey: prey.name)
def test_what_was_recognised_by_a_rule_has_a_detector(prey: Prey) -> None:
    value = prey.make(rng_for("blinded", prey.name))
    data = render([RedactedInteraction(prey.teach(value))])
    assert [finding for finding in audit_bytes(data, "c.yaml").findings if finding.level == "error"] != []


@pytest.mark.parametrize("knows", [False, True])
async def test_a_recording_by_a_redactor_that_replaces_nothing_is_refused(knows: bool, tmp_path: Path) -> None:
    prey = FOREIGN[1] if knows else FOREIGN[0]
    value = prey.make(rng_for("blinded", "recording"))
    redactor = default_redactor(DECODERS)
    if knows:
        redactor.redact(prey.teach(value))
    deck = stripe_deck(Mode.RECORD, redactor, None, cassette="c.yaml")
    recording = Recording(tmp_path / "c.yaml", deck, audit_check)
    stored = PLACES["answer JSON"](DISGUISES["base64"](value))
    await recording.append(0, RedactedInteraction(stored), None)
    with pytest.raises(RecordingRefused) as refused:
        await recording.commit()
    assert value not in str(refused.value)
    assert list(tmp_path.iterdir()) == []
