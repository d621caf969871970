"""Records cassettes/session.yaml anew: README.md's program, against the built-in fake, through a real recording."""

import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

__all__ = ["CASSETTE", "main", "readme_program", "record"]

ROOT = Path(__file__).resolve().parent.parent
CASSETTE = ROOT / "cassettes" / "session.yaml"
_ADDRESS = "http://127.0.0.1:12111"


def readme_program(url: str) -> str:
    """The Python code of README.md, pointed at ``url``."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return str(code).replace(_ADDRESS, url)


def record(cassette: Path) -> None:
    """Records into ``cassette``. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "fcproxy", "record", "--port", "0", "--upstream", "fake"]
        command += ["--cassette", str(cassette), "--ready-file", str(ready)]
        with subprocess.Popen(command, cwd=folder) as proxy:
            while proxy.poll() is None and not ready.exists():
                time.sleep(0.02)
            url = json.loads(ready.read_text(encoding="utf-8"))["url"]
            subprocess.run([sys.executable, "-c", readme_program(url)], check=True, cwd=folder)
            proxy.send_signal(signal.SIGINT)
    if proxy.returncode:
        raise subprocess.CalledProcessError(proxy.returncode, command)


def main() -> None:
    """Replaces the example."""
    record(CASSETTE)


if __name__ == "__main__":
    main()
