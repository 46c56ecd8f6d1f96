"""Deciding in a real browser, by keys: nothing is lost, everything can be taken back, everybody can use it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from shared.decisions import DecisionJournal, DecisionKind
from shared.settings import Settings
from shared.store import RedisStore
from tests.conftest import RedisServer, make_settings
from tests.web.groups import PLACE, write_groups
from tests.web.site import AUTH, served

SIZES = {"phone": (360, 740), "tablet": (820, 1100), "desktop": (1280, 900)}
USER, _, PASSWORD = AUTH.partition(":")
MANY = int(os.environ.get("WEB_GROUPS", "300"))
KINDS = (["exact"], ["near"], ["identical"], ["exact", "near"], ["near", "near", "exact"])
Opened = Callable[..., Page]


@pytest.fixture
def settings(redis_server: RedisServer, tmp_path: Path) -> Settings:
    return make_settings(redis_server, tmp_path)


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    """Ends after the pages that were opened on it."""
    with served(settings) as url:
        yield url


@pytest.fixture
def visit(browser: Browser) -> Iterator[Opened]:
    """Open a page; whatever it complains of fails the test, and so does a request elsewhere."""
    complaints: list[str] = []
    contexts = []

    def open_page(url: str, size: str = "desktop") -> Page:
        width, height = SIZES[size]
        credentials = {"username": USER, "password": PASSWORD}
        contexts.append(
            browser.new_context(viewport={"width": width, "height": height}, http_credentials=credentials)  # type: ignore[arg-type]
        )
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message) or dialog.dismiss())  # type: ignore[func-returns-value]
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def filled(settings: Settings, groups: int, variants: int = 0) -> list[list[str]]:
    kinds = [KINDS[number % len(KINDS)] for number in range(groups)]
    return write_groups(settings, kinds, RedisStore.connect(settings.store), variants)


def journal(settings: Settings) -> DecisionJournal:
    return DecisionJournal(settings.decisions_folder, time.time)


def press(page: Page, key: str) -> None:
    """A key, and what it does; the desk is another one then."""
    page.wait_for_load_state()  # nobody listens for keys before that
    page.evaluate("document.querySelector('#desk').firstElementChild.id = 'before'")
    page.keyboard.press(key)
    page.locator("#before").wait_for(state="detached")


def left(page: Page) -> int:
    return int(page.inner_text("#left").split()[0].replace(",", ""))


@pytest.mark.timeout(max(300, MANY))
def test_every_group_is_resolved_by_keys_alone(site: str, visit: Opened, settings: Settings) -> None:
    filled(settings, MANY)
    page = visit(f"{site}/compare")
    assert left(page) == MANY
    keys, pressed, begun = "1n2babt", 0, time.monotonic()
    while "Nothing is left" not in page.inner_text("#pair"):
        press(page, keys[pressed % len(keys)])
        pressed += 1
        assert pressed <= 4 * MANY
    took = time.monotonic() - begun
    print(f"{MANY} groups by {pressed} keys in {took:.1f} s, {took / pressed * 1000:.0f} ms a key")
    assert left(page) == 0
    assert len(journal(settings).read().standing) >= MANY
    page.goto(f"{site}/duplicates")
    expect(page.get_by_text("Nothing is left to decide")).to_be_visible()


def test_every_step_is_taken_back_by_a_key(site: str, visit: Opened, settings: Settings) -> None:
    filled(settings, 10)
    page = visit(f"{site}/compare")
    seen = []
    while "Nothing is left" not in page.inner_text("#pair"):
        seen.append((page.inner_text("#pair"), left(page)))
        press(page, "1nab2tT"[len(seen) % 7])
    for _, before in reversed(seen):
        press(page, "z")
        assert page.inner_text("#notice").startswith("Taken back")
        assert left(page) == before
    assert journal(settings).read().standing == {}
    assert left(page) == 10
    assert page.locator("#go-back").count() == 0


def test_what_keys_say_is_what_is_written_down(site: str, visit: Opened, settings: Settings) -> None:
    groups = write_groups(
        settings, [["near"], ["near"], ["exact"], ["near"], ["near"], ["near"]], RedisStore.connect(settings.store)
    )
    by_keeper = {group[0]: group for group in groups}
    page = visit(f"{site}/compare")
    said = []
    for key in "12nbtT":
        keeper = page.locator(".pane.left figcaption a").inner_text()
        other = page.locator(".pane.right figcaption a").inner_text()
        kind = page.inner_text(".why").split(":")[0].lower()
        press(page, key)
        said.append((key, keeper, other, kind))
    decisions = list(journal(settings).read().standing.values())
    assert len(decisions) == len(said)
    for (key, keeper, other, kind), decision in zip(said, decisions, strict=True):
        assert by_keeper[keeper] == [keeper, other]
        files = [one.path for one in decision.files]
        if key == "n" and kind == "near":
            assert (decision.kind, files) == (DecisionKind.DIFFERENT, [keeper, other])
        elif key in "nb":
            assert (decision.kind, files) == (DecisionKind.KEEP, [keeper, other])
        else:
            stays = [other, keeper] if key in "2T" else [keeper, other]
            assert (decision.kind, files) == (DecisionKind.KEEPER, stays)


def test_variants_are_looked_at_and_called_different(site: str, visit: Opened, settings: Settings) -> None:
    groups = write_groups(settings, [["near"], ["exact"], ["near"]], RedisStore.connect(settings.store), variants=2)
    page = visit(f"{site}/duplicates")
    expect(page.get_by_text("3 groups wait")).to_be_visible()
    page.get_by_label("Kind").select_option("variant")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".lead")).to_contain_text("2 variants: the same picture with something added")
    card = page.locator("article").first
    expect(card).to_contain_text("12.5% of the picture differs")
    expect(card).to_contain_text(PLACE)
    card.locator("h2 a").click()
    assert page.locator(".pane figcaption a").all_inner_texts() == [groups[0][0], "edited/00000.png"]
    assert page.locator(".decide button").count() == 1
    assert left(page) == 2
    press(page, "n")
    assert left(page) == 1
    [said] = journal(settings).read().standing.values()
    assert (said.kind, [one.path for one in said.files]) == (
        DecisionKind.DIFFERENT, [groups[0][0], "edited/00000.png"],
    )  # fmt: skip
    press(page, "n")
    expect(page.get_by_text("Nothing is left to decide of those that you chose")).to_be_visible()
    press(page, "z")
    assert page.locator(".pane.right figcaption a").inner_text() == "edited/00001.png"
    page.goto(f"{site}/duplicates")
    expect(page.get_by_text("3 groups wait")).to_be_visible()
    page.goto(f"{site}/actions")
    expect(page.get_by_text("Nothing waits to be done")).to_be_visible()


@contextmanager
def process(settings: Settings, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """The page as `up` starts it, on its own."""
    environment = {**os.environ, **settings.environment(), "IMAGESIEVE_WEB_PORT": str(port)}
    environment |= {"IMAGESIEVE_FLOWER_AUTH": AUTH, "XDG_DATA_HOME": str(settings.state_dir / "data")}
    running = subprocess.Popen([sys.executable, "-m", "worker.web"], env=environment)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthcheck").close()
                break
            except OSError:
                assert running.poll() is None
                time.sleep(0.1)
        yield running
    finally:
        running.kill()
        running.wait()


def test_a_killed_server_loses_no_decision_and_what_was_done_comes_back(
    visit: Opened, settings: Settings, redis_server: RedisServer
) -> None:
    groups = filled(settings, 6)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = f"http://127.0.0.1:{port}"
    with process(settings, port) as running:
        page = visit(f"{site}/duplicates?kind=exact")
        page.get_by_role("link", name="All exact at once: look at the list").click()
        page.get_by_role("button", name="They may go").click()
        expect(page.get_by_text("Decided:")).to_be_visible()
        running.send_signal(signal.SIGKILL)
        running.wait()
    exact = [
        path
        for group, kinds in zip(groups, KINDS * 2, strict=False)
        for path, kind in zip(group[1:], kinds, strict=True)
        if kind == "exact"
    ]
    for db in range(16):
        redis_server.flush(db)
    with process(settings, port):
        page.goto(f"{site}/actions")
        expect(page.get_by_text(f"{len(exact)} files may go")).to_be_visible()
        page.get_by_role("button", name="in the trash").click()
        expect(page.locator("#runs-title + .card")).to_contain_text(
            f"{len(exact)} files put in the trash", timeout=60_000
        )
        assert [path for path in exact if (settings.watch_dir / path).exists()] == []
        expect(page.get_by_text("Nothing waits to be done")).to_be_visible()
        page.get_by_role("button", name="Bring back").click()
        expect(page.get_by_text("brought back").first).to_be_visible(timeout=60_000)
        expect(page.get_by_text(f"{len(exact)} files may go")).to_be_visible(timeout=60_000)
        assert [path for path in exact if not (settings.watch_dir / path).exists()] == []


def test_a_page_that_cannot_act_says_so_before_anybody_presses(site: str, visit: Opened, settings: Settings) -> None:
    [[keeper, other]] = write_groups(settings, [["exact"]], RedisStore.connect(settings.store))
    page = visit(f"{site}/compare")
    press(page, "1")
    page.goto(f"{site}/actions")
    button = page.get_by_role("button", name="in the trash")
    expect(button).to_be_visible()
    away = settings.watch_dir.rename(settings.watch_dir.with_name("away"))
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("so nothing was done")
    page.reload()
    expect(page.locator("#obstacle")).to_contain_text("cannot be looked at where this page runs: No such file")
    expect(page.locator("#obstacle pre")).to_have_text("imagesieve duplicates apply --decided --action trash --yes")
    expect(page.get_by_text("1 file may go")).to_be_visible()
    assert page.get_by_role("button").count() == 0
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    away.rename(settings.watch_dir)
    page.reload()
    assert page.locator("#obstacle").count() == 0
    expect(button).to_be_visible()
    assert [(settings.watch_dir / path).exists() for path in (keeper, other)] == [True, True]


def test_a_page_that_only_reads_shows_all_and_changes_nothing(visit: Opened, settings: Settings) -> None:
    filled(settings, 4)
    with served(settings.model_copy(update={"web": "read"})) as site:
        page = visit(f"{site}/compare")
        assert page.locator(".decide button, #go-back").count() == 0
        for key in "1n2bat":
            page.keyboard.press(key)
        assert left(page) == 4
        for path in ("/decide?choice=left&group=1", "/undo?numbers=1", "/bulk", "/actions/apply?action=trash"):
            assert page.request.post(f"{site}{path}").status == 403
        page.goto(f"{site}/actions")
        assert page.locator("button").count() == 0
        page.goto("about:blank")
    assert journal(settings).read().standing == {}


def test_a_decision_on_what_was_not_seen_is_refused(site: str, visit: Opened, settings: Settings) -> None:
    filled(settings, 3)
    one, other = visit(f"{site}/compare"), visit(f"{site}/compare")
    press(one, "1")
    press(other, "b")
    assert "this is not what you saw" in other.inner_text("#notice")
    assert [decision.kind for decision in journal(settings).read().standing.values()] == [DecisionKind.KEEPER]


@pytest.mark.parametrize(
    "place",
    [
        "/duplicates",
        "/duplicates?kind=variant",
        "/compare",
        "/compare?kind=identical",
        "/compare?kind=variant",
        "/bulk?kind=exact",
        "/actions",
    ],
)
def test_everybody_can_use_it(site: str, visit: Opened, settings: Settings, place: str) -> None:
    filled(settings, 30, variants=3)
    page = visit(f"{site}/compare")
    for key in "1b":
        press(page, key)
    page.goto(f"{site}{place}")
    for mode in ("side", "slider", "difference") if place == "/compare" else ("",):
        if mode:
            page.locator(f"[data-set={mode}]").click()
            expect(page.locator(f".viewer[data-mode={mode}]")).to_be_visible()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for width, height in SIZES.values():
                page.set_viewport_size({"width": width, "height": height})
                found = Axe().run(page)
                assert found.violations_count == 0, f"{mode} {scheme}, {width}: {found.generate_report()}"
                wide: Any = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                assert page.evaluate(wide) == 0, f"wider than a screen of {width}"
