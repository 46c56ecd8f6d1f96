"""What docker-compose.yml promises: nobody reaches Redis from outside, every service is locked down and looked after.

The file is read as text, by its layout, so that a YAML parser need not be installed for this alone.
"""

import re
from pathlib import Path

import pytest

from shared.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
COMPOSE = "\n".join(
    line for line in (ROOT / "docker-compose.yml").read_text().splitlines() if not line.lstrip().startswith("#")
)
SERVICES = (
    "redis", "watcher", "features", "features-gpu", "verdicts", "verdicts-move", "proposals", "act", "recluster",
    "beat", "flower", "web", "prometheus", "grafana",
)  # fmt: skip
ACTING = ("verdicts-move", "act")
# The image sets four folders; Flower's three belong to its service and the page's, and two to those that act.
SET_ELSEWHERE = {
    "WATCH_DIR", "STATE_DIR", "INDEX_DIR", "PREVIEWS_DIR", "FLOWER_ADDRESS", "FLOWER_PORT", "FLOWER_AUTH",
    "MOVE_TO", "ON_DUPLICATE", "WEB_ADDRESS", "WEB_PORT",
}  # fmt: skip


def block(name: str, indent: int = 0) -> str:
    """The lines under `name:`, which stands `indent` blanks from the left."""
    found = re.search(rf"^ {{{indent}}}{name}:.*\n((?: {{{indent + 1},}}.*\n|\n)*)", COMPOSE + "\n", re.MULTILINE)
    assert found, f"docker-compose.yml has no {name}"
    return found.group(1)


def service(name: str) -> str:
    """A service's own lines, and those of the anchors it builds on."""
    text = block(name, indent=2)
    for anchor in re.findall(r"^    <<: \*([\w-]+)$", text, re.MULTILINE):
        text += service(anchor) if anchor in SERVICES else block(f"x-{anchor}")
    return text + block("x-locked-down") if "<<: *locked-down\n" in text else text


def test_these_are_all_services() -> None:
    assert tuple(re.findall(r"^  ([\w-]+):", block("services"), re.MULTILINE)) == SERVICES


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_locked_down_and_looked_after(name: str) -> None:
    text = service(name)
    for promise in (
        "read_only: true",
        "cap_drop: [ALL]",
        'security_opt: ["no-new-privileges:true"]',
        "restart: unless-stopped",
    ):
        assert re.search(rf"^ +{re.escape(promise)}$", text, re.MULTILINE), promise
    assert not re.search(r"privileged|cap_add|network_mode|user: *[\"']?(0|root)\b", text)
    if name == "act":  # ends by itself
        assert re.search(r'^    restart: "no"$', block(name, indent=2), re.MULTILINE)
        return
    assert re.search(r"^ +healthcheck:.*\n +(<<.*\n +)?test:", text, re.MULTILINE)
    assert re.search(r"^ +stop_grace_period: ", text, re.MULTILINE)


