"""A report of many groups over small pictures, written as tables: for the queue, whatever its size, within seconds."""

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from shared.records import ImageFacts, Record, Reference, State
from shared.settings import Settings
from shared.store import RedisStore
from tests.unit.test_recluster import EXTRACTOR
from worker.engine.report import tables
from worker.engine.search.encoding import encode
from worker.web.index import plain

GENERATION = "20261120T120000.000000Z"
Row = tuple[str, str, str, int]  # path, digest, kind, bytes
PLACE = "differs in 12 % at the lower left"
REASONS = {"exact": "the same bytes", "identical": "the same pixels in another file", "near": "same picture, half size"}


def picture(number: int, side: int = 64) -> Image.Image:
    """A picture that is like no other one."""
    image = Image.new("RGB", (side, side), (number * 53 % 256, number * 97 % 256, number * 31 % 256))
    ImageDraw.Draw(image).ellipse(
        (number % 20, number % 13, side - number % 17, side - number % 11), fill=(number * 7 % 256, 90, 160)
    )
    return image


def write_groups(
    settings: Settings, kinds: Sequence[Sequence[str]], store: RedisStore | None, variants: int = 0
) -> list[list[str]]:
    """A group for each list of kinds: a keeper, and a duplicate of each kind. The paths of each, the keeper first.

    variants: so many of the keepers have a variant besides, `edited/NUMBER.png`.
    """
    groups: list[list[Row]] = []
    for number, others in enumerate(kinds):
        whole = picture(number)
        data = _png(whole, 1)
        rows = [_put(settings, f"camera/{number // 100:03}/{number:05}.png", data, "exact")]
        for place, kind in enumerate(others):
            folder = "phone" if number % 2 else "backup"
            name = f"{folder}/{number // 100:03}/{number:05}-{place}.png"
            copy = {
                "exact": data,
                "identical": _png(whole, 9, place + 1),
                "near": _png(whole.resize((32 + place,) * 2), 1),
            }
            rows.append(_put(settings, name, copy[kind], kind))
        groups.append(rows)
    stamped = [(_put_variant(settings, number), groups[number][0][0]) for number in range(variants)]
    write_report(settings.reports_dir, groups, str(settings.watch_dir), stamped)
    if store is not None:
        rows = [row for group in groups for row in group]
        _record(store, settings.watch_dir, rows + [row for row, _ in stamped])
    return [[row[0] for row in group] for group in groups]


def write_report(
    reports: Path, groups: Sequence[Sequence[Row]], folder: str, variants: Sequence[tuple[Row, str]] = ()
) -> None:
    """The tables of a report with these groups, and no cluster. variants: each with the path of its picture."""
    there = reports / GENERATION
    there.mkdir(parents=True)
    assignments, duplicates = [], []
    for number, rows in enumerate(groups, start=1):
        keeper = rows[0][0]
        for place, (path, digest, kind, size) in enumerate(rows):
            verdict = ("unique", "") if place == 0 else (kind, keeper)
            assignments.append([path, digest, "0", "0.1", "", *verdict, "", str(size), "", "", ""])
            role, reason = ("duplicate", REASONS[kind]) if place else ("keeper", "")
            sure = size if place and kind == "exact" else 0
            duplicates.append([number, path, role, kind, "1.0000", size, sure, 0, "", "", reason])
    for (path, digest, _, size), of in variants:
        assignments.append([path, digest, "0", "0.1", "", "unique", "", of, str(size), "", "", ""])
    _write(there / "assignments.csv", tables.ASSIGNMENTS, sorted(assignments, key=lambda row: plain(str(row[0]))))
    _write(there / "duplicates.csv", tables.DUPLICATES, duplicates)
    varied = [[row[0], of, "0.9000", "0.1250", PLACE] for row, of in variants]
    _write(there / "variants.csv", tables.VARIANTS, varied)
    _write(there / "failures.csv", tables.FAILURES, [])
    copies = len(duplicates) - len(groups)
    counts = {"images": len(assignments), "duplicates": copies, "groups": len(groups), "failed": 0, "clusters": 0}
    summary = {
        "generation": GENERATION, "created": "2026-11-20T12:00:00+00:00", "folder": folder, "clusters": [],
        "counts": counts, "bytes": 1000, "bytes_to_free": 100, "history": [],
    }  # fmt: skip
    (there / "summary.json").write_text(json.dumps(summary))
    (reports / "latest").symlink_to(GENERATION)


def _write(file: Path, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([names, *rows])


def _png(image: Image.Image, level: int, salt: int = 0) -> bytes:
    """salt: of the same pixels other bytes."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=max(1, level - salt))
    return buffer.getvalue()


def _put_variant(settings: Settings, number: int) -> Row:
    stamped = picture(number)
    stamped.paste((250, 20, 20), (0, 48, 32, 64))
    return _put(settings, f"edited/{number:05}.png", _png(stamped, 1), "variant")


def _put(settings: Settings, path: str, data: bytes, kind: str) -> Row:
    file = settings.watch_dir / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return path, hashlib.sha256(data).hexdigest(), kind, len(data)


def _record(store: RedisStore, root: Path, rows: Sequence[Row]) -> None:
    """What the store says of files that were described."""
    import numpy as np

    store.publish_extractor(EXTRACTOR)
    facts = ImageFacts(64, 64, "")
    [vector] = encode(np.ones((1, 4096), np.float32))
    for start in range(0, len(rows), 500):
        part = rows[start : start + 500]
        references = []
        for path, *_ in part:
            status = (root / path).stat()
            references.append(Reference(path, status.st_size, status.st_mtime_ns))
        store.mark_pending(references, now=1.0)
        store.put_images("e1", [(digest, facts, vector, b"") for _, digest, _, _ in part])
        pending = store.records([path for path, *_ in part])
        ready = []
        for (path, digest, _, _), seen in zip(part, pending, strict=True):
            assert seen
            ready.append(
                (path, seen, Record(seen.size, seen.mtime_ns, State.READY, 2.0, digest, 64, 64, "e1", "unique"))
            )
        assert all(store.complete(ready))
