"""Scenario files: fixtures from YAML; a mistake is named with its line and key."""

from pathlib import Path

import pytest

from fcproxy.core.errors import CannotStart, UsageError
from fcproxy.core.message import Headers, Request
from fcproxy.fake import Fake
from fcproxy.server.scenario import play_scenario

GOOD = """
steps:
  - post: /v1/customers
    with: {email: jenny@example.com}
    as: jenny
  - post: /v1/financial_connections/sessions
    with:
      account_holder: {type: customer, customer: "${jenny.id}"}
      permissions: [balances]
    as: link
  - control: financial_connections/sessions/${link.id}/complete
"""


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text(text)
    return path


def test_fixtures_are_there_from_the_start(tmp_path: Path) -> None:
    fake = Fake()
    play_scenario(fake, _written(tmp_path, GOOD))
    headers = Headers([("Authorization", "Bearer sk_" + "test_" + "scenario123")])
    answer = fake.handle(Request("GET", "https://api.stripe.com/v1/financial_connections/accounts", headers))
    assert answer.status == 200
    assert b"financial_connections.account" in answer.body


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("stepps: []\n", "scenario.yaml:1: stepps: unknown key"),
        ("steps:\n  - post: /v1/customers\n    wiht: {}\n", "scenario.yaml:3: steps.0.wiht: unknown key"),
        ("steps:\n  - post: /v1/customers\n    with: {nope: 1}\n", "scenario.yaml:2: steps.0.post"),
        ("steps: [\n", "scenario.yaml:2: not valid YAML"),
        ("steps: 1\nsteps: 2\n", "scenario.yaml:2: the key 'steps' stands twice"),
        ("a: !!python/name:os.system\n", "scenario.yaml:1: only text"),
    ],
)
def test_a_mistake_is_named_with_line_and_key(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(UsageError) as caught:
        play_scenario(Fake(), _written(tmp_path, text))
    assert where in str(caught.value)


def test_an_alias_bomb_ends_early(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(UsageError, match="too large or too deep"):
        play_scenario(Fake(), _written(tmp_path, "\n".join(lines)))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="No such file"):
        play_scenario(Fake(), tmp_path / "none.yaml")
