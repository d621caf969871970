"""`--scenario FILE`: a user's fixtures for the fake, from a YAML file."""

from pathlib import Path

from fcproxy.core.errors import CannotStart, UsageError
from fcproxy.fake import Fake
from fcproxy.fake.scenario import ScenarioError, apply_scenario
from fcproxy.vcr_format.positions import read_placed

__all__ = ["play_scenario"]


def play_scenario(fake: Fake, path: Path) -> None:
    """Does what the file says. Raises CannotStart (unreadable), UsageError with the line and key that are wrong."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise CannotStart(f"--scenario {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8") from None
    placed = read_placed(text, str(path))
    try:
        apply_scenario(fake, placed.data)
    except ScenarioError as error:
        raise UsageError(f"{path}:{placed.line(error.path)}: {error}") from None