def test_the_image_runs_as_a_user_of_its_own() -> None:
    users = re.findall(r"^USER +(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert users == ["imagesieve"]
    for name, user in (("redis", "redis"), ("prometheus", "nobody"), ("grafana", '"472"')):
        assert re.search(rf"^ +user: {user}( |$)", service(name), re.MULTILINE)


def test_only_pages_are_published_and_on_loopback() -> None:
    assert [name for name in SERVICES if "ports:" in service(name)] == ["flower", "web", "grafana"]
    assert re.findall(r"ports: (.*)", COMPOSE) == [
        '["127.0.0.1:${IMAGESIEVE_FLOWER_PORT:-5555}:5555"]',
        '["127.0.0.1:${IMAGESIEVE_WEB_PORT:-5558}:5558"]',
        '["127.0.0.1:${IMAGESIEVE_GRAFANA_PORT:-3000}:3000"]',
    ]
    for name in ("redis", "prometheus"):
        assert "networks: [inside]\n" in service(name)
    assert "internal: true" in block("inside", indent=2)


def test_the_watched_folder_is_mounted_read_only_but_for_those_that_act_when_they_are_asked_to() -> None:
    assert "read_only: true" in block("x-watched")
    assert re.findall(r"^.*/watched.*$", COMPOSE, re.MULTILINE) == ["  target: /watched"] * 2
    assert tuple(name for name in SERVICES if "*writable" in block(name, indent=2)) == ACTING
    for name in ACTING:
        assert re.search(r"^    profiles: \[(move|act)\]$", block(name, indent=2), re.MULTILINE)
        assert '"state:/state"' in block(name, indent=2)  # the journal
    assert "IMAGESIEVE_MOVE_TO: /moved" in block("verdicts-move", indent=2)


def test_the_page_writes_previews_and_nothing_else() -> None:
    text = block("web", indent=2)
    assert re.findall(r"volumes: (.*)", text) == ['[*watched, "state:/state:ro", "previews:/previews"]']
    assert "read_only: true" in block("x-watched")
    assert "IMAGESIEVE_PREVIEWS_DIR=/previews" in (ROOT / "Dockerfile").read_text()
    for setting in ("FLOWER_AUTH: ${IMAGESIEVE_FLOWER_AUTH:?", "WEB_ADDRESS: 0.0.0.0"):
        assert f"      IMAGESIEVE_{setting}" in text


def test_no_password_has_a_default() -> None:
    used = re.findall(r"\$\{(?:IMAGESIEVE_REDIS_PASSWORD|IMAGESIEVE_FLOWER_AUTH|WATCH)(.{2})", COMPOSE)
    assert used
    assert set(used) == {":?"}
    # Everything would fail without a variable that is asked for by `:?`, whatever the profile: it is looked at later.
    assert re.findall(r"IMAGESIEVE_GRAFANA_PASSWORD(\S*)", COMPOSE) == [",", ":-}"]
    assert 'test -n "$$GF_SECURITY_ADMIN_PASSWORD" ||' in service("grafana")


def test_what_is_not_asked_for_does_not_start() -> None:
    profiles = {name: re.findall(r"profiles: \[(.*)\]", block(name, indent=2)) for name in SERVICES}
    assert {name: found for name, found in profiles.items() if found} == {
        "features-gpu": ["gpu"],
        "verdicts-move": ["move"],
        "proposals": ["proposals"],
        "act": ["act"],
        "prometheus": ["monitoring"],
        "grafana": ["monitoring"],
    }


def test_grafana_talks_to_nobody_outside() -> None:
    text = service("grafana")
    for what in (
        'ANALYTICS_REPORTING_ENABLED: "false"',
        'ANALYTICS_CHECK_FOR_UPDATES: "false"',
        'ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false"',
        'NEWS_NEWS_FEED_ENABLED: "false"',
        'PLUGINS_PREINSTALL_DISABLED: "true"',
        'SECURITY_DISABLE_GRAVATAR: "true"',
    ):
        assert f"GF_{what}\n" in text


def test_images_of_others_are_pinned() -> None:
    images = re.findall(r"^    image: (.*)$", COMPOSE, re.MULTILINE)
    assert [image.partition(":")[0] for image in images] == ["redis", "prom/prometheus", "grafana/grafana"]
    assert all(re.search(r":v?\d[\w.-]+$", image) for image in images)


def test_every_setting_reaches_the_containers() -> None:
    passed = set(re.findall(rf"^  {PREFIX}(\w+):", block("x-settings"), re.MULTILINE))
    assert passed == {name.upper() for name in Settings.model_fields} - SET_ELSEWHERE


def pins(lock: str) -> dict[str, list[str]]:
    """Package name -> its pinned versions in a lock file (several where they depend on the Python version)."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements" / lock).read_text(), re.MULTILINE):
        found.setdefault(name, []).append(version)
    return found


def test_the_locks_agree() -> None:
    dev, run, gpu = pins("dev.txt"), pins("run.txt"), pins("gpu.txt")
    assert run
    assert run == {name: dev[name] for name in run}
    assert run == {name: versions for name, versions in gpu.items() if not name.startswith("nvidia-")}


@pytest.mark.parametrize("lock", ["dev.txt", "run.txt", "gpu.txt"])
def test_a_lock_names_no_registry(lock: str) -> None:
    assert "://" not in (ROOT / "requirements" / lock).read_text()
