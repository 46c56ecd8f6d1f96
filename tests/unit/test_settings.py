"""Settings: what the environment says, and one clear sentence where it cannot be used."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shared.cli.collection_settings import settings_of_report, take_near, take_weights, watched_folder
from shared.errors import SettingsError
from shared.records import Extractor
from shared.settings import Settings, load_settings, unknown_settings
from shared.stack.leftovers import SUPERVISED
from worker.turn import HOLDER


def test_defaults_point_into_the_state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    settings = load_settings(watch_dir=tmp_path / "Pictures")
    state = tmp_path / "imagesieve" / "collections" / "Pictures"
    assert settings.state_dir == state
    assert settings.store == f"unix://{state}/redis/redis.sock?db=1"
    assert settings.broker == f"redis+socket://{state}/redis/redis.sock?virtual_host=0"
    assert settings.embedded_redis


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGESIEVE_K_MAX", "7")
    monkeypatch.setenv("IMAGESIEVE_SUFFIXES", "JPG, .Png .")
    monkeypatch.setenv("IMAGESIEVE_BROKER_URL", "redis://broker:6379/0")
    monkeypatch.setenv("IMAGESIEVE_STORE_URL", "redis://store:6379/1")
    settings = load_settings()
    assert settings.k_max == 7
    assert settings.suffixes == frozenset({".jpg", ".png", "."})
    assert not settings.embedded_redis
    assert settings.broker == "redis://broker:6379/0"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("K_MAX", "many"),
        ("K_MAX", "-1"),
        ("K", "-1"),
        ("GEOMETRY", "manhattan"),
        ("BATCH_SIZE", "-1"),
        ("WEIGHTS", "resnet"),
        ("OBSERVER", "magic"),
        ("LOG_LEVEL", "loud"),
        ("NEAR", "far"),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"IMAGESIEVE_{name}", value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert f"IMAGESIEVE_{name} is '{value}'" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("K_MAX", "x", "use a whole number from 0 to 1000"),
        ("K_MAX", "1001", "use a whole number from 0 to 1000"),
        (
            "MAX_BYTES",
            "1.5",
            "use a whole number, 1 or more (bytes), or one with a unit (B, kB, MB, GB, TB, KiB, MiB, GiB or TiB), such "
            "as 1GB or 512MiB",
        ),
        (
            "POLL_EVERY",
            "0",
            "use a number above 0 (seconds), or one with a unit (ms, s, m, h or d), such as 90s or 5m",
        ),
        (
            "SETTLE",
            "5 minutes",
            "use a number, 0 or more (seconds), or one with a unit (ms, s, m, h or d), such as 90s or 5m",
        ),
        ("OBSERVER", "magic", "use 'inotify' or 'polling'"),
    ],
)
def test_what_a_setting_takes_is_said_plainly(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, rule: str
) -> None:
    monkeypatch.setenv(f"IMAGESIEVE_{name}", value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == f"IMAGESIEVE_{name} is '{value}', which cannot be used: {rule}"


def test_a_misspelled_setting_is_told_with_the_one_that_was_meant() -> None:
    environment = {"IMAGESIEVE_KMAX": "5", "IMAGESIEVE_K_MAX": "5", "imagesieve_settle": "1", "KMAX": "1"}
    [warning] = unknown_settings(environment, Settings.model_fields)
    assert warning.startswith("IMAGESIEVE_KMAX is no setting")
    assert warning.endswith("did you mean IMAGESIEVE_K_MAX?")
    [warning] = unknown_settings(["IMAGESIEVE_QQQQ"], Settings.model_fields)
    assert "did you mean" not in warning


def test_what_compose_and_make_use_is_not_taken_for_misspelled() -> None:
    root = Path(__file__).parents[2]
    text = "".join((root / name).read_text() for name in ("docker-compose.yml", "Makefile"))
    names = set(re.findall(r"IMAGESIEVE_[A-Z_]*[A-Z]", text)) | {HOLDER}
    assert {"IMAGESIEVE_UID", "IMAGESIEVE_REDIS_PASSWORD"} <= names
    assert list(unknown_settings(names, Settings.model_fields)) == []


def test_the_command_line_warns_of_a_misspelled_setting_and_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "shared.cli", "report"]
    environment = {**os.environ, "IMAGESIEVE_STATE_DIR": str(tmp_path), "IMAGESIEVE_KMAX": "5"}
    alone = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    first, second = alone.stderr.splitlines()
    assert "warning: IMAGESIEVE_KMAX" in first
    assert "there is no report" in second
    started = {**environment, SUPERVISED: "1:2"}  # by `up`, which said it
    assert "KMAX" not in subprocess.run(command, env=started, capture_output=True, text=True, check=False).stderr


def extractor(weights: str) -> Extractor:
    return Extractor("e", weights, f"VGG16 fc2, weights of {weights}")


def test_weights_that_are_left_open_are_those_of_the_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    for weights in ("imagenet", "random"):
        assert take_weights(load_settings(), extractor(weights)).weights == weights
        assert take_weights(load_settings(weights="auto"), extractor(weights)).weights == weights
    assert take_weights(load_settings(), None).weights == "auto"
    with pytest.raises(SettingsError, match=r"by VGG16 fc2, weights of file; name that file to `imagesieve weights`"):
        take_weights(load_settings(), extractor("file"))
    monkeypatch.setenv("IMAGESIEVE_WEIGHTS", "/w.h5")  # said is said
    for weights in ("imagenet", "file"):
        assert take_weights(load_settings(), extractor(weights)).weights == "/w.h5"


def test_a_folder_that_is_left_open_is_the_newest_report_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("IMAGESIEVE_WATCH_DIR", raising=False)
    latest = tmp_path / "reports" / "latest"
    latest.mkdir(parents=True)
    assert watched_folder(load_settings(state_dir=tmp_path)) is None
    (latest / "summary.json").write_text("no JSON")
    assert watched_folder(load_settings(state_dir=tmp_path)) is None
    (latest / "summary.json").write_text('{"folder": "/photos"}')
    assert watched_folder(load_settings(state_dir=tmp_path)) == Path("/photos")
    assert watched_folder(load_settings(state_dir=tmp_path, watch_dir=Path("/other"))) == Path("/other")


def newest_report(monkeypatch: pytest.MonkeyPatch, state: Path, summary: str) -> None:
    monkeypatch.setenv("IMAGESIEVE_STATE_DIR", str(state))
    monkeypatch.delenv("IMAGESIEVE_WATCH_DIR", raising=False)
    latest = state / "reports" / "latest"
    latest.mkdir(parents=True, exist_ok=True)
    (latest / "summary.json").write_text(summary)


def test_what_is_near_is_as_in_the_newest_report_where_it_is_left_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("IMAGESIEVE_STATE_DIR", str(tmp_path))
    assert take_near(load_settings()).near == "usual"  # no report yet
    for summary in ("{}", '{"thresholds": null}', '{"thresholds": {"near": "far"}}', "no JSON"):
        newest_report(monkeypatch, tmp_path, summary)
        assert take_near(load_settings()).near == "usual"
    newest_report(monkeypatch, tmp_path, '{"thresholds": {"near": "strict"}}')
    assert take_near(load_settings()).environment()["IMAGESIEVE_NEAR"] == "strict"
    monkeypatch.setenv("IMAGESIEVE_NEAR", "usual")
    assert take_near(load_settings()).near == "usual"


@pytest.mark.parametrize("name", ["IMAGESIEVE_WATCH_DIR", "imagesieve_watch_dir"])
def test_a_folder_that_is_set_goes_before_the_report_s_however_it_is_spelt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    newest_report(monkeypatch, tmp_path, '{"folder": "/photos"}')
    assert settings_of_report().watch_dir == Path("/photos")
    monkeypatch.setenv(name, "/set")
    assert settings_of_report().watch_dir == Path("/set")


@pytest.mark.parametrize("summary", ["{}", '{"folder": ""}', '{"folder": null}', "no JSON", "[]"])
def test_a_report_that_does_not_say_its_folder_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, summary: str
) -> None:
    newest_report(monkeypatch, tmp_path, summary)
    with pytest.raises(SettingsError, match=r"does not say which folder it is of: name it in IMAGESIEVE_WATCH_DIR"):
        settings_of_report()
    assert watched_folder(load_settings()) is None


def test_settings_travel_to_other_processes_unchanged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load_settings(
        watch_dir=tmp_path,
        weights="random",
        suffixes=".jpg .",
        exact_only=".mov .mp4",
        settle=0.5,
        exclude=r"*.gif:a\:b/",
        k_max=4,
    )
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_order_of_keepers_is_words_and_unknown_ones_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGESIEVE_KEEPER_ORDER", "newest, bytes")
    settings = load_settings()
    assert settings.keeper_order == ("newest", "bytes")
    assert settings.environment()["IMAGESIEVE_KEEPER_ORDER"] == "newest bytes"
    monkeypatch.setenv("IMAGESIEVE_KEEPER_ORDER", "biggest")
    with pytest.raises(SettingsError, match=r"IMAGESIEVE_KEEPER_ORDER is 'biggest'.*undamaged, pixels"):
        load_settings()


def test_formats_that_are_not_named_stand_behind_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGESIEVE_KEEPER_FORMATS", "jpeg heic")
    settings = load_settings()
    assert settings.keeper_formats == ("jpeg", "heic", "raw", "lossless", "plain", "bare", "conversion")
    assert settings.environment()["IMAGESIEVE_KEEPER_FORMATS"] == " ".join(settings.keeper_formats)
    monkeypatch.setenv("IMAGESIEVE_KEEPER_FORMATS", "jpeg tiff")
    with pytest.raises(SettingsError, match=r"IMAGESIEVE_KEEPER_FORMATS is 'jpeg tiff'.*raw, heic"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("broker_url", "amqp://user:secret@host/0", "begin it with redis:// or rediss:// or redis+socket://"),
        ("broker_url", "host:6379", "begin it with redis://"),
        ("store_url", "redis+socket://user:secret@/tmp/x", "begin it with redis:// or rediss:// or unix://"),
        ("flower_auth", "secret", "use user:password"),
    ],
)
def test_a_door_that_cannot_be_is_told_without_its_password(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(**{name: value})
    assert f"IMAGESIEVE_{name.upper()}" in str(raised.value)
    assert said in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("name", ["broker_url", "store_url"])
def test_tls_asks_for_a_certificate_unless_it_is_told_otherwise(name: str) -> None:
    def given(url: str) -> str:
        settings = load_settings(**{name: url})
        assert getattr(load_settings(**{name: getattr(settings, name)}), name) == getattr(settings, name)
        return str(getattr(settings, name))

    assert given("rediss://h:6379/0") == "rediss://h:6379/0?ssl_cert_reqs=required"
    assert given("rediss://h/0?ssl_ca_certs=/ca.pem") == "rediss://h/0?ssl_ca_certs=/ca.pem&ssl_cert_reqs=required"
    assert given("rediss://h/0?ssl_cert_reqs=none") == "rediss://h/0?ssl_cert_reqs=none"
    assert given("redis://h/0") == "redis://h/0"
