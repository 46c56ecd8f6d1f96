"""The page, the curves, and all files together."""

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from PIL import Image

from tests.unit.report_parts import WARNED, jpeg, make_report, member, twelve_files
from worker.engine.report import page
from worker.engine.report.page import FAILURES, GROUPS, MEMBERS, render_page
from worker.engine.report.plots import DARK, LIGHT, elbow_png, silhouette_png
from worker.engine.report.write import write_report

FILES = {
    "assignments.csv", "duplicates.csv", "failures.csv", "summary.json", "summary.txt", "elbow.png", "silhouette.png",
    "report.html",
}  # fmt: skip
VOID = {"meta", "img", "source", "wbr", "link", "br", "input"}


class Page(HTMLParser):
    """Tags with their attributes, the text, and whether every element is closed in order."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.open = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def with_class(self, name):
        return [attributes for _, attributes in self.tags if name in (attributes.get("class") or "").split()]

    @property
    def words(self):
        return " ".join("".join(self.text).split())


def test_the_page_tells_the_numbers_and_marks_the_keepers():
    shown = Page(render_page(make_report(twelve_files(), [("x.txt", "It is no image.")], waiting=2), jpeg))
    assert "2 of 12 images are duplicates" in shown.words
    assert "2 kB of 12 kB can be freed. Made 2026-11-23 04:15:00 UTC" in shown.words
    assert len(shown.with_class("keep")) == 2
    assert "copy of 3.jpg" in shown.words
    assert "It is no image." in shown.words
    assert re.search(r"Waiting ?2", shown.words)
    assert (
        len([image for image in shown.all("img") if image["src"].startswith("data:image/jpeg;base64,/9j/")]) == 4 + 10
    )
    assert len([image for image in shown.all("img") if image["src"].startswith("data:image/png;base64,")]) == 2
    assert "Warning" not in shown.words


@pytest.mark.parametrize(
    ("files", "title"),
    [
        ([], "No images yet"),
        ([member("a", 0)], "No duplicates among 1 image"),
        ([member("a", 0), member("b", 0)], "1 of 2 images is a duplicate"),
    ],
)
def test_small_collections_have_a_page(files, title):
    assert title in Page(render_page(make_report(files), jpeg)).words


def test_nothing_comes_from_outside_and_nothing_runs():
    html = render_page(make_report(twelve_files()), jpeg)
    shown = Page(html)
    (policy,) = [meta["content"] for meta in shown.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert shown.all("script") == shown.all("link") == []
    sources = [attributes.get(name) for _, attributes in shown.tags for name in ("src", "srcset", "href")]
    assert all(source.startswith(("data:image/", "#")) for source in sources if source)
    assert not re.search(r"https?://|url\(|@import", html)
    assert not any(name.startswith("on") for _, attributes in shown.tags for name in attributes)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>.jpg", '"><img src=x onerror=alert(1)>.jpg', "a&amp;b.jpg", "{{ 7 * 7 }}.jpg"]
)
def test_names_and_reasons_are_escaped(name):
    files = [member(name, 0, mtime_ns=0), member("copy.jpg", 0)]
    shown = Page(render_page(make_report(files, [(name, f"reason {name}")]), jpeg))
    assert shown.all("script") == []
    assert not any("onerror" in attributes for _, attributes in shown.tags)
    assert shown.words.count(name) >= 4  # in its group, its cluster, the failures by reason and by file
    assert name in [image.get("alt") for image in shown.all("img")]


def test_names_that_do_not_print_are_shown_escaped():
    shown = Page(render_page(make_report([member("a\n\udcff\u202e.jpg", 0)], [("\udc80", "r")]), jpeg))
    assert "a\\n\\xff\\u202e.jpg" in shown.words
    assert "\\x80" in shown.words


def test_the_warning_of_the_extractor_is_shown():
    shown = Page(render_page(make_report(twelve_files(), extractor=WARNED), jpeg))
    assert "Warning. The weights are <random>." in shown.words


def test_a_picture_without_thumbnail_leaves_a_place():
    shown = Page(render_page(make_report(twelve_files()), lambda path: None))
    assert shown.words.count("no preview") == 14
    assert "some previews are left out" not in shown.words


def test_each_picture_is_fetched_once():
    asked = []
    report = make_report(twelve_files())
    render_page(report, lambda path: asked.append(path) or jpeg())
    assert len(asked) == len(set(asked)) == 10


def large_report(groups, failures=0):
    files = [member(f"{index:05d}{copy}-{'long' * 40}", index, size=10**6) for index in range(groups) for copy in "ab"]
    return make_report(files, [(f"{index:05d}", "&" * 400) for index in range(failures)])


def test_a_large_collection_gives_a_page_below_20_megabytes_that_says_what_it_leaves_out():
    report = large_report(GROUPS + 30, FAILURES + 7)
    html = render_page(report, lambda path: b"\xff" * 60_000)
    assert len(html.encode()) < 20_000_000
    shown = Page(html)
    assert "30 smaller groups are only in duplicates.csv" in shown.words
    assert f"The first {FAILURES} are listed, all of them in failures.csv" in shown.words
    assert "some previews are left out" in shown.words
    assert len(shown.with_class("keep")) == GROUPS
    # Cut in the groups first: the clusters have a share of their own.
    sheets = html[html.index('id="clusters"') :]
    assert "data:image/jpeg" in sheets
    assert "no preview" in html[: html.index('id="clusters"')]


def test_a_group_with_many_copies_is_cut_and_says_so():
    files = [member(f"{index:03d}.jpg", 0) for index in range(MEMBERS + 5)]
    shown = Page(render_page(make_report(files), jpeg))
    assert "and 5 more files, in duplicates.csv" in shown.words


def test_many_clusters_share_the_sheets(monkeypatch):
    monkeypatch.setattr(page, "SHEETS", 8)
    monkeypatch.setattr(page, "CLUSTERS", 3)
    report = make_report([member(f"{index}", index) for index in range(60)], clusters=4)
    assert report.totals.clusters == 4
    shown = Page(render_page(report, jpeg))
    assert "1 smaller cluster is only in assignments.csv" in shown.words
    assert len(shown.with_class("tile")) == 3 * 3
    assert "and 12 images farther from the centre" in shown.words


def size_of(picture):
    image = Image.open(io.BytesIO(picture))
    image.load()
    return image.size


@pytest.mark.parametrize("draw", [elbow_png, silhouette_png])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 20])
def test_curves_are_drawn_for_any_number_of_points(draw, count):
    choice = make_report([member(f"{index}", index) for index in range(count)]).clustering.choice
    assert size_of(draw(choice)) == size_of(draw(choice, DARK))
    assert draw(choice, LIGHT) != draw(choice, DARK)
    assert draw(choice) == draw(choice)


@pytest.mark.parametrize("draw", [elbow_png, silhouette_png])
def test_the_chosen_k_is_marked(draw):
    choice = make_report([member(f"{index}", index) for index in range(20)]).clustering.choice
    assert draw(replace(choice, k=3)) != draw(choice)
    assert draw(replace(choice, k=1)) != draw(choice)


def test_drawing_leaves_no_figure_behind():
    # In a process of its own: other libraries may have imported pyplot here.
    code = (
        "import sys; from worker.engine.report.plots import elbow_png; from worker.engine.selection import choose;"
        "elbow_png(choose([3.0, 2.0, 1.9], [None, 0.5, 0.1], lambda k: 0.0));"
        "plt = sys.modules.get('matplotlib.pyplot');"
        "assert plt is None or plt.get_fignums() == []"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_file_of_the_contract_is_written(tmp_path):
    write_report(tmp_path, make_report(twelve_files(), [("x\udcff", "It is empty.")]), jpeg)
    assert {path.name for path in tmp_path.iterdir()} == FILES
    assert all(path.stat().st_size for path in tmp_path.iterdir())
    assert json.loads((tmp_path / "summary.json").read_text())["counts"]["images"] == 12
    assert size_of((tmp_path / "elbow.png").read_bytes())[0] > 800
    (tmp_path / "report.html").read_text(encoding="utf-8")


def test_an_empty_collection_has_every_file(tmp_path):
    write_report(tmp_path, make_report([]), jpeg)
    assert {path.name for path in tmp_path.iterdir()} == FILES
    assert (tmp_path / "assignments.csv").read_text().count("\n") == 1


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(OSError, match="missing"):
        write_report(tmp_path / "missing", make_report([]), jpeg)
