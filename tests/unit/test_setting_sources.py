"""Where settings come from: the order of the sources, files in TOML, units, and what is said of a fault in each."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from shared.cli.__main__ import app
from shared.errors import SettingsError
from shared.settings import Settings, load_settings, load_with_origins
from shared.settings.units import DURATION, SIZE


class Files:
    """The user's file and the state folder's."""

    def __init__(self, base: Path) -> None:
        self.state = base / "state"
        self.user_file = base / "config" / "imagesieve" / "config.toml"
        self.state_file = self.state / "config.toml"
        self.state.mkdir()
        self.user_file.parent.mkdir(parents=True)

    def user(self, text: str) -> None:
        self.user_file.write_text(text)

    def of_state(self, text: str) -> None:
        self.state_file.write_text(text)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    made = Files(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("IMAGESIEVE_STATE_DIR", str(made.state))
    return made


def test_the_environment_goes_before_the_state_folder_before_the_user(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.user("k = 2\nk_max = 20\nsettle = 2\n")
    files.of_state('k = 3\nk_max = 30\nflower_auth = "me:secret"\n')
    monkeypatch.setenv("IMAGESIEVE_K", "4")
    loaded = load_with_origins(watch_dir="/pictures")
    settings = loaded.settings
    assert (settings.k, settings.k_max, settings.settle, settings.batch_size) == (4, 30, 2.0, 32)
    names = ("watch_dir", "k", "state_dir", "k_max", "settle", "batch_size")
    assert [loaded.origins[name] for name in names] == [
        "the command line", "the environment", "the environment", str(files.state_file), str(files.user_file), "default"
    ]  # fmt: skip
    assert loaded.files == (files.state_file, files.user_file)
    assert {"k", "k_max", "settle"} <= settings.model_fields_set
    assert "batch_size" not in settings.model_fields_set


def test_a_file_may_write_lists_and_strings_as_the_environment_has_them(files: Files) -> None:
    files.of_state(
        'suffixes = ["JPG", ".png"]\nexclude = ["*.gif", "a:b/"]\nprotect_folders = ["Masters"]\n'
        'keeper_order = "bytes path"\nwatch_dir = "/pictures"\nmax_bytes = 5\nLOG_LEVEL = "debug"\n'
    )
    settings = load_settings()
    assert settings.suffixes == frozenset({".jpg", ".png"})
    assert settings.exclude == ("*.gif", "a:b/")
    assert settings.protect_folders == ("Masters",)
    assert settings.keeper_order == ("bytes", "path")
    assert (settings.watch_dir, settings.max_bytes, settings.log_level) == (Path("/pictures"), 5, "debug")


def test_units_are_taken_in_every_source(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.user('rescan_every = "2h"\nmax_bytes = "1GB"\n')
    files.of_state('settle = "500ms"\nweb_previews = "512 MiB"\n')
    monkeypatch.setenv("IMAGESIEVE_KEEP_FEATURES", "7d")
    monkeypatch.setenv("IMAGESIEVE_RECLUSTER_MEMORY", "2gib")
    settings = load_settings(poll_every="90s")
    assert (settings.rescan_every, settings.max_bytes, settings.settle) == (7200.0, 10**9, 0.5)
    assert (settings.web_previews, settings.keep_features) == (1 << 29, 604_800.0)
    assert (settings.recluster_memory, settings.poll_every) == (2 << 30, 90.0)


@given(st.integers(0, 10**15))
def test_what_is_shown_with_a_unit_is_read_as_the_same(number: int) -> None:
    for measure in (DURATION, SIZE):
        assert float(measure.read(measure.words(number))) == number
    milliseconds = number / 1000
    assert float(DURATION.read(DURATION.words(milliseconds))) == pytest.approx(milliseconds, rel=1e-12)


@pytest.mark.parametrize("wrong", ["5 minutes", "5M", "1GB", "m", "-5m", "5m5s", "inf", "nan", "", "1_0s", "٥m"])
def test_a_wrong_unit_is_one_sentence_in_every_source(
    files: Files, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    rule = "use a number above 0 (seconds), or one with a unit (ms, s, m, h or d), such as 90s or 5m"
    for write, name in (
        (files.user, f"rescan_every in {files.user_file}"),
        (files.of_state, f"rescan_every in {files.state_file}"),
        (lambda _: monkeypatch.setenv("IMAGESIEVE_RESCAN_EVERY", wrong), "IMAGESIEVE_RESCAN_EVERY"),
    ):
        write(f"rescan_every = {json.dumps(wrong)}\n")
        with pytest.raises(SettingsError) as raised:
            load_settings()
        assert str(raised.value).startswith(f"{name} is ")
        assert str(raised.value).endswith(f", which cannot be used: {rule}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kmax = 5", "kmax in FILE is no setting of this version; did you mean k_max?"),
        ("IMAGESIEVE_K_MAX = 5", "IMAGESIEVE_K_MAX in FILE is no setting of this version; did you mean k_max?"),
        ("protect-folder = 'a'", "protect-folder in FILE is no setting of this version; did you mean protect_folders?"),
        ("[imagesieve]\nk = 5", "imagesieve in FILE is no setting of this version; `imagesieve settings` lists them"),
        ("k = true", "k in FILE is True, which cannot be used: use a number, words in quotes, or a list of those"),
        ("exclude = [1]", "exclude in FILE is [1], which cannot be used: use a number, words in quotes, or a list"),
        ("quiet_hours = 08:00:00", "quiet_hours in FILE is datetime.time(8, 0), which cannot be used: use a number"),
        ("quiet_hours = 8", "quiet_hours in FILE is 8, which cannot be used: use words in quotes"),
        ("observer = 'magic'", "observer in FILE is 'magic', which cannot be used: use 'inotify' or 'polling'"),
        ("move_to = 'moved'", "move_to in FILE is 'moved', which cannot be used: name it from / or ~ on"),
        ("weights = 'own.h5'", "weights in FILE is 'own.h5', which cannot be used: name it from / or ~ on"),
        ("flower_auth = 'secret'", "flower_auth in FILE cannot be used: use user:password"),
        ("k = ", "the settings in FILE cannot be read: Invalid value (at end of document)"),
        ("k = 1\nk = 2", "the settings in FILE cannot be read: Cannot overwrite a value"),
        ("exclude = *.gif", "a line of it looks like this: exclude = '*.gif'"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_place(files: Files, text: str, said: str) -> None:
    for write, file in ((files.user, files.user_file), (files.of_state, files.state_file)):
        write(text)
        with pytest.raises(SettingsError) as raised:
            load_settings()
        assert said.replace("FILE", str(file)) in str(raised.value)
        assert "secret" not in str(raised.value)
        file.unlink()


def test_all_faults_of_a_file_are_said_at_once(files: Files) -> None:
    files.user("kmax = 5\nk = false\nmove_to = 'x'\n")
    with pytest.raises(SettingsError, match=r"kmax in .*; k in .*; move_to in .*"):
        load_settings()


def test_a_file_that_is_not_utf_8_is_told(files: Files) -> None:
    files.user_file.write_bytes(b"exclude = '\xff'\n")
    with pytest.raises(SettingsError, match=r"the settings in .* cannot be read: .*utf-8"):
        load_settings()
    files.user_file.unlink()
    files.user_file.mkdir()  # no file: as if there were none
    assert load_settings().exclude == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_a_file_that_may_not_be_read_is_told_and_one_that_may_not_be_seen_is_none() -> None:
    code = "import os; from shared.settings import load_settings; os.setuid(65534); print(load_settings().k)"
    with tempfile.TemporaryDirectory() as base:  # nobody may look into pytest's own folders
        file = Path(base) / "imagesieve" / "config.toml"
        file.parent.mkdir()
        file.write_text("k = 7\n")
        for folder in (Path(base), file.parent):
            folder.chmod(0o755)

        def ask() -> subprocess.CompletedProcess[str]:
            own = {"XDG_CONFIG_HOME": base, "IMAGESIEVE_STATE_DIR": "/nowhere", "PYTHONPATH": os.pathsep.join(sys.path)}
            return subprocess.run(
                [sys.executable, "-c", code],
                env={**os.environ, **own}, cwd="/", capture_output=True, text=True, check=False,
            )  # fmt: skip

        assert ask().stdout == "7\n"
        file.chmod(0)
        assert f"the settings in {file} cannot be read: Permission denied for user number 65534" in ask().stderr
        file.parent.chmod(0o700)
        assert ask().stdout == "0\n"


def test_the_state_folder_is_named_by_the_user_s_file_but_not_from_within(
    files: Files, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    files.of_state("k = 9\n")
    files.user(f"state_dir = '{files.state}'\n")
    for empty in (None, ""):  # as a container passes on what is not set
        monkeypatch.delenv("IMAGESIEVE_STATE_DIR", raising=False)
        if empty is not None:
            monkeypatch.setenv("IMAGESIEVE_STATE_DIR", empty)
        loaded = load_with_origins()
        assert (loaded.settings.state_dir, loaded.settings.k) == (files.state, 9)
        assert loaded.origins["state_dir"] == str(files.user_file)
    files.of_state(f"state_dir = '{tmp_path}'\n")
    with pytest.raises(SettingsError, match="the file lies in the state folder itself"):
        load_settings()


def test_processes_that_get_all_settings_read_no_file(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.of_state("k = 9\n")
    settings = load_settings()
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    files.of_state("this is no TOML")
    files.user("k = 5\n")
    assert load_settings() == settings


def test_a_relative_folder_of_all_settings_is_passed_over(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "config")
    monkeypatch.setenv("HOME", str(files.user_file.parents[2]))
    assert load_with_origins().files[1] == files.user_file.parents[2] / ".config" / "imagesieve" / "config.toml"


def test_the_command_shows_values_and_where_they_come_from(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.user("max_bytes = '2GiB'\nflower_auth = 'me:secret'\n")
    monkeypatch.setenv("IMAGESIEVE_STORE_URL", "redis://me:se@cret@host:6379/1?password=secret&socket_timeout=3")
    shown = CliRunner().invoke(app, ["settings", "--json"])
    found = json.loads(shown.output)
    rows = {row["name"]: row for row in found["settings"]}
    assert list(rows) == list(Settings.model_fields)
    assert rows["max_bytes"] == {
        "name": "max_bytes",
        "variable": "IMAGESIEVE_MAX_BYTES",
        "value": "2GiB",
        "from": str(files.user_file),
    }
    assert (rows["rescan_every"]["value"], rows["rescan_every"]["from"]) == ("5m", "default")
    assert rows["flower_auth"]["value"] == "me:***"
    assert rows["store_url"]["value"] == "redis://***@host:6379/1?password=***&socket_timeout=3"
    assert found["files"] == [
        {"file": str(files.state_file), "there": False},
        {"file": str(files.user_file), "there": True},
    ]
    for words in ([], ["IMAGESIEVE_MAX_BYTES", "flower-auth"]):
        text = CliRunner().invoke(app, ["settings", *words]).output
        assert f"{files.user_file}: read" in text
        assert f"{files.state_file}: not there" in text
        assert "secret" not in text
        assert ("rescan_every" in text) == (not words)
    wrong = CliRunner().invoke(app, ["settings", "max_byte"])
    assert str(wrong.exception) == "'max_byte' is no setting of this version; did you mean max_bytes?"


def test_the_command_says_which_option_named_the_state_folder(files: Files, tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["settings", "state_dir", "--json", "--state", str(tmp_path / "other")])
    [row] = json.loads(shown.output)["settings"]
    assert (row["value"], row["from"]) == (str(tmp_path / "other"), "--state")
