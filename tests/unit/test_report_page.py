"""The page, the curves, and all files together."""

import dataclasses
import io
import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from PIL import Image

from shared.admission import Why
from shared.records.passed_over import Amount, PassedOver
from tests.unit.report_parts import WARNED, jpeg, make_report, member, page_of, twelve_files
from worker.engine.groups.variants import Variant
from worker.engine.report import album
from worker.engine.report.album import MEMBERS
from worker.engine.report.write import write_report

FILES = {
    "assignments.csv", "duplicates.csv", "variants.csv", "outliers.csv", "changes.csv", "failures.csv",
    "passed-over.csv", "summary.json", "summary.txt", "summary-narrow.txt", "elbow.png", "silhouette.png",
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
        if self.open[-1:] not in (["style"], ["script"]):
            self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def with_class(self, name):
        return [attributes for _, attributes in self.tags if name in (attributes.get("class") or "").split()]

    @property
    def words(self):
        return " ".join("".join(self.text).split())


def test_the_page_tells_the_numbers_and_marks_the_keepers():
    shown = Page(page_of(make_report(twelve_files(), [("x.txt", "It is no image.")], waiting=2), jpeg))
    assert "2 of 12 images are duplicates" in shown.words
    assert (
        "2.0 kB of 12.0 kB can be freed. Made 2026-11-23 04:15:00 UTC · VGG16 fc2, ImageNet · generation "
        "20261123T041500" in shown.words
    )
    assert len(shown.with_class("keep")) == 2
    assert "copy of 3.jpg" in shown.words
    assert "It is no image." in shown.words
    assert re.search(r"Waiting ?2", shown.words)
    assert (
        len([image for image in shown.all("img") if image["src"].startswith("data:image/jpeg;base64,/9j/")]) == 4 + 10
    )
    assert len([image for image in shown.all("img") if image["src"].startswith("data:image/png;base64,")]) == 4
    assert "Warning" not in shown.words


@pytest.mark.parametrize(
    ("free", "to_prove", "lead", "number"),
    [
        (2000, 0, "2.0 kB of 12.0 kB can be freed. Made", "2.0 kB"),
        (2000, 3000, "2.0 kB of 12.0 kB can be freed, and up to 3.0 kB more: identical files", "2.0 kB"),
        (0, 3000, "Up to 3.0 kB of 12.0 kB can be freed: identical files", "up to 3.0 kB"),
        (0, 0, "None of their 12.0 kB can be freed. Made", "0 B"),
    ],
)
def test_what_is_sure_to_go_and_what_may_go_stand_apart(free, to_prove, lead, number):
    report = make_report(twelve_files(), warnings=("IMAGESIEVE_PROTECT_FOLDERS names <b>",))
    totals = dataclasses.replace(report.totals, bytes_to_free=free, bytes_to_prove=to_prove)
    words = Page(page_of(dataclasses.replace(report, totals=totals), jpeg)).words
    assert lead in words
    assert re.search(f"Can be freed ?{number} ?Clusters", words)
    assert "Warning. IMAGESIEVE_PROTECT_FOLDERS names <b> Images" in words


@pytest.mark.parametrize(
    ("files", "title"),
    [
        ([], "No images yet"),
        ([member("a", 0)], "No duplicates among 1 image"),
        ([member("a", 0), member("b", 0)], "1 of 2 images is a duplicate"),
    ],
)
def test_small_collections_have_a_page(files, title):
    assert title in Page(page_of(make_report(files), jpeg)).words


def test_nothing_comes_from_outside_and_one_script_runs():
    html = page_of(make_report(twelve_files()), jpeg)
    shown = Page(html)
    (policy,) = [meta["content"] for meta in shown.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in policy
    for tag in ("script", "style"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        assert f"{tag}-src 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in policy
    assert "unsafe" not in policy
    assert shown.all("script") == [{}]
    assert shown.all("link") == []
    assert not any("style" in attributes for _, attributes in shown.tags)  # the policy would not let them count
    sources = [attributes.get(name) for _, attributes in shown.tags for name in ("src", "srcset", "href")]
    assert all(source.startswith(("data:image/", "#")) for source in sources if source)
    assert not re.search(r"https?://|url\(|@import", html)
    assert not any(name.startswith("on") for _, attributes in shown.tags for name in attributes)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>.jpg", '"><img src=x onerror=alert(1)>.jpg', "a&amp;b.jpg", "{{ 7 * 7 }}.jpg"]
)
def test_names_and_reasons_are_escaped(name):
    files = [member(name, 0, mtime_ns=0), member("copy.jpg", 0)]
    shown = Page(page_of(make_report(files, [(name, f"reason {name}")]), jpeg))
    assert shown.all("script") == [{}]
    assert not any("onerror" in attributes for _, attributes in shown.tags)
    assert shown.words.count(name) >= 4  # in its group, its cluster, the failures by reason and by file
    assert f"preview of {name}" in [image.get("alt") for image in shown.all("img")]
    assert name in [tile.get("data-path") for tile in shown.all("li")]


def test_what_was_passed_over_stands_apart_from_failures():
    passed = PassedOver({".xmp": Amount(1200, 5000), ".<b>": Amount(1, 0)}, {Why.NAME: Amount(3, 7)})
    shown = Page(page_of(make_report(twelve_files(), passed_over=passed), jpeg))
    assert "Every file could be read. Passed over 1,204 files (5.0 kB) that are no pictures by name" in shown.words
    assert ".xmp1,2005.0 kB" in shown.words
    assert ".<b>10 B" in shown.words
    assert "Passed over" not in Page(page_of(make_report(twelve_files()), jpeg)).words


def test_names_that_do_not_print_are_shown_escaped():
    shown = Page(page_of(make_report([member("a\n\udcff\u202e.jpg", 0)], [("\udc80", "r")]), jpeg))
    assert "a\\n\\xff\\u202e.jpg" in shown.words
    assert "\\x80" in shown.words


def test_the_warning_of_the_extractor_is_shown():
    shown = Page(page_of(make_report(twelve_files(), extractor=WARNED), jpeg))
    assert "Warning. The weights are <random>." in shown.words


def test_the_kinds_of_each_group_are_counted_for_the_filter():
    shown = Page(page_of(make_report(twelve_files()), jpeg))
    assert [group["data-kinds"] for group in shown.all("article") if "data-kinds" in group] == ["exact", "exact"]
    assert [box["value"] for box in shown.all("input") if box["type"] == "checkbox"] == ["exact"]
    assert "exact 2" in shown.words
    assert [tile["data-path"] for tile in shown.all("li") if "data-path" in tile] == [
        "03.jpg", "copy of 3.jpg", "00.jpg", "copy of 0.jpg",
    ]  # fmt: skip


def test_companions_stand_under_their_pictures_and_are_escaped():
    name = "<img src=x onerror=alert(1)>"
    files = [member(f"a/{name}.jpg", 0), member(f"b/{name}.jpg", 0, mtime_ns=2), member("c.jpg", 1)]
    seen = [(f"{folder}/{name}.MOV", 500, 1) for folder in "ab"]
    shown = Page(page_of(make_report(files, seen=seen), jpeg))
    assert shown.words.count(f"with 1 companion (500 B): {name}.MOV") == 2
    assert not any("onerror" in image for image in shown.all("img"))
    assert "frees 1.5 kB" in shown.words
    assert "with 1 companion" not in Page(page_of(make_report(twelve_files()), jpeg)).words


def test_the_page_says_what_to_do_next_where_there_is_something_to_do():
    assert "imagesieve duplicates apply --action move" in Page(page_of(make_report(twelve_files()), jpeg)).words
    assert "duplicates apply" not in Page(page_of(make_report([member("a", 0)]), jpeg)).words


def test_each_cluster_has_the_notebooks_percentage_and_the_true_one():
    words = Page(page_of(make_report(twelve_files()), jpeg)).words
    silhouettes = [f"{cluster.silhouette:.2f}" for cluster in make_report(twelve_files()).clusters]
    reduction = f"{6 / 12 * (1 - 2 / 12) * 100:.2f}"
    for number, (silhouette, freed) in enumerate(zip(silhouettes, ("1.0 kB", "1.0 kB"), strict=True)):
        assert f"{number} 6 50.00 {silhouette} 1 8.33 {freed} {reduction}".replace(" ", "") in words.replace(" ", "")
        assert f"6 images (50.0 %) · silhouette {silhouette} · 1 duplicate (8.33 %), {freed}" in words


def varied(count=1, places=((0.0, 0.5, 0.25, 1.0), (0.5, 0.5, 0.5, 0.5))):
    """Twelve files, some of which are variants of others; none has a copy."""
    files = twelve_files()
    return files, [
        Variant(files[at + 1], files[at], 0.9, 0.03, "differs in 3 % at <left>", places) for at in range(3, 3 + count)
    ]


def test_a_variant_stands_beside_what_it_is_one_of_with_the_place_framed():
    files, variants = varied()
    shown = Page(page_of(make_report(files, variants=variants), jpeg))
    assert "1 picture is the same as another one but for something added" in shown.words
    pair = "Variant 1 differs in 3 % at <left> The variant 04.jpg 40 × 30 · 1.0 kB of this picture 03.jpg"
    assert pair.replace(" ", "") in shown.words.replace(" ", "")
    assert "2 of 12 images are duplicates" in shown.words  # it is none of them
    assert re.search("Variants ?1 ?Can be freed ?2.0 kB", shown.words)
    assert [svg["viewbox"] for svg in shown.with_class("place")] == ["0 0 40 30"] * 2
    rects = [tuple(int(rect[name]) for name in ("x", "y", "width", "height")) for rect in shown.all("rect")]
    drawn = [rect for rect in rects if rect in ((0, 15, 10, 15), (20, 15, 1, 1))]
    assert drawn == [(0, 15, 10, 15)] * 2 + [(20, 15, 1, 1)] * 2
    assert "variants.csv" in shown.words


@pytest.mark.parametrize(
    ("places", "thumbnail", "framed"),
    [
        ((), jpeg, []),
        (((0, 0, 1, 1), (0, 0, 1, 1)), lambda path: None, []),
        (((-1, 0.99, 2, 3), (1, 1, 1, 1)), jpeg, ["0 29 40 1", "39 29 1 1"]),  # within the picture whatever it says
    ],
)
def test_only_a_picture_that_shows_has_a_frame(places, thumbnail, framed):
    files, variants = varied(places=places)
    html = page_of(make_report(files, variants=variants), thumbnail)
    boxes = re.findall(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"/>', html)
    assert [" ".join(box) for box in boxes] == framed


def test_what_does_not_fit_and_the_edge_of_each_cluster_are_shown():
    report = make_report(twelve_files())
    shown = Page(page_of(report, jpeg)).words
    assert "What does not fit" not in shown
    far = dataclasses.replace(report, outliers=report.assignments[:2])
    shown = Page(page_of(far, jpeg)).words
    assert "What does not fit 2 images far from every centre" in shown
    assert "at the edge" not in shown  # of small clusters all are shown
    edge = tuple(dataclasses.replace(one, edge=one.nearest[-1:], distinct=99) for one in report.clusters)
    assert (
        Page(page_of(dataclasses.replace(report, clusters=edge), jpeg)).words.count("at the edge, farthest first") == 2
    )


def test_many_variants_are_cut_and_the_page_says_so(monkeypatch):
    monkeypatch.setattr(album, "VARIANTS_SHOWN", 2)
    files, variants = varied(4)
    shown = Page(page_of(make_report(files, variants=variants), jpeg))
    assert "2 more are only in variants.csv" in shown.words
    assert "Variant 2" in shown.words
    assert "Variant 3" not in shown.words


def test_without_variants_the_page_says_so_and_counts_none():
    shown = Page(page_of(make_report(twelve_files()), jpeg))
    assert "There are none: no picture is another one with something added" in shown.words
    assert not re.search("Variants ?0", shown.words)


def test_a_picture_without_thumbnail_leaves_a_place():
    shown = Page(page_of(make_report(twelve_files()), lambda path: None))
    assert shown.words.count("no preview") == 14
    assert "some previews are left out" not in shown.words


def test_each_picture_is_fetched_once():
    asked = []
    report = make_report(twelve_files())
    page_of(report, lambda path: asked.append(path) or jpeg())
    assert len(asked) == len(set(asked)) == 10


def test_a_group_with_many_copies_is_cut_and_says_so():
    files = [member(f"{index:03d}.jpg", 0) for index in range(MEMBERS + 5)]
    shown = Page(page_of(make_report(files), jpeg))
    assert "and 5 more files, in duplicates.csv" in shown.words


def test_many_clusters_share_the_sheets(monkeypatch):
    monkeypatch.setattr(album, "SHEETS", 8)
    monkeypatch.setattr(album, "CLUSTERS", 3)
    report = make_report([member(f"{index}", index) for index in range(60)], clusters=4)
    assert report.totals.clusters == 4
    shown = Page(page_of(report, jpeg))
    assert "1 smaller cluster is only in assignments.csv" in shown.words
    assert len(shown.with_class("tile")) == 3 * 3
    assert "and 12 images farther from the centre" in shown.words


def size_of(picture):
    image = Image.open(io.BytesIO(picture))
    image.load()
    return image.size


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
