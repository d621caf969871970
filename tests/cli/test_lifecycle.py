"""Start and stop of real processes: ready line, ready file, signals, exit codes, what is left on disk."""

import base64
import http.client
import json
import os
import re
import signal
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fcproxy.server.store import load
from tests.cli.processes import Served, fcproxy, ready_file, rig
from tests.server.harness import KEY

LIVE = "sk_" + "live_" + "a1B2c3D4e5F6g7H8i9J0k1L2"


def ask(url: str, method: str = "POST", path: str = "/v1/customers", body: str = "name=Jo", key: str = KEY) -> int:
    """One request; gives the status."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def bodies(path: Path) -> list[bytes]:
    parsed = load(path)
    assert parsed is not None
    return [interaction.request.body for interaction in parsed.interactions]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_ready_line_ready_file_and_a_stop_that_commits(number: int, tmp_path: Path) -> None:
    with rig(tmp_path, "--ready-file", "ready.json") as served:
        assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+ \(record -> fake, c\.yaml\)\n", served.ready)
        assert ready_file(tmp_path / "ready.json") == {
            "url": served.url,
            "pid": served.process.pid,
            "mode": "record",
            "cassette": "c.yaml",
        }
        assert ask(served.url) == 200
        assert served.stop(number) == 0
        assert served.output.splitlines()[0].startswith("verdict: c.yaml (record): ")
        assert " 1 recorded" in served.output
    assert sorted(path.name for path in tmp_path.iterdir() if "stderr" not in path.name) == ["c.yaml"]


def test_ready_lines_of_the_other_modes(tmp_path: Path) -> None:
    with Served("replay", "--cassette", "c.yaml", folder=tmp_path) as served:
        assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+ \(replay, c\.yaml\)\n", served.ready)
        assert served.stop() == 0
    with Served("passthrough", "--upstream", "http://127.0.0.1:9", folder=tmp_path) as served:
        assert served.ready.endswith("(passthrough -> http://127.0.0.1:9)\n")
        assert served.stop() == 0
    with Served("fake", folder=tmp_path) as served:
        assert served.ready.endswith("(fake)\n")
        assert ask(served.url) == 200
        assert served.stop() == 0
        assert served.output == ""


def test_a_request_in_flight_ends_before_the_process_does(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        port = upstream.getsockname()[1]
        with rig(tmp_path, "--upstream", f"http://127.0.0.1:{port}") as served:
            statuses: list[int] = []
            client = threading.Thread(target=lambda: statuses.append(ask(served.url)))
            client.start()
            connection, _ = upstream.accept()
            with connection:
                connection.recv(65536)
                served.process.send_signal(signal.SIGTERM)
                # The port is closed once the signal has been seen: only then is the answer given.
                while _accepts(served.url):
                    pass
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                client.join()
                assert served.wait() == 0
    assert statuses == [200]
    assert len(bodies(tmp_path / "c.yaml")) == 1


def _accepts(url: str) -> bool:
    parts = urlsplit(url)
    assert parts.hostname is not None
    try:
        socket.create_connection((parts.hostname, parts.port or 0), timeout=5).close()
    except OSError:
        return False
    return True


def test_after_a_kill_the_old_cassette_stands_and_the_new_one_is_rescued(tmp_path: Path) -> None:
    with rig(tmp_path, "-q") as served:
        assert ask(served.url, body="description=old") == 200
        assert served.stop() == 0
    old = (tmp_path / "c.yaml").read_bytes()
    with rig(tmp_path, "-q") as served:
        assert ask(served.url, body="description=new-1") == 200
        assert ask(served.url, body="description=new-2") == 200
        served.stop(signal.SIGKILL)
    assert (tmp_path / "c.yaml").read_bytes() == old
    with rig(tmp_path, "-q") as served:
        assert "rescued into c.rescued-1.yaml" in served.errors
        assert served.stop() == 0
    assert bodies(tmp_path / "c.rescued-1.yaml") == [b"description=new-1", b"description=new-2"]
    assert (tmp_path / "c.yaml").read_bytes() == old
    assert not list(tmp_path.glob("*.journal"))


def test_a_second_recorder_of_one_cassette_is_refused(tmp_path: Path) -> None:
    with rig(tmp_path) as served:
        second = fcproxy("record", "--cassette", "c.yaml", "--port", "0", folder=tmp_path)
        assert second.returncode == 3
        assert f"pid {served.process.pid}" in second.stderr
        assert second.stdout == ""
        assert ask(served.url) == 200
        assert served.stop() == 0


def test_what_cannot_start_exits_with_3(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = fcproxy("fake", "--port", str(taken.getsockname()[1]), folder=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "address already in use" in done.stderr
    done = fcproxy("fake", "--host", "nowhere.invalid", "--allow-remote", folder=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "there is no such host" in done.stderr
    (tmp_path / "broken.yaml").write_text("interactions: [\n")
    done = fcproxy("replay", "--cassette", "broken.yaml", "--port", "0", folder=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("fcproxy: broken.yaml:")
    (tmp_path / "file").touch()
    assert fcproxy("record", "--cassette", "file/c.yaml", folder=tmp_path).returncode == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["record", "--upstream", "stirpe"], "--upstream"),
        (["record", "--host", "0.0.0.0"], "--allow-remote"),
        (["replay", "--casette", "x"], "--cassette"),
        (["record", "--api-key-env", "NOT_SET_ANYWHERE"], "NOT_SET_ANYWHERE"),
        (["record", "--upstream-ca", "none.pem", "--upstream", "https://localhost"], "--upstream-ca"),
        (["run", "replay", "--", "no-such-command-anywhere"], "no-such-command-anywhere"),
        (["run", "replay"], "CMD"),
        (["recrod"], "recrod"),
    ],
)
def test_what_cannot_be_meant_exits_with_2(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = fcproxy(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_misspelt_key_in_the_config_file_exits_with_2(tmp_path: Path) -> None:
    (tmp_path / "fcproxy.toml").write_text('casette = "x.yaml"\n')
    done = fcproxy("replay", folder=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'cassette'" in done.stderr


def test_environment_and_file_configure_a_process(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('log-format = "json"\ncassette = "file.yaml"\n')
    with Served("replay", "--config", "own.toml", folder=tmp_path, FCPROXY_CASSETTE="variable.yaml") as served:
        assert served.ready.endswith("(replay, variable.yaml)\n")
        assert ask(served.url) == 422
        assert served.stop() == 1
        assert json.loads(served.errors.splitlines()[0])["level"] == "warning"
        line = next(json.loads(line) for line in served.errors.splitlines() if "method" in line)
    assert {name: line[name] for name in ("method", "path", "status", "action")} == {
        "method": "POST",
        "path": "/v1/customers",
        "status": 422,
        "action": "miss no_cassette",
    }


def test_a_strict_verdict_is_the_exit_code(tmp_path: Path) -> None:
    with rig(tmp_path) as served:
        assert ask(served.url) == 200
        assert served.stop() == 0
    for arguments, code in (([], 1), (["--no-strict"], 0), (["--allow-unused"], 0)):
        with Served("replay", "--cassette", "c.yaml", *arguments, folder=tmp_path) as served:
            assert served.stop() == code
            assert " 1 unused" in served.output


@pytest.mark.parametrize("header", ["Bearer", "Basic"])
def test_a_live_key_stops_a_recording_before_anything_is_forwarded(header: str, tmp_path: Path) -> None:
    with rig(tmp_path) as served:
        assert ask(served.url, body="description=old") == 200
        assert served.stop() == 0
    old = (tmp_path / "c.yaml").read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        upstream.settimeout(0.01)
        with rig(tmp_path, "--upstream", f"http://127.0.0.1:{upstream.getsockname()[1]}") as served:
            connection = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=30)
            value = (
                f"Bearer {LIVE}" if header == "Bearer" else "Basic " + base64.b64encode(f"{LIVE}:".encode()).decode()
            )
            connection.request("GET", "/v1/customers", headers={"Authorization": value})
            answer = connection.getresponse()
            assert answer.status == 403
            assert json.loads(answer.read())["error"]["code"] == "fcproxy_refused_live-key"
            connection.close()
            assert served.wait() == 1
            assert "live mode" in served.errors
            assert LIVE not in served.errors + served.output
            with pytest.raises(TimeoutError):
                upstream.accept()
    assert (tmp_path / "c.yaml").read_bytes() == old
    assert not list(tmp_path.glob("c.yaml.*"))


def test_a_live_answer_stops_a_recording_and_reaches_the_client(tmp_path: Path) -> None:
    body = b'{"id": "cus_1", "livemode": true}'
    upstream = socket.create_server(("127.0.0.1", 0))
    with upstream, rig(tmp_path, "--upstream", f"http://127.0.0.1:{upstream.getsockname()[1]}") as served:
        statuses: list[int] = []
        client = threading.Thread(target=lambda: statuses.append(ask(served.url)))
        client.start()
        connection, _ = upstream.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            client.join()
            assert served.wait() == 1
    assert statuses == [200]
    assert not list(tmp_path.glob("c.yaml*"))


def test_a_disk_that_fills_up_ends_the_recording_and_not_the_answers(tmp_path: Path) -> None:
    with rig(tmp_path, "-q") as served:
        assert ask(served.url, body="description=old") == 200
        assert served.stop() == 0
    old = (tmp_path / "c.yaml").read_bytes()
    limited = ["sh", "-c", 'ulimit -f 16; exec "$@"', "sh"]
    with Served("record", "-q", "--cassette", "c.yaml", folder=tmp_path, prefix=limited) as served:
        for number in range(30):
            assert ask(served.url, body=f"description={number}") == 200
        assert served.stop() == 1
        assert "recording stopped: File too large" in served.output
    assert (tmp_path / "c.yaml").read_bytes() == old
    with rig(tmp_path, "-q") as served:
        assert served.stop() == 0
    rescued = bodies(tmp_path / "c.rescued-1.yaml")
    assert rescued == [f"description={number}".encode() for number in range(len(rescued))]
    assert 1 < len(rescued) < 30


def test_what_is_rescued_is_as_redacted_as_what_is_committed(tmp_path: Path) -> None:
    body = "email=secret.person@example.org&description=x"
    with rig(tmp_path, "-q") as served:
        assert ask(served.url, body=body) == 200
        assert served.stop() == 0
    with rig(tmp_path, "-q") as served:
        assert ask(served.url, body=body) == 200
        journal = (tmp_path / "c.yaml.journal").read_text()
        served.stop(signal.SIGKILL)
    assert KEY not in journal
    assert "secret.person" not in journal
    with rig(tmp_path, "-q") as served:
        assert served.stop() == 0
    committed, rescued = ((tmp_path / name).read_text().partition("\n")[2] for name in ("c.yaml", "c.rescued-1.yaml"))
    assert rescued == committed


def test_a_live_key_that_is_to_be_lent_stops_the_start(tmp_path: Path) -> None:
    done = fcproxy("record", "--api-key-env", "K", "--port", "0", folder=tmp_path, K=LIVE)
    assert (done.returncode, done.stdout) == (1, "")
    assert LIVE not in done.stderr


def test_log_lines_hold_no_query_no_body_no_secret(tmp_path: Path) -> None:
    with rig(tmp_path) as served:
        assert ask(served.url, "GET", f"/v1/customers/{KEY}?expand[]=x&email=secret.person@example.org", "") == 400
        assert ask(served.url, body="email=secret.person@example.org") == 200
        connection = socket.create_connection((urlsplit(served.url).hostname or "", urlsplit(served.url).port or 0))
        with connection:
            connection.sendall(f"GET /v1/x?key={KEY} HTTP/1.1\r\n{KEY}\r\n\r\n".encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
        assert served.stop() == 0
        errors = served.errors
    assert re.search(r"^GET /v1/customers/\S+ 400 recorded [\d.]+ ms$", errors, re.MULTILINE)
    assert re.search(r"^POST /v1/customers 200 recorded [\d.]+ ms$", errors, re.MULTILINE)
    assert "a request that is no HTTP was refused" in errors
    for secret in (KEY, "secret.person", "?"):
        assert secret not in errors


def test_quiet_says_nothing(tmp_path: Path) -> None:
    with rig(tmp_path, "-q") as served:
        assert ask(served.url) == 200
        assert served.stop() == 0
        assert served.errors == ""


def test_a_reader_that_has_gone_does_not_end_a_recording(tmp_path: Path) -> None:
    with rig(tmp_path, "-q") as served:
        assert ask(served.url) == 200
        assert served.process.stdout is not None
        os.close(os.dup(served.process.stdout.fileno()))
        served.process.stdout.close()
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(timeout=40) == 0
    assert len(bodies(tmp_path / "c.yaml")) == 1


def test_auto_does_not_start_on_a_cassette_that_its_end_would_refuse(tmp_path: Path) -> None:
    with rig(tmp_path, "-q") as served:
        assert ask(served.url, body="description=here") == 200
        assert served.stop() == 0
    cassette = tmp_path / "c.yaml"
    with Served("auto", "--cassette", "c.yaml", folder=tmp_path) as served:
        assert ask(served.url, body="description=there") == 200
        assert served.stop() == 0
    cassette.write_text(leaking := cassette.read_text().replace("description=here", f"description={KEY}"))
    done = fcproxy("auto", "--cassette", "c.yaml", "--port", "0", folder=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("fcproxy: c.yaml: the audit found secret-key in interaction 0, request.body")
    assert "run `fcproxy redact c.yaml` first" in done.stderr
    assert KEY not in done.stderr
    assert cassette.read_text() == leaking
    assert sorted(path.name for path in tmp_path.iterdir() if "stderr" not in path.name) == ["c.yaml"]
    assert fcproxy("redact", "c.yaml", folder=tmp_path).returncode == 0
    with Served("auto", "--cassette", "c.yaml", folder=tmp_path) as served:
        assert served.stop() == 0


def test_a_secret_that_only_the_new_part_tells_is_taken_out_of_the_old_part_of_a_cassette_too(tmp_path: Path) -> None:
    before, after = "description=for Zanzibar Quuxley", "name=Zanzibar+Quuxley"
    with rig(tmp_path, "-q") as served:
        assert ask(served.url, body=before) == 200
        assert served.stop() == 0
    cassette = tmp_path / "c.yaml"
    told = cassette.read_text().partition("\n")[0]
    assert "Zanzibar Quuxley" in cassette.read_text()
    with Served("auto", "--cassette", "c.yaml", folder=tmp_path) as served:
        assert [ask(served.url, body=body) for body in (before, after)] == [200, 200]
        assert served.stop() == 0
        assert "note: the cassette held what now turned out to be a secret" in served.output
    text = cassette.read_text()
    assert "Zanzibar" not in text
    assert "Quuxley" not in text
    assert re.findall(r'"recorded_at": "[^"]+"', text) == re.findall(r'"recorded_at": "[^"]+"', told)
    assert re.findall(r"description=(.*)\n", text) == ["for Redacted Full Name 1"]
    assert re.findall(r"body: name=(.*)\n", text) == ["Redacted%20Full%20Name%201"]
    with Served("replay", "--cassette", "c.yaml", folder=tmp_path) as served:
        assert [ask(served.url, body=body) for body in (before, after)] == [200, 200]
        assert served.stop() == 0
    assert sorted(path.name for path in tmp_path.iterdir() if "stderr" not in path.name) == ["c.yaml"]
