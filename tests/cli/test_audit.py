"""`fcproxy audit` as people and CI use it: real files of every kind, exit codes, formats, baseline, hooks."""

import base64
import datetime
import gzip
import json
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fcproxy.cli import cli
from fcproxy.core.audit_copies import Copies
from fcproxy.core.message import Headers, Interaction, Request, Response
from fcproxy.core.redaction import RedactedInteraction
from fcproxy.server.audit_files import Settings, audit_bytes, audit_files
from fcproxy.vcr_format import Provenance, render
from tests.core.audit_support import client_secret, drawn, exchange, secret_key


def _audit(*arguments: str | Path, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(cli, ["audit", *map(str, arguments)], env=env)


def _cassette(*interactions: Interaction, provenance: Provenance | None = None) -> bytes:
    return render([RedactedInteraction(interaction) for interaction in interactions], provenance)


def _clean() -> Interaction:
    body = {"id": "fcsess_1MwtnGLkdIwHu7ixs7NPQ7dq", "client_secret": "fcsess_client_secret_REDACTED~1"}
    return exchange(
        json.dumps(body, indent=2).encode(),
        headers=(("Content-Type", "application/json"),),
        request_headers=(("Authorization", "Bearer sk_test_REDACTED~1"),),
        request_body=b"account_holder[type]=customer",
    )


def _leak() -> Interaction:
    return exchange(json.dumps({"client_secret": client_secret()}).encode())


def test_a_clean_cassette_passes_with_its_coverage(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(_cassette(_clean(), _clean()))
    result = _audit(path)
    assert result.exit_code == 0, result.output
    assert "CLEAN: no findings" in result.output
    assert "1 files, 2 interactions, 4 bodies" in result.output


def test_a_leak_is_named_by_place_and_line_and_never_shown(tmp_path: Path) -> None:
    secret = client_secret()
    path = tmp_path / "a.yaml"
    path.write_bytes(_cassette(_clean(), exchange(json.dumps({"client_secret": secret}).encode())))
    result = _audit(path)
    assert result.exit_code == 1
    assert secret not in result.output
    line = path.read_text().splitlines().index(next(row for row in path.read_text().splitlines() if secret in row)) + 1
    assert f"a.yaml:{line}: interaction 1: response.body $.client_secret: error client-secret" in result.output


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "html"])
def test_no_format_shows_a_value(form: str, tmp_path: Path) -> None:
    secret, key = client_secret(), secret_key()
    path = tmp_path / "a.yaml"
    leak = exchange(
        json.dumps({"client_secret": secret, key: 1}).encode(), request_headers=(("Authorization", f"Bearer {key}"),)
    )
    path.write_bytes(_cassette(leak))
    result = _audit(path, "--format", form)
    assert result.exit_code == 1
    assert secret not in result.output
    assert key not in result.output
    assert "client-secret" in result.output


