"""The report in a real browser: it loads, thumbnails show, filters work, everybody can use it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import HOSTILE

DESKTOP, PHONE = (1280, 900), (360, 740)
FOCUSABLE = "a[href], summary, input, button, [tabindex='0']"
Opened = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Opened]:
    """Open a page; whatever it complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_page(address: str, size: tuple[int, int] = DESKTOP, **options: Any) -> Page:
        contexts.append(browser.new_context(viewport={"width": size[0], "height": size[1]}, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message) or dialog.dismiss())  # type: ignore[func-returns-value]
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url[:80]}"))
        page.on("request", lambda request: request.url.startswith(("file:", "data:")) or complaints.append(request.url))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def shown_groups(page: Page) -> list[str]:
    return page.locator(".groups article:visible h3").all_text_contents()


def names_of(page: Page) -> set[str]:
    return set(page.locator(".groups article:visible .name").all_text_contents())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_loads_from_disk_and_every_picture_shows(visit: Opened, report: str, scheme: str) -> None:
    page = visit(report, color_scheme=scheme)
    # Those farther down load when they come near; here all at once.
    page.evaluate("for (const image of document.images) image.loading = 'eager'")
    page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
    widths = page.evaluate("[...document.images].map((image) => image.naturalWidth)")
    assert len(widths) > 60
    assert all(width > 0 for width in widths)
    figures = page.locator("picture img")
    assert figures.count() == 6  # elbow, silhouettes over k, two maps, silhouettes per cluster, history
    chosen = figures.evaluate_all("all => all.map((image) => image.currentSrc === image.getAttribute('src'))")
    assert chosen == [scheme == "light"] * 6
    assert page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == (
        "rgb(245, 246, 248)" if scheme == "light" else "rgb(16, 19, 26)"
    )


def test_the_two_maps_lie_side_by_side_and_below_each_other_on_a_phone(visit: Opened, report: str) -> None:
    for size, beside in ((DESKTOP, True), (PHONE, False)):
        page = visit(report, size)
        boxes = [page.locator(f"figure:has(img[alt^='{alt}'])").bounding_box() for alt in ("Map of the c", "Map of n")]
        assert boxes[0]
        assert boxes[1]
        assert (boxes[0]["y"] == boxes[1]["y"]) == beside
        assert (boxes[0]["x"] == boxes[1]["x"]) != beside


def test_clusters_are_called_by_what_is_seen_in_them_and_the_network_is_listed(visit: Opened, report: str) -> None:
    page = visit(report)
    assert sorted(len(name.split(", ")) for name in page.locator(".called").all_inner_texts()) == [3, 3]
    headings = page.locator("#clusters h3").all_inner_texts()
    assert sorted(":" in heading for heading in headings) == [False, True, True]
    page.click("summary:has-text('layer by layer: 134,260,544 parameters')")
    assert page.locator("#details details tbody tr").count() == 22


def test_names_do_nothing_but_show(visit: Opened, report: str) -> None:
    page = visit(report)
    page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
    shown = page.inner_text("main")
    for name in HOSTILE[:5]:
        assert shown.count(name) >= 4  # keeper, copy, failures
    for escaped in ("\\u202egnp.exe.png", "line\\nbreak\\u2028.png", "latin-\\xe9.png"):
        assert escaped in shown
    assert page.locator("script").count() == 1
    assert page.locator("svg:not(.mark, .place)").count() == 0
    assert page.locator("img:not([src^='data:image/'])").count() == 0
    page.fill("[name=path]", HOSTILE[0])
    assert names_of(page) == {HOSTILE[0], f"copies/{HOSTILE[0]}"}
    page.fill("[name=path]", "latin-\\xe9")
    assert len(shown_groups(page)) == 1


