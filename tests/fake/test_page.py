"""docs/fake.md says what the tables say, where no script writes it."""

import json
import re
from pathlib import Path

import yaml

from fcproxy.fake import Fake, apply_scenario
from fcproxy.fake.auth import REFUSED_KEYS
from fcproxy.fake.control import GENERAL
from fcproxy.fake.faults import FAULTS, RULE
from fcproxy.fake.resources.fc_institutions import INSTITUTIONS
from fcproxy.fake.resources.forwarding import ECHO_HOST
from fcproxy.fake.versions import DEFAULT_VERSION
from tests.fake.support import Caller

PAGE = (Path(__file__).parents[2] / "docs" / "fake.md").read_text(encoding="utf-8")


def test_everything_is_named() -> None:
    words = [*FAULTS, *RULE, *REFUSED_KEYS, *INSTITUTIONS, *(path for _, path in GENERAL)]
    assert [
        word for word in words if f"`{word}`" not in PAGE and f"`{word} " not in PAGE and f"`; {word}" not in PAGE
    ] == []
    assert DEFAULT_VERSION in PAGE
    assert ECHO_HOST in PAGE


def test_the_accounts_are_taken() -> None:
    found = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    call = Caller()
    form = "account_holder[type]=customer&account_holder[customer]=cus_NiKSWdaFz2F6I0&permissions[]=balances"
    session = call.post("/v1/financial_connections/sessions", form)
    done = call.control(f"financial_connections/sessions/{session['id']}/complete", json.loads(found[1]))
    assert done["accounts"]["data"][0]["balance"]["current"] == {"usd": 5000}


def test_the_scenario_is_played() -> None:
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    answers = apply_scenario(Fake(), yaml.load(found[1], yaml.BaseLoader))
    assert answers["done"]["accounts"]["data"][0]["balance"]["current"] == {"usd": 5000}