def test_what_cannot_be_opened_ends_with_3(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(_cassette(exchange(bytes(range(256)) * 2)))
    result = _audit(path)
    assert result.exit_code == 3
    assert "NOT CLEARED" in result.output
    assert "response.body: error unreadable" in result.output


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("broken.yaml", b"interactions: [\n- a: 'x\n"),
        ("broken.json", b'{"interactions": ['),
        ("broken.har", b"no har"),
        ("noise.bin", bytes(range(256))),
        ("cut.yaml.gz", gzip.compress(b"interactions: []\n" * 9, mtime=0)[:-9]),
    ],
)
def test_unreadable_files_end_with_3(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    assert _audit(tmp_path / name).exit_code == 3
    assert _audit(tmp_path).exit_code == 3


def test_a_secret_in_a_broken_file_is_named_too(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"interactions: [\n  {secret_key()}\n")
    result = _audit(path)
    assert result.exit_code == 3
    assert "secret-key" in result.output


def test_a_path_that_is_not_there_ends_with_3(tmp_path: Path) -> None:
    assert _audit(tmp_path / "nowhere").exit_code == 3


def test_no_path_is_a_usage_error() -> None:
    assert _audit().exit_code == 2


def test_an_empty_folder_passes_and_says_so(tmp_path: Path) -> None:
    result = _audit(tmp_path)
    assert result.exit_code == 0
    assert "NOTHING TO AUDIT" in result.output
    assert result.stderr == ""
    for arguments in (["-q"], ["--format", "json"], ["-o", tmp_path.parent / "out.txt"]):
        result = _audit(tmp_path, *arguments)
        assert result.exit_code == 0
        assert result.stderr == f"fcproxy: nothing was audited: no files in {tmp_path.as_posix()}\n"
    assert json.loads(_audit(tmp_path, "--format", "json").stdout)["verdict"] == "nothing"


def _ruby(secret: str) -> str:
    body = base64.b64encode(json.dumps({"client_secret": secret}).encode()).decode()
    return (
        "---\nhttp_interactions:\n- request:\n    method: get\n    uri: https://api.stripe.com/v1/x\n"
        "    body:\n      encoding: US-ASCII\n      string: ''\n    headers: {}\n"
        "  response:\n    status:\n      code: 200\n      message: OK\n    headers: {}\n"
        f"    body:\n      encoding: ASCII-8BIT\n      string: !binary |-\n        {body}\n"
        "  recorded_at: Mon, 01 Jan 2024 00:00:00 GMT\nrecorded_with: VCR 6.4.0\n"
    )


def _har(secret: str) -> str:
    request = {"method": "GET", "url": "https://api.stripe.com/v1/x", "headers": []}
    response = {"status": 200, "headers": [], "content": {"text": json.dumps({"client_secret": secret})}}
    return json.dumps({"log": {"entries": [{"request": request, "response": response}]}})


def _playback(secret: str) -> str:
    return (
        "- type: 0\n  request:\n    method: GET\n    body: ''\n    headers: {}\n    url:\n      scheme: https\n"
        "      host: api.stripe.com\n      path: /v1/x\n  response:\n    headers: {}\n"
        f"    body: '{json.dumps({'client_secret': secret})}'\n    status_code: 200\n"
    )


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("ruby.yml", _ruby),
        ("session.har", _har),
        ("playback.yaml", _playback),
        ("notes.txt", lambda s: f"the client_secret is {s}\n"),
        ("README.md", lambda s: f"    client_secret: {s}\n"),
        ("debug.log", lambda s: json.dumps({"at": 1, "body": json.dumps({"client_secret": s})}) + "\n"),
        ("rows.jsonl", lambda s: '{"a": 1}\n' + json.dumps({"client_secret": s}) + "\n"),
        ("a.yaml", lambda s: f"# {s}\ninteractions: []\nversion: 1\n"),
        ("b.yaml", lambda s: f"interactions: []\nmetadata: {{note: {s}}}\nversion: 1\n"),
        ("c.yaml", lambda s: f"interactions: &{s} []\nversion: 1\n"),
        ("d.yaml", lambda s: f"interactions: !{s} []\nversion: 1\n"),
        ("e.yaml", lambda s: f"interactions: []\n---\nnote: {s}\n"),
        ("f.yaml", lambda s: f'interactions: []\nnote: "{s[:9]}\\\n  {s[9:]}"\n'),
        ("g.json", lambda s: json.dumps({"interactions": [], "x": [{"y": s}]})),
        ("no-suffix", lambda s: f"interactions:\n- note: {s}\n"),
    ],
)
def test_every_kind_of_file_is_read(name: str, build: object, tmp_path: Path) -> None:
    assert callable(build)
    (tmp_path / name).write_text(build(client_secret()))
    result = _audit(tmp_path)
    assert result.exit_code == 1, result.output
    assert "client-secret" in result.output
    (tmp_path / name).write_text(build("REDACTED"))
    result = _audit(tmp_path)
    assert result.exit_code == 0, result.output


def test_a_packed_cassette_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml.gz").write_bytes(gzip.compress(_cassette(_clean(), _leak())))
    result = _audit(tmp_path)
    assert result.exit_code == 1
    assert "interaction 1: response.body $.client_secret" in result.output


def test_folders_are_entered_and_links_are_not_followed(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "x.yaml").write_bytes(_cassette(_leak()))
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text(secret_key())
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(tmp_path / "pipe")
    result = _audit(tmp_path)
    assert result.exit_code == 1
    assert "1 files" in result.output
    assert "3 folders or links passed over" in result.output


def test_a_secret_in_a_file_name_is_found_and_not_shown(tmp_path: Path) -> None:
    key = secret_key()
    (tmp_path / f"{key}.txt").write_text("nothing")
    result = _audit(tmp_path)
    assert result.exit_code == 1
    assert key not in result.output
    assert "file name: error secret-key" in result.output