def test_groups_are_filtered_by_kind_and_by_path(visit: Opened, report: str) -> None:
    page = visit(report)
    count, boxes = page.locator("#filter-count"), page.locator("[name=kind]")
    total = len(HOSTILE) + 4
    assert count.inner_text() == f"{total} of {total} groups shown"
    assert [box.get_attribute("value") for box in boxes.all()] == ["exact", "identical", "near"]
    assert page.locator(".kind span").all_inner_texts() == [f"{total - 2} groups", "1 group", "1 group"]
    page.uncheck("[value=exact]")
    assert count.inner_text() == f"2 of {total} groups shown"
    assert names_of(page) >= {"backup/same pixels.bmp", "edited/half.png"}
    page.uncheck("[value=identical]")
    assert names_of(page) == {"holiday/2019/2-1.png", "edited/half.png"}
    page.fill("[name=path]", "BACKUP/")
    assert shown_groups(page) == []
    assert page.locator("#filter-nothing").is_visible()
    page.click("text=Show all")
    expect(count).to_have_text(f"{total} of {total} groups shown")
    assert len(shown_groups(page)) == total
    assert page.locator("#filter-nothing").is_hidden()
    page.fill("[name=path]", " backup/copy ")
    assert count.inner_text() == f"2 of {total} groups shown"
    page.press("[name=path]", "Enter")  # asks for no other page
    assert count.inner_text() == f"2 of {total} groups shown"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_variant_s_place_is_framed_where_it_lies_in_the_picture(
    visit: Opened, report: str, size: tuple[int, int]
) -> None:
    page = visit(report, size)
    pair = page.locator("#variants article")
    assert pair.count() == 1
    assert pair.locator(".name").all_inner_texts() == ["edited/stamped.png", "holiday/2019/2-2.png"]
    pair.scroll_into_view_if_needed()
    for tile in pair.locator(".tile").all():
        picture, frame = tile.locator("img").bounding_box(), tile.locator("rect.inner").bounding_box()
        assert picture
        assert frame
        side = min(picture["width"], picture["height"])  # a square one is shown whole, in the middle
        left, top = (
            picture["x"] + (picture["width"] - side) / 2,
            picture["y"] + (picture["height"] - side) / 2,
        )
        assert frame["x"] == pytest.approx(left, abs=2)
        assert frame["y"] == pytest.approx(top + 0.75 * side, abs=2)
        assert (frame["width"], frame["height"]) == pytest.approx((0.5 * side, 0.25 * side), abs=4)
        assert tile.locator("rect.inner").evaluate("one => getComputedStyle(one).stroke") == "rgb(255, 211, 61)"


def test_without_scripts_the_page_is_complete(visit: Opened, report: str) -> None:
    page = visit(report, java_script_enabled=False)
    assert page.locator("#filter").is_hidden()
    assert len(shown_groups(page)) == len(HOSTILE) + 4
    page.click("summary:has-text('Files')")
    assert page.locator("td.path").first.is_visible()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit: Opened, report: str) -> None:
    page = visit(report)
    wanted = page.locator(FOCUSABLE).evaluate_all(
        "all => all.filter((one) => one.checkVisibility()).map((one, place) => (one.dataset.place = String(place)))"
    )
    reached = []
    for _ in wanted:
        page.keyboard.press("Tab")
        place, outline, inside = page.evaluate(
            """() => {
              const own = document.activeElement, box = own.getBoundingClientRect();
              const inside = box.bottom > 0 && box.top < innerHeight;
              return [own.dataset.place, getComputedStyle(own).outlineStyle, inside];
            }"""
        )
        assert outline == "solid"
        assert inside
        reached.append(place)
    assert reached == wanted
    assert len(wanted) > 15


def test_the_keyboard_skips_to_the_report_and_filters(visit: Opened, report: str) -> None:
    page = visit(report)
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the report"
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("details.next").get_attribute("open") == ""
    page.keyboard.press("Tab")
    page.keyboard.type("edited")
    assert len(shown_groups(page)) == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert not page.is_checked("[value=exact]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_never_scrolls_sideways(visit: Opened, report: str, scheme: str) -> None:
    page = visit(report, PHONE, color_scheme=scheme)
    page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    # What is wider stands in a box of its own that scrolls: tables and the sections' links.
    assert (
        page.locator("main, header, footer, section, article, .card, figure, form").evaluate_all(
            "all => all.filter((one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.className)"
        )
        == []
    )


def test_a_phone_shows_every_section_and_leads_to_it(visit: Opened, report: str) -> None:
    page = visit(report, PHONE)
    links, bar = page.locator("nav a"), page.locator("nav")
    assert links.count() == 7
    for link in links.all():
        link.click()
        heading = page.locator(f"{link.get_attribute('href')} h2")
        inside, below = page.evaluate(
            """([link, heading, bar]) => {
              const [own, title, top] = [link, heading, bar].map((one) => one.getBoundingClientRect());
              return [own.left >= 0 && own.right <= innerWidth, title.top >= top.bottom];
            }""",
            [link.element_handle(), heading.element_handle(), bar.element_handle()],
        )
        assert inside
        assert below  # the bar, which stays, does not cover it
    assert bar.evaluate("bar => bar.offsetHeight < innerHeight / 6")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(visit: Opened, report: str, scheme: str, size: tuple[int, int]) -> None:
    page = visit(report, size, color_scheme=scheme)
    page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert len(found.response["passes"]) > 20


def test_an_empty_collection_has_a_page_that_works(visit: Opened, empty_report: str) -> None:
    page = visit(empty_report)
    assert page.inner_text("h1") == "No images yet"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
