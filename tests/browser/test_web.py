"""The page in a real browser: every view shows, nothing complains, everybody can use it."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from shared.broker import make_app, outstanding
from shared.records import Event, State
from shared.settings import Settings
from tests.conftest import RedisServer, make_settings
from tests.web.groups import write_groups
from tests.web.site import AUTH, HOSTILE, TILE, Filled, fill, served
from worker.engine.report.wording import show
from worker.web.addresses import address
from worker.web.likeness import SHOWN
from worker.web.views.overview import VERDICTS_SHOWN

SIZES = {"phone": (360, 740), "tablet": (820, 1100), "desktop": (1280, 900)}
USER, _, PASSWORD = AUTH.partition(":")
IMAGE = address("/image", path="holiday/2019/0-0.png")
VIEWS = {
    "overview": "/",
    "clusters": "/clusters",
    "sheet": "/clusters/0",
    "image": IMAGE,
    "failed": address("/image", path="broken/0.jpg"),
    "failures": "/failures",
    "nothing": "/nothing",
}
Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def settings(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_settings(redis_server, tmp_path_factory.mktemp("web"))


@pytest.fixture(scope="module")
def collection(settings: Settings) -> Filled:
    return fill(settings)


@pytest.fixture(scope="module")
def site(settings: Settings, collection: Filled) -> Iterator[str]:
    with served(settings) as url:
        yield url


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Opened]:
    """Open a page with the password; whatever it complains of fails the test, and so does a request elsewhere."""
    complaints: list[str] = []
    contexts = []

    def open_page(place: str, size: str = "desktop", wait: bool = True, **options: Any) -> Page:
        width, height = SIZES[size]
        credentials = {"username": USER, "password": PASSWORD}
        contexts.append(
            browser.new_context(viewport={"width": width, "height": height}, http_credentials=credentials, **options)
        )
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message) or dialog.dismiss())  # type: ignore[func-returns-value]
        page.on("request", lambda request: request.url.startswith(site) or complaints.append(request.url))
        page.goto(site + place)
        if wait:
            settle(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # Of a page that is none, and of a token of before.
    expected = re.compile(r"Failed to load resource: .* status of (404|403)|Response Status Error Code 403")
    assert [complaint for complaint in complaints if not expected.match(complaint)] == []


def settle(page: Page) -> None:
    """Until the parts that come later are there, and every picture."""
    expect(page.get_by_text("Looking…")).to_have_count(0)
    page.evaluate("for (const image of document.images) image.loading = 'eager'")
    page.evaluate("Promise.all([...document.images].map((image) => image.decode().catch(() => null)))")


@pytest.mark.parametrize("name", VIEWS)
def test_everybody_can_use_every_view(visit: Opened, name: str) -> None:
    page = visit(VIEWS[name])
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width, height in SIZES.values():
            page.set_viewport_size({"width": width, "height": height})
            found = Axe().run(page)
            assert found.violations_count == 0, f"{scheme}, {width}: {found.generate_report()}"
            across = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert across == 0, f"wider than a screen of {width}"


def test_what_comes_while_one_looks_is_shown(visit: Opened, collection: Filled) -> None:
    page = visit("/")
    expect(page.locator("#verdicts li")).to_have_count(VERDICTS_SHOWN)
    at = datetime.now(UTC).isoformat()
    collection.store.tell([Event(at, "just come/new one.png", "0" * 64, "exact", "holiday/2019/0-1.png", 1.0)])
    expect(page.locator("#verdicts li").first).to_contain_text("just come/new one.png")
    expect(page.locator("#verdicts li").first).to_contain_text("of holiday/2019/0-1.png")
    expect(page.locator("#live")).to_contain_text("none answers yet")  # no worker runs here
    collection.store.pause_backlog(True)
    expect(page.locator(".attention")).to_contain_text("paused")
    collection.store.pause_backlog(False)
    expect(page.locator(".attention")).not_to_contain_text("paused")


def test_a_report_that_comes_while_one_looks_is_shown(
    browser: Browser, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A new user waits on the overview for the first one."""
    fresh = make_settings(redis_server, tmp_path_factory.mktemp("fresh"))
    with served(fresh) as url:
        context = browser.new_context(http_credentials={"username": USER, "password": PASSWORD})
        page = context.new_page()
        page.goto(url)
        expect(page.locator("h1")).to_have_text("No report yet")
        write_groups(fresh, [["exact"], ["near", "near"]], None)
        expect(page.locator("h1")).to_have_text("3 of 5 images are duplicates")
        page.get_by_role("link", name="Duplicates: 2 groups").click()
        expect(page.get_by_text("2 groups wait")).to_be_visible()
        context.close()


def test_a_file_that_failed_is_sent_again_by_its_button(visit: Opened, collection: Filled, settings: Settings) -> None:
    app = make_app(settings)
    page = visit("/failures")
    assert page.locator("tbody tr").count() == 3
    page.get_by_role("button", name="Try broken/1.jpg again").click()
    expect(page.get_by_role("status")).to_contain_text("on its way")
    [record] = collection.store.records(["broken/1.jpg"])
    assert record
    assert record.state is State.PENDING
    assert outstanding(app).queued["features"] == 1
    page = visit(address("/image", path="broken/2.jpg"))
    expect(page.get_by_text("It could not be read")).to_be_visible()
    page.get_by_role("button", name="Try it again").click()
    expect(page.get_by_role("status")).to_contain_text("on its way")
    assert outstanding(app).queued["features"] == 2
    assert visit("/failures").locator("tbody tr").count() == 1


def test_a_token_of_before_is_said_on_the_page(visit: Opened) -> None:
    page = visit(address("/image", path="broken/0.jpg"))
    page.context.clear_cookies()
    page.get_by_role("button", name="Try it again").click()
    expect(page.get_by_role("alert")).to_contain_text("load it again")


def test_names_do_nothing_but_show_and_lead_to_their_pages(visit: Opened) -> None:
    for name in HOSTILE:
        page = visit("/clusters/0")
        page.get_by_role("link", name=f"preview of {show(name)}").click()
        expect(page.locator("h1")).to_have_text(show(name))
        settle(page)
        loaded = page.locator(".large img").evaluate("image => image.naturalWidth")
        assert loaded == TILE
        assert page.locator("main img[onerror], main script, main svg").count() == 0


def test_a_picture_leads_to_what_is_like_it_and_to_its_group(visit: Opened) -> None:
    page = visit(IMAGE)
    like = page.locator("section[aria-labelledby=like-title]")
    expect(like.locator(".tile")).to_have_count(SHOWN)
    expect(page.locator(".badge")).to_have_text(["keeper", "exact"])
    page.get_by_role("link", name="backup/copy of 0-0.png").click()
    expect(page.locator(".lead")).to_contain_text("A duplicate of holiday/2019/0-0.png: the same bytes")
    expect(page.locator("section[aria-labelledby=past-title] tbody tr").first).to_contain_text("the same bytes")


def test_who_only_looks_has_no_buttons(browser: Browser, settings: Settings, collection: Filled) -> None:
    with served(settings.model_copy(update={"web": "read"})) as url:
        context = browser.new_context(http_credentials={"username": USER, "password": PASSWORD})
        page = context.new_page()
        page.goto(f"{url}/failures")
        assert page.locator("tbody tr").count() >= 1
        assert page.locator("button").count() == 0
        context.close()


def test_without_scripts_the_pages_are_complete_but_for_what_comes_later(visit: Opened) -> None:
    page = visit("/", java_script_enabled=False, wait=False)
    assert page.locator("#live .speed").is_visible()
    assert page.locator("#verdicts li").count() == VERDICTS_SHOWN
