"""A small collection, clustered and grouped, from which report tests are made."""

import io
from functools import cache

import numpy as np
from PIL import Image

from shared.records import Extractor
from shared.settings import Settings
from worker.engine.clusters.clustering import cluster
from worker.engine.clusters.division import Wish
from worker.engine.clusters.selection import Witnesses
from worker.engine.groups.groups import Member
from worker.engine.groups.keepers import rank_keepers
from worker.engine.groups.rules import name_rules
from worker.engine.groups.verified import verified_groups
from worker.engine.report.figures import figures_of_choice
from worker.engine.report.model import Failure, Meta, build_report
from worker.engine.report.page import render_page

EXTRACTOR = Extractor("vgg16-fc2-0123456789ab", "imagenet", "VGG16 fc2, ImageNet")
WARNED = Extractor("vgg16-fc2-feedfeedfeed", "random", "VGG16 fc2, random", "The weights are <random>.")


def digest_of(index):
    return f"{index:064x}"


def member(path, index, size=1000, mtime_ns=1):
    return Member(path, digest_of(index), size, 40, 30, mtime_ns)


def features_of(count, clusters=2, seed=0):
    """Rows of well separated clusters, `[count, 32]`; row i belongs to cluster i % clusters."""
    rng = np.random.default_rng(seed)
    centres = rng.random((clusters, 32)) * (rng.random((clusters, 32)) > 0.5)
    return (centres[np.arange(count) % clusters] + 0.02 * rng.random((count, 32))).astype(np.float32)


@cache
def clustered(indices, clusters, geometry, sample):
    """The clustering of the pictures with these numbers; it is the slow part, and many tests share one."""
    features = features_of(max(indices, default=-1) + 1, clusters)
    return cluster(features[list(indices)], geometry, Wish(k_max=30), 0, sample)


def unquestioned(level=0.0, stability=1.0):
    """Witnesses who say the same of every k."""
    return Witnesses(lambda k_max: np.full(k_max - 1, level), lambda _: level, lambda _: stability)


ORDER = Settings.model_fields["keeper_order"].default


def group_copies(files):
    """Groups of files with the same digest."""
    rank = rank_keepers(ORDER)
    return list(name_rules(verified_groups(files, {}, {}, lambda *_: None, rank), rank))


def make_report(
    files, failures=(), extractor=EXTRACTOR, clusters=2, geometry="cosine", sample=20_000, variants=(), seen=(), **meta
):
    """The report of `files`, whose features follow from their digests. seen: path, bytes, mtime_ns of other files."""
    digests = sorted({file.digest for file in files})
    clustering = clustered(tuple(int(digest, 16) for digest in digests), clusters, geometry, sample)
    described = Meta("20261123T041500", "2026-11-23T04:15:00+00:00", extractor, **{"keeper_order": ORDER, **meta})
    failed = [Failure(*item) for item in failures]
    return build_report(
        files,
        clustering,
        digests,
        group_copies(files),
        failed,
        described,
        variants,
        seen=[*((file.path, file.bytes, file.mtime_ns) for file in files), *seen],
    )


def twelve_files(prefix=""):
    """Ten different pictures of two clusters; pictures 0 and 3 have a copy each."""
    files = [member(f"{prefix}{index:02d}.jpg", index, size=1000 + index) for index in range(10)]
    return [*files, member(f"{prefix}copy of 0.jpg", 0, 1000, 2), member(f"{prefix}copy of 3.jpg", 3, 1003, 2)]


def jpeg(path="", side=16):
    """A small JPEG."""
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (200, 60, 20)).save(buffer, "JPEG")
    return buffer.getvalue()


def page_of(report, thumbnail):
    """The page, with its figures."""
    return render_page(report, figures_of_choice(report), thumbnail)
