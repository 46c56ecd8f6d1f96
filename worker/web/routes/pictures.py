"""Previews of pictures, encoded anew: no byte of a user's file is served."""

import asyncio
import re
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from shared.errors import ImagesieveError, Unavailable
from shared.paths import is_below_root
from shared.records import Record, Reference
from worker.engine.sketch.sketch import Sketch
from worker.web.addresses import query_of
from worker.web.darkroom import NoRoom
from worker.web.desk import Desk
from worker.web.previews import SIDES

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_FOR_EVER: Final = {"cache-control": "private, max-age=31536000, immutable"}  # another digest has another address
# As a picture, so that a page has something to show and nothing to complain of.
BLANK: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 120" width="320" height="240"><text x="80" y="64" '
    'text-anchor="middle" font-family="sans-serif" font-size="11" fill="#7d8698">no preview</text></svg>'
)


def picture_routes(desk: Desk) -> APIRouter:
    """Previews."""
    router = APIRouter()

    @router.get("/preview/{side}/{digest}")
    async def preview(request: Request, side: str, digest: str) -> Response:
        path = query_of(request).get("path", "")
        if side not in map(str, SIDES) or not _DIGEST.fullmatch(digest) or not is_below_root(path):
            return Response("there is no such preview\n", 404, media_type="text/plain")
        data = await _preview(desk, path, digest, int(side))
        if data is None:
            return Response(BLANK, media_type="image/svg+xml")
        return Response(data, media_type="image/webp", headers=_FOR_EVER)

    return router


async def _preview(desk: Desk, path: str, digest: str, side: int) -> bytes | None:
    """A preview of the file at `path` with this digest; None where there is none to be had."""
    kept = await asyncio.to_thread(desk.previews.find, digest, side)
    if kept:
        return kept
    try:
        [record] = await asyncio.to_thread(desk.store.records, [path])
        if not _is_of(record, digest):
            return None
        reference = Reference(path, record.size, record.mtime_ns)  # type: ignore[union-attr]
        data = await desk.darkroom.develop(reference, digest, side)
    except NoRoom:
        return None
    except Unavailable:
        return None
    except ImagesieveError:
        return await asyncio.to_thread(_small, desk, digest) if side == min(SIDES) else None
    await asyncio.to_thread(desk.previews.keep, digest, side, data)
    return data


def _is_of(record: Record | None, digest: str) -> bool:
    """Whether a record is of a picture with this digest: other files have no preview."""
    return record is not None and record.digest == digest and not record.is_by_bytes


def _small(desk: Desk, digest: str) -> bytes | None:
    """The small picture that was kept of it when it was read, for a file that has gone since."""
    try:
        [raw] = desk.store.sketches([digest])
        return Sketch.from_bytes(raw).thumbnail if raw else None
    except ImagesieveError:
        return None