def test_hostile_yaml_builds_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "made"
    text = f"!!python/object/apply:os.system ['touch {marker}']\n"
    (tmp_path / "a.yaml").write_text(text)
    assert _audit(tmp_path / "a.yaml").exit_code == 0
    assert not marker.exists()


def test_alias_bombs_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcproxy.core.audit_tree.MAX_NODES", 20_000)
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (tmp_path / "a.yaml").write_text("\n".join(rows))
    assert _audit(tmp_path).exit_code == 3


def test_processes_give_the_same_report_as_one(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"{number}.yaml").write_bytes(_cassette(_clean(), _leak()))
    env = {"FCPROXY_AUDIT_KEY": "a key of some length"}
    one = _audit(tmp_path, "--format", "json", "--jobs", "1", env=env)
    two = _audit(tmp_path, "--format", "json", "--jobs", "2", env=env)
    assert one.exit_code == two.exit_code == 1
    assert one.output == two.output
    assert [finding["file"][-6:] for finding in json.loads(one.output)["findings"]] == [f"{n}.yaml" for n in range(6)]


def _with_workers(folder: Path, work: str) -> "subprocess.Popen[bytes]":
    """An audit in two processes, in which ``work`` is what a file is audited with."""
    for number in range(2):
        (folder / f"{number}.yaml").write_bytes(_cassette(_clean()))
    code = (
        "import os, sys, time\nfrom fcproxy.cli import cli\nfrom fcproxy.server import audit_files\n"
        f"audit_files.audit_file = lambda *_: {work}\ncli(['audit', '--jobs', '2', sys.argv[1]])"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_a_killed_worker_clears_nothing(tmp_path: Path) -> None:
    audit = _with_workers(tmp_path, "os.kill(os.getpid(), 9)")
    told, _ = audit.communicate(timeout=60)
    assert audit.returncode == 3
    assert told.decode().startswith("fcproxy: a process of the audit was killed: nothing is cleared")
    assert told.count(b"\n") == 1


def test_a_killed_audit_leaves_no_worker(tmp_path: Path) -> None:
    audit = _with_workers(tmp_path, "(print('at work', flush=True), time.sleep(600))")
    assert audit.stdout is not None
    with audit.stdout as told:
        assert {told.readline(), told.readline()} == {b"at work\n"}
        audit.kill()
        assert audit.wait(60)
        # Its end comes when nobody is left who could write.
        assert select.select([told], [], [], 30)[0]
        assert told.read() == b""


def test_an_interrupted_audit_clears_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "a.yaml").write_bytes(_cassette(_clean()))
    monkeypatch.setattr("fcproxy.server.audit_files.audit_files", interrupt)
    result = _audit(tmp_path, "--format", "sarif", "--output", tmp_path / "out.sarif")
    assert (result.exit_code, result.output) == (130, "fcproxy: interrupted: nothing is cleared\n")
    assert not (tmp_path / "out.sarif").exists()


def test_fingerprints_change_from_run_to_run_unless_keyed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(_cassette(_leak()))

    def fingerprint(env: dict[str, str]) -> str:
        report = json.loads(_audit(tmp_path, "--format", "json", env=env).output)
        return str(report["findings"][0]["fingerprint"])

    assert fingerprint({}) != fingerprint({})
    key = {"FCPROXY_AUDIT_KEY": drawn(32)}
    assert fingerprint(key) == fingerprint(key)


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    result = _audit(tmp_path, env={"FCPROXY_AUDIT_KEY": "short"})
    assert result.exit_code == 2


@pytest.mark.parametrize("key", ["", "a key of some length"])
def test_a_baseline_is_written_and_obeyed(key: str, tmp_path: Path) -> None:
    folder, baseline = tmp_path / "c", tmp_path / "baseline.json"
    folder.mkdir()
    (folder / "a.yaml").write_bytes(_cassette(_leak()))
    env = {"FCPROXY_AUDIT_KEY": key}
    assert _audit(folder, "--write-baseline", baseline, env=env).exit_code == 0
    result = _audit(folder, "--baseline", baseline, env=env)
    assert result.exit_code == 0
    assert "1 accepted by the baseline" in result.output
    (folder / "b.yaml").write_bytes(_cassette(_leak()))
    assert _audit(folder, "--baseline", baseline, env=env).exit_code == 1
    (folder / "b.yaml").unlink()
    (folder / "a.yaml").write_bytes(_cassette(_leak()))
    assert _audit(folder, "--baseline", baseline, env=env).exit_code == (1 if key else 0)


