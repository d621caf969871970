"""The order of sources, the kinds, and what is said about mistakes."""

from pathlib import Path

import pytest

from fcproxy.config import Config, load_config, options_of, read_file
from fcproxy.config.options import OPTIONS
from fcproxy.core.errors import UsageError


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_of_the_table_and_of_the_class_are_the_same() -> None:
    config = Config()
    assert {o.name: o.default for o in OPTIONS} == {
        name: value for name, value in config._asdict().items() if name not in {"api_key", "match", "rules"}
    }


def test_flags_win_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    write(tmp_path, "fcproxy.toml", 'cassette = "file.yaml"\nhost = "localhost"\nport = 1\n')
    environ = {"FCPROXY_HOST": "127.0.0.2", "FCPROXY_PORT": "2"}
    config = load_config({"port": 3, "host": None}, environ, folder=tmp_path)
    assert (config.cassette, config.host, config.port, config.upstream) == ("file.yaml", "127.0.0.2", 3, "fake")


def test_the_table_in_pyproject_counts_if_there_is_no_file_of_our_own(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", '[project]\nname = "x"\n[tool.fcproxy]\nready-file = "r.json"\n')
    assert load_config({}, {}, folder=tmp_path).ready_file == "r.json"
    write(tmp_path, "fcproxy.toml", "port = 5\n")
    assert load_config({}, {}, folder=tmp_path) == Config(port=5)


def test_a_pyproject_without_our_table_is_nobodys_business(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "this = is not even toml")
    assert load_config({}, {}, folder=tmp_path) == Config()


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.toml"):
        load_config({}, {}, file=str(tmp_path / "gone.toml"))
    with pytest.raises(UsageError, match=r"gone\.toml"):
        load_config({}, {"FCPROXY_CONFIG": str(tmp_path / "gone.toml")})


@pytest.mark.parametrize(
    ("key", "meant"), [("casette", "cassette"), ("ready_fil", "ready-file"), ("allow-remot", "allow-remote")]
)
def test_a_misspelt_key_is_an_error_that_suggests_the_right_one(tmp_path: Path, key: str, meant: str) -> None:
    path = write(tmp_path, "fcproxy.toml", f'{key} = "x"\n')
    with pytest.raises(UsageError, match=f"unknown key '{key}'; did you mean '{meant}'"):
        read_file(path)


@pytest.mark.parametrize(
    "line",
    ['port = "twelve"', "port = 70000", "port = true", "strict = 3", 'log-format = "xml"', "cassette = 7", "host = ''"],
)
def test_a_wrong_value_is_an_error_that_names_file_and_key(tmp_path: Path, line: str) -> None:
    path = write(tmp_path, "fcproxy.toml", line + "\n")
    with pytest.raises(UsageError, match=rf"fcproxy\.toml: {line.partition(' ')[0]}: expects"):
        read_file(path)


def test_what_is_no_toml_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "fcproxy.toml", "port = 1\nport =\n")
    with pytest.raises(UsageError, match="line 2"):
        read_file(path)


@pytest.mark.parametrize(("text", "value"), [("1", True), ("on", True), ("Yes", True), ("false", False), ("0", False)])
def test_switches_in_the_environment(text: str, value: bool) -> None:
    assert load_config({}, {"FCPROXY_STRICT": text}).strict is value


def test_a_switch_that_is_no_switch_names_its_variable_and_not_its_value() -> None:
    with pytest.raises(UsageError, match="FCPROXY_STRICT: expects true or false") as caught:
        load_config({}, {"FCPROXY_STRICT": "pasted-by-accident"})
    assert "pasted" not in str(caught.value)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert load_config({}, {"FCPROXY_PORT": ""}).port == 12111


def test_the_lent_key_comes_from_the_named_variable_and_shows_in_no_repr() -> None:
    key = "sk_" + "test_" + "4" * 24
    config = load_config({"api_key_env": "MY_KEY"}, {"MY_KEY": key})
    assert config.api_key == key
    assert key not in repr(config)


def test_a_named_variable_that_is_not_set_is_an_error() -> None:
    with pytest.raises(UsageError, match="MY_KEY"):
        load_config({"api_key_env": "MY_KEY"}, {})


def test_replay_takes_no_option_that_only_a_recording_has() -> None:
    names = {option.name for option in options_of("replay")}
    assert {"cassette", "port", "strict"} <= names
    assert not names & {"allow_live", "api_key_env", "upstream_ca"}


def test_match_rules_stand_in_the_file_only(tmp_path: Path) -> None:
    (tmp_path / "fcproxy.toml").write_text('order = "strict"\n[[match]]\npath = "/v1/x"\nignore = ["body.a"]\n')
    config = load_config({}, {}, folder=tmp_path)
    assert (config.order, [rule.id for rule in config.match]) == ("strict", ["* /v1/x"])
    (tmp_path / "fcproxy.toml").write_text('[[match]]\npath = "/v1/x"\nignroe = ["body.a"]\n')
    with pytest.raises(UsageError, match=r"fcproxy\.toml: match\[0\]: unknown key 'ignroe'; did you mean 'ignore'"):
        load_config({}, {}, folder=tmp_path)
    (tmp_path / "fcproxy.toml").write_text("matc = 1\n")
    with pytest.raises(UsageError, match="did you mean 'match'"):
        load_config({}, {}, folder=tmp_path)


def test_redaction_rules_stand_in_the_file_and_take_literals_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "fcproxy.toml").write_text(
        '[redact]\ndisable = ["jwt"]\nrules = [{ id = "a", literal_env = "MINE" }]\n'
    )
    config = load_config({}, {"MINE": "a-long-literal"}, folder=tmp_path)
    assert config.rules.disabled == ("jwt",)
    assert config.rules.shapes[0].id == "a"
    with pytest.raises(UsageError, match="MINE is not set"):
        load_config({}, {}, folder=tmp_path)
