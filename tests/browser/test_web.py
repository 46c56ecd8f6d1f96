"""The page in a real browser: every view shows, nothing complains, everybody can use it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from shared.settings import Settings
from tests.conftest import RedisServer, make_settings
from tests.web.site import AUTH, Filled, fill, served
from worker.web.addresses import address

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

    def open_page(place: str, size: str = "desktop", **options: Any) -> Page:
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
        settle(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    expected = (
        "Failed to load resource: the server responded with a status of 404 (Not Found)"  # of a page that is none
    )
    assert [complaint for complaint in complaints if complaint != expected] == []


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