def test_a_baseline_does_not_accept_the_unreadable(tmp_path: Path) -> None:
    folder, baseline = tmp_path / "c", tmp_path / "baseline.json"
    folder.mkdir()
    (folder / "a.bin").write_bytes(bytes(range(256)))
    assert _audit(folder, "--write-baseline", baseline).exit_code == 3


def test_a_baseline_holds_from_wherever_the_audit_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "c" / "d"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_bytes(_cassette(_leak()))
    baseline = tmp_path / "c" / "baseline.json"
    assert _audit(folder, "--write-baseline", baseline).exit_code == 0
    assert json.loads(baseline.read_text())["accepted"][0]["file"] == "d/a.yaml"
    for start, path, beside in (
        (tmp_path, "c", "c"),
        (folder, ".", ".."),
        (folder, "a.yaml", ".."),
        ("/", folder, tmp_path / "c"),
    ):
        monkeypatch.chdir(start)
        result = _audit(path, "--baseline", f"{beside}/baseline.json")
        assert result.exit_code == 0, result.output
        assert "1 accepted by the baseline" in result.output


def test_entries_of_files_that_were_not_looked_at_are_not_told(tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_bytes(_cassette(_leak()))
    assert _audit(tmp_path, "--write-baseline", baseline).exit_code == 0
    assert "no longer found" not in _audit(tmp_path / "a.yaml", "--baseline", baseline).output
    (tmp_path / "b.yaml").unlink()
    assert "no longer found" not in _audit(tmp_path / "a.yaml", "--baseline", baseline).output
    gone = _audit(tmp_path, "--baseline", baseline)
    assert (gone.exit_code, gone.output.count("no longer found: b.yaml")) == (0, 1)


def test_an_entry_expires_and_that_is_told_before(tmp_path: Path) -> None:
    path, baseline = tmp_path / "a.yaml", tmp_path / "baseline.json"
    path.write_bytes(_cassette(_leak()))
    assert "without a reason or an owner: 1" in _audit(path, "--write-baseline", baseline).output
    document = json.loads(baseline.read_text())
    today = datetime.datetime.now(datetime.UTC).date()

    def expiring(days: int) -> Result:
        end = {"expires": (today + datetime.timedelta(days)).isoformat(), "reason": "revoked", "owner": "payments"}
        document["accepted"][0] |= end
        baseline.write_text(json.dumps(document))
        return _audit(path, "--baseline", baseline)

    far, near, last, over = map(expiring, (400, 10, 0, -2))
    assert [one.exit_code for one in (far, near, last, over)] == [0, 0, 0, 1]
    assert "baseline entry" not in far.output
    assert "baseline entry expires on" in near.output
    assert "baseline entry expired on" in over.output
    assert _audit(path, "--write-baseline", baseline).exit_code == 1
    assert json.loads(baseline.read_text())["accepted"][0]["owner"] == "payments"
    document["accepted"][0]["expires"] = "soon"
    baseline.write_text(json.dumps(document))
    assert _audit(path, "--baseline", baseline).exit_code == 2


def test_a_missing_baseline_is_a_usage_error(tmp_path: Path) -> None:
    assert _audit(tmp_path, "--baseline", tmp_path / "none.json").exit_code == 2


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(_cassette(_leak()))
    result = _audit(tmp_path / "a.yaml", "--format", "sarif", "--output", tmp_path / "out.sarif")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith("out.sarif: FOUND: 1 findings\n")
    assert json.loads((tmp_path / "out.sarif").read_text())["version"] == "2.1.0"


def test_quiet_says_nothing_when_clean(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(_cassette(_clean()))
    assert _audit(tmp_path, "--quiet").output == ""
    (tmp_path / "b.yaml").write_bytes(_cassette(_leak()))
    assert "client-secret" in _audit(tmp_path, "--quiet").output


def test_an_older_rule_set_is_a_warning() -> None:
    data = _cassette(_clean(), provenance=Provenance(recorder="fcproxy 0.0.1", rules="0"))
    report = audit_bytes(data, "a.yaml", settings=Settings(b"k" * 16, rules="7"))
    assert [(finding.rule, finding.level) for finding in report.findings] == [("old-rules", "warning")]
    assert report.exit_code == 0
    assert "rules 0" in report.findings[0].what
    same = _cassette(_clean(), provenance=Provenance(recorder="fcproxy 0.0.1", rules="7"))
    assert audit_bytes(same, "a.yaml", settings=Settings(b"k" * 16, rules="7")).findings == ()


@pytest.mark.parametrize("style", ["readable", "compact"])
@pytest.mark.parametrize("leaks", [0, 1])
def test_counts_of_rules_are_no_values_of_the_names_that_the_rules_bear(style: str, leaks: int) -> None:
    hits = {"api-key": 1200, "cookie": 5, "email": 12345, "password": 123456789, "x-api-key": 7}
    provenance = Provenance("fcproxy 0.1.0", "2", hits, (), (), None, ())
    data = render([RedactedInteraction(_leak() if leaks else _clean())], provenance, style=style)
    assert [one.rule for one in audit_bytes(data, "a.yaml").findings] == ["client-secret"] * leaks
    hostile = data.replace(b'"api-key": 1200', f'"api-key": "{drawn(24)}"'.encode())
    assert hostile != data
    assert any("hits" in one.place for one in audit_bytes(hostile, "a.yaml").findings)


def test_the_recorder_can_ask_for_its_own_secrets() -> None:
    secret = drawn(20)
    data = _cassette(exchange(f"plain {secret}".encode()))
    assert audit_bytes(data, "a.yaml").findings == ()
    assert [finding.rule for finding in audit_bytes(data, "a.yaml", known=Copies([secret])).findings] == ["learned"]


def test_stand_ins_pass_and_are_counted() -> None:
    response = Response(200, Headers([("Fcproxy-Body", "not-stored; reason=coding; bytes=99")]), b"", "OK")
    request = Request("GET", "https://api.stripe.com/v1/x", Headers())
    report = audit_bytes(_cassette(Interaction(request, response)), "a.yaml")
    assert (report.exit_code, report.coverage.not_stored) == (0, 1)


def test_a_file_that_may_not_be_read_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    report = audit_files([path], Settings(b"k" * 16))
    assert report.exit_code == 3


def test_many_files_are_all_looked_at(tmp_path: Path) -> None:
    data = _cassette(_clean())
    for number in range(300):
        (tmp_path / f"{number:04}.yaml").write_bytes(data)
    result = _audit(tmp_path)
    assert result.exit_code == 0
    assert "300 files, 300 interactions" in result.output


def test_the_help_has_examples() -> None:
    result = _audit("--help")
    assert result.exit_code == 0
    assert "fcproxy audit cassettes --format sarif" in result.output


def test_fix_redacts_what_has_findings_and_the_second_audit_counts(tmp_path: Path) -> None:
    secret = client_secret()
    leaky, fine = tmp_path / "a.yaml", tmp_path / "b.yaml"
    leaky.write_bytes(_cassette(exchange(json.dumps({"client_secret": secret}).encode())))
    fine.write_bytes(_cassette(_clean()))
    before = fine.read_bytes()
    assert _audit(tmp_path).exit_code == 1
    result = _audit(tmp_path, "--fix")
    assert result.exit_code == 0, result.output
    assert "a.yaml: changed 1 of 1 interactions" in result.stderr
    assert "CLEAN: no findings" in result.stdout
    assert secret not in result.output + leaky.read_text()
    assert fine.read_bytes() == before


def test_fix_notes_todays_rules_in_a_cassette_of_older_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(_cassette(_clean(), provenance=Provenance("fcproxy 0.0", "0", {}, (), (), None, ())))
    assert "old-rules" in _audit(path).output
    result = _audit(path, "--fix")
    assert result.exit_code == 0, result.output
    assert "a.yaml" in result.stderr
    assert "old-rules" not in result.stdout
    assert "old-rules" not in _audit(path).output


def test_fix_leaves_what_is_no_cassette_and_still_fails(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(f"see {client_secret()}")
    before = path.read_bytes()
    result = _audit(path, "--fix")
    assert result.exit_code == 1
    assert "not fixed" in result.stderr
    assert path.read_bytes() == before
