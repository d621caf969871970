"""A script: replays a cassette to its end and beyond, and prints as JSON what that cost in connections and look-ups.

In a network namespace of its own, the kernel's counters tell of every connection and datagram of every process in it.
Where strace is installed, it tells of every address that the proxy called, sockets of name services among them.
Python's own events do so on asyncio's loop; uvloop connects without telling Python.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from fcproxy.server.store import load
from tests.faults.processes import environment
from tests.server.harness import KEY, speak

__all__ = ["HOOK"]

HOOK = """
import atexit, sys
log = open(sys.argv[1], "w", buffering=1)
WATCHED = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.getnameinfo", "socket.sendto")
# asyncio wakes its own loop through a socket pair; that is no connection and raises none of these events.
sys.addaudithook(lambda event, arguments: event in WATCHED and log.write(event + "\\n") and None)
if sys.argv[2] == "asyncio":
    sys.modules["uvloop"] = None
atexit.register(lambda: [log.write("loaded " + name + "\\n") for name in sorted(sys.modules)])
from fcproxy.cli import cli
sys.argv[1:] = sys.argv[3:]
cli.main(prog_name="fcproxy")
"""
"""fcproxy on the event loop that the second argument names. The file that the first one names gets Python's own audit
events, and at the end the names of all modules."""

STRACE = ("strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o")


def kernel_counters() -> dict[str, int]:
    """Connections opened and datagrams sent in this network namespace (RFC 4022 ActiveOpens, RFC 4113 OutDatagrams)."""
    lines = [line.split() for line in Path("/proc/net/snmp").read_text(encoding="ascii").splitlines()]
    table = {
        (head[0], name): int(value)
        for head, values in zip(lines[::2], lines[1::2], strict=True)
        for name, value in zip(head[1:], values[1:], strict=True)
    }
    return {"connections": table["Tcp:", "ActiveOpens"], "datagrams": table["Udp:", "OutDatagrams"]}


async def play(url: str, cassette: Path) -> list[int]:
    """The statuses of every recorded request, of each POST once more, and of one that was never recorded."""
    parsed = load(cassette)
    assert parsed is not None
    requests = [interaction.request for interaction in parsed.interactions]
    again = [request for request in requests if request.method == "POST"]
    statuses = []
    for request in [*requests, *again]:
        target = request.url[request.url.index("/", 8) :]
        kind = request.headers.get("Content-Type")
        fields = f"Host: p\r\nAuthorization: Bearer {KEY}\r\nContent-Length: {len(request.body)}\r\n"
        fields += f"Content-Type: {kind}\r\n" if kind else ""
        got = await speak(url, f"{request.method} {target} HTTP/1.1\r\n{fields}\r\n".encode() + request.body)
        statuses.append(got.status)
    got = await speak(url, b"GET /v1/never/recorded HTTP/1.1\r\nHost: api.stripe.com\r\n\r\n")
    return [*statuses, got.status]


def called(trace: Path) -> list[str] | None:
    """The families of the addresses that were called (AF_INET, AF_UNIX), or None where nobody watched.

    A send without an address is one on a connection: an answer to the client, or the loop waking itself.
    """
    if not trace.exists():
        return None
    return re.findall(r"sa_family=(AF_\w+)", trace.read_text(encoding="utf-8", errors="replace"))


def main(folder: Path, cassette: Path, loop: str, mode: str, *options: str) -> None:
    """Prints ``{"statuses", "before", "after", "events", "called", "modules", "code"}``; the counters are read around
    the whole run."""
    before = kernel_counters()
    events, trace, ready = folder / "events", folder / "trace", folder / "ready"
    watched = [*STRACE, str(trace)] if shutil.which("strace") else []
    command = [*watched, sys.executable, "-c", HOOK, str(events), loop, mode, "--port", "0", "--ready-file", str(ready)]
    command += ["--cassette", str(cassette), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()) as proxy:
        assert proxy.stdout is not None
        url = proxy.stdout.readline().decode().split()[2]
        statuses = asyncio.run(play(url, cassette))
        os.kill(json.loads(ready.read_bytes())["pid"], signal.SIGTERM)
        proxy.stdout.read()
    after = kernel_counters()
    lines = events.read_text(encoding="ascii").splitlines()
    modules = [line.removeprefix("loaded ") for line in lines if line.startswith("loaded ")]
    told = {"statuses": statuses, "before": before, "after": after, "code": proxy.returncode, "called": called(trace)}
    told |= {"events": [line for line in lines if not line.startswith("loaded ")], "modules": modules}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
