"""Who takes part: how each is started for each row. What is not installed is left out, and the report says so."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import cassettes, traffic
from bench.machine import SERVER_CORE, Process, free_port, start

__all__ = ["FORWARD", "RECORD", "REPLAY", "Contestant", "nginx"]

HERE = Path(__file__).parent
PEERS = HERE.parent / ".peers"
NODE = PEERS / "node_modules"
MITMDUMP = PEERS / "py" / "bin" / "mitmdump"
PEER_PYTHON = PEERS / "py" / "bin" / "python"
OWN: tuple[str, ...] = (sys.executable, "-m", "fcproxy")


@dataclass(frozen=True)
class Contestant:
    """``launch`` starts it: for replay (folder, method, recordings), for forwarding (folder, "", upstream's port).

    ``kind``: ``ours``, ``limit`` (what this engine could do at best), ``peer``. ``most``: the most recordings that it
    loads in bearable time.
    """

    name: str
    kind: str
    needs: Callable[[], bool]
    launch: Callable[[Path, str, int], Process]
    most: int = 1


def _always() -> bool:
    return True


def _uvloop() -> bool:
    try:
        import uvloop
    except ImportError:
        return False
    return bool(uvloop)


def _there(path: Path) -> Callable[[], bool]:
    return path.exists


def _script(name: str, *arguments: str) -> Callable[[Path, str, int], Process]:
    def launch(_folder: Path, _method: str, _count: int) -> Process:
        port = free_port()
        return start([sys.executable, str(HERE / name), str(port), *arguments], port)

    return launch


def _proxy_script(*arguments: str) -> Callable[[Path, str, int], Process]:
    def launch(_folder: Path, _method: str, upstream: int) -> Process:
        port = free_port()
        return start([sys.executable, str(HERE / "bare_proxy.py"), str(port), str(upstream), *arguments], port)

    return launch


def _own_replay(*flags: str) -> Callable[[Path, str, int], Process]:
    def launch(folder: Path, method: str, count: int) -> Process:
        cassette = cassettes.vcr_cassette(folder / f"{method}-{count}.yaml", method, count)
        port = free_port()
        return start([*OWN, "replay", "--cassette", str(cassette), "--port", str(port), *flags], port)

    return launch


def _own_forward(mode: str, *flags: str) -> Callable[[Path, str, int], Process]:
    def launch(folder: Path, _method: str, upstream: int) -> Process:
        port = free_port()
        target = ("--upstream", f"http://127.0.0.1:{upstream}", "--cassette", str(folder / f"recorded-{port}.yaml"))
        return start([*OWN, mode, *target, "--port", str(port), *flags], port)

    return launch


def _talkback(folder: Path, method: str, count: int) -> Process:
    tapes = cassettes.talkback(folder / f"talkback-{method}-{count}", method, count)
    port = free_port()
    command = ["node", str(HERE / "talkback.js"), str(port), "http://127.0.0.1:1", str(tapes), "DISABLED"]
    return start(command, port, env={"NODE_PATH": str(NODE)})


def _proxay(folder: Path, method: str, _count: int) -> Process:
    tapes = cassettes.proxay(folder / f"proxay-{method}", method)
    port = free_port()
    return start(["node", str(NODE / ".bin" / "proxay"), "-m", "replay", "-t", str(tapes), "-p", str(port)], port)


def _wiremock(folder: Path, method: str, count: int) -> Process:
    root = cassettes.wiremock(folder / f"wiremock-{method}-{count}", method, count)
    return _start_wiremock(root, "--no-request-journal")


def _start_wiremock(root: Path, *flags: str) -> Process:
    port = free_port()
    jar = next((NODE / "wiremock" / "build").glob("*.jar"))
    threads = ("--jetty-acceptor-threads", "1", "--async-response-enabled", "false")
    return start(["java", "-jar", str(jar), "--port", str(port), "--root-dir", str(root), *threads, *flags], port)


def _mountebank(folder: Path, method: str, count: int) -> Process:
    port = free_port()
    file = cassettes.mountebank(folder / f"mountebank-{method}-{count}.json", port, method, count)
    return _start_mountebank(folder, file, port)


def _start_mountebank(folder: Path, file: Path, port: int) -> Process:
    own = (
        "--port",
        str(free_port()),
        "--pidfile",
        str(folder / f"mb-{port}.pid"),
        "--nologfile",
        "--loglevel",
        "error",
    )
    return start(["node", str(NODE / ".bin" / "mb"), "--configfile", str(file), *own], port)


def _mitmproxy(folder: Path, method: str, count: int) -> Process:
    flows = folder / f"mitmproxy-{method}-{count}.flows"
    if not flows.exists():
        cassettes.mitmproxy(flows, method, count, PEER_PYTHON)
    options = (
        "server_replay_kill_extra=true", "server_replay_reuse=true", "server_replay_ignore_host=true",
        "server_replay_ignore_port=true", "connection_strategy=lazy",
    )  # fmt: skip
    settings = [word for option in options for word in ("--set", option)]
    port = free_port()
    mode = ("--mode", "reverse:http://127.0.0.1:1", "--listen-host", "127.0.0.1", "-p", str(port))
    return start([str(MITMDUMP), "-q", *mode, "-S", str(flows), *settings], port)


def _mitm_record(folder: Path, _method: str, upstream: int) -> Process:
    port = free_port()
    mode = ("--mode", f"reverse:http://127.0.0.1:{upstream}", "--listen-host", "127.0.0.1", "-p", str(port))
    return start([str(MITMDUMP), "-q", *mode, "-w", str(folder / f"{port}.flows")], port)


def _talkback_record(folder: Path, _method: str, upstream: int) -> Process:
    port = free_port()
    tapes = folder / f"talkback-record-{port}"
    tapes.mkdir()
    command = ["node", str(HERE / "talkback.js"), str(port), f"http://127.0.0.1:{upstream}", str(tapes), "NEW"]
    return start(command, port, env={"NODE_PATH": str(NODE)})


def _proxay_record(folder: Path, _method: str, upstream: int) -> Process:
    port = free_port()
    words = (
        "-m",
        "record",
        "-t",
        str(folder / f"proxay-record-{port}"),
        "-p",
        str(port),
        "-h",
        f"http://127.0.0.1:{upstream}",
    )
    return start(["node", str(NODE / ".bin" / "proxay"), *words], port)


def _wiremock_record(folder: Path, _method: str, upstream: int) -> Process:
    root = folder / "wiremock-record"
    root.mkdir(exist_ok=True)
    return _start_wiremock(root, "--proxy-all", f"http://127.0.0.1:{upstream}", "--record-mappings")


def _mountebank_record(folder: Path, _method: str, upstream: int) -> Process:
    port = free_port()
    to = f"http://127.0.0.1:{upstream}"
    proxy = {"to": to, "mode": "proxyAlways", "predicateGenerators": [{"matches": {"path": True, "body": True}}]}
    imposter = {"port": port, "protocol": "http", "stubs": [{"responses": [{"proxy": proxy}]}]}
    file = folder / f"mountebank-record-{port}.json"
    file.write_text(json.dumps({"imposters": [imposter]}))
    return _start_mountebank(folder, file, port)


_NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx-{port}.pid;
error_log /dev/null crit;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  {upstream}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    {body}
  }}
}}
"""


def nginx(folder: Path, answer: bytes | None, *, upstream: int | None = None, core: int) -> Process:
    """nginx as upstream that always gives ``answer``, or as a plain proxy of ``upstream``."""
    port = free_port()
    if upstream is None:
        text = (answer or b"").decode().replace("\n", "\\n").replace("'", "\\'").replace("\\n", "\n")
        body = f"location / {{ default_type application/json; return 200 '{text}'; }}"
        pool = ""
    else:
        pool = f"upstream other {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 100000000; }}"
        body = "location / { proxy_pass http://other; proxy_http_version 1.1; proxy_set_header Connection ''; }"
    file = folder / f"nginx-{port}.conf"
    file.write_text(_NGINX.format(folder=folder, port=port, body=body, upstream=pool))
    command = ["nginx", "-c", str(file), "-p", str(folder)]
    return start(command, port, core=core)


def _nginx_answer(folder: Path, _method: str, _recordings: int) -> Process:
    return nginx(folder, traffic.answer(), core=SERVER_CORE)


def _nginx_proxy(folder: Path, _method: str, upstream: int) -> Process:
    return nginx(folder, None, upstream=upstream, core=SERVER_CORE)


def _nginx_there() -> bool:
    return shutil.which("nginx") is not None


def _java() -> bool:
    return (NODE / "wiremock").exists() and shutil.which("java") is not None


_TALKBACK, _PROXAY, _MOUNTEBANK = (_there(NODE / name) for name in ("talkback", "proxay", "mountebank"))

REPLAY: tuple[Contestant, ...] = (
    Contestant("fcproxy", "ours", _always, _own_replay("-q"), 100_000),
    Contestant("fcproxy, a log line each", "ours", _always, _own_replay(), 1),
    Contestant("bare aiohttp application", "limit", _always, _script("bare_app.py"), 100_000),
    Contestant("bare aiohttp application, uvloop", "limit", _uvloop, _script("bare_app.py", "uvloop"), 100_000),
    Contestant("aiohttp low-level server, uvloop", "limit", _uvloop, _script("low_level.py", "uvloop"), 1),
    Contestant("bare asyncio protocol, uvloop", "limit", _uvloop, _script("protocol.py"), 1),
    Contestant("nginx, one answer", "limit", _nginx_there, _nginx_answer, 1),
    Contestant("talkback", "peer", _TALKBACK, _talkback, 10_000),
    Contestant("proxay", "peer", _PROXAY, _proxay, 1),
    Contestant("WireMock", "peer", _java, _wiremock, 10_000),
    Contestant("mountebank", "peer", _MOUNTEBANK, _mountebank, 10_000),
    Contestant("mitmproxy", "peer", _there(MITMDUMP), _mitmproxy, 10_000),
)
"""Launched with (folder, method, recordings). In the order of the table."""

FORWARD: tuple[Contestant, ...] = (
    Contestant("fcproxy passthrough", "ours", _always, _own_forward("passthrough", "-q")),
    Contestant("bare aiohttp proxy, uvloop", "limit", _uvloop, _proxy_script("uvloop")),
    Contestant("bare aiohttp proxy", "limit", _always, _proxy_script()),
    Contestant("nginx as a proxy", "limit", _nginx_there, _nginx_proxy),
)

RECORD: tuple[Contestant, ...] = (
    Contestant("fcproxy record", "ours", _always, _own_forward("record", "-q")),
    Contestant("talkback recording", "peer", _TALKBACK, _talkback_record),
    Contestant("proxay recording", "peer", _PROXAY, _proxay_record),
    Contestant("WireMock recording", "peer", _java, _wiremock_record),
    Contestant("mountebank recording", "peer", _MOUNTEBANK, _mountebank_record),
    Contestant("mitmproxy recording", "peer", _there(MITMDUMP), _mitm_record),
)
"""These two: launched with (folder, "", upstream's port)."""
