"""Two files of a group beside each other, what is decided of them, and the way back."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from shared.errors import ImagesieveError, PermanentError, Unavailable
from shared.paths import is_below_root
from shared.records import Record, Reference
from worker.web.addresses import address, query_of, whole
from worker.web.cases import Case, Filter
from worker.web.choices import Choice, Said, Step, decisions_of, last_step
from worker.web.deciding import Older
from worker.web.desk import Desk
from worker.web.index import Index
from worker.web.pages import Pages
from worker.web.parcel import unpack
from worker.web.queue import Queue
from worker.web.routes.duplicates import filter_of
from worker.web.views.compare import compare_of, pair_of, rows_of

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_FOR_EVER: Final = {"cache-control": "private, max-age=31536000, immutable"}
LAID: Final = ("over", "difference", "words")
MOST: Final = 1_000_000_000


class _Table:
    """One case on the page: what is shown of it, and where it is."""

    def __init__(self, desk: Desk, pages: Pages, request: Request) -> None:
        self.desk, self.pages, self.request = desk, pages, request
        self.query = query_of(request)
        self.chosen: Filter = filter_of(self.query)

    def show(self, index: Index, case: Case | None, row: int, notice: str = "", part: bool = True) -> HTMLResponse:
        """The desk with this case on it, or what to do where nothing is left."""
        queue = self.desk.decisions.queue(index)
        back = last_step(self.desk.decisions.read())
        values: dict[str, Any] = {"here": "/duplicates", "notice": notice, "back": back, "chosen": self.chosen}
        done, total = queue.progress(self.chosen)
        values |= {"view": None, "total": total, "done": done}
        if case is not None and (pair := pair_of(case, row)):
            records = _records(self.desk, [one.path for one in pair], [one.digest for one in pair])
            values["view"] = compare_of(queue, case, row, self.chosen, back, records)
        shown = self.pages.show(self.request, "parts/desk.html" if part else "compare.html", values)
        if part:
            more = {"group": case.number, "with": row if row >= 0 else None} if case else {}
            shown.headers["hx-replace-url"] = address("/compare", {**self.chosen.query, **more})
        return shown

    def case(self, queue: Queue) -> Case | None:
        """The one that is asked for, else the first that waits."""
        number = whole(self.query.get("group", ""), 0, MOST, 0)
        if number:
            return queue.case(number)
        waiting = queue.waiting(self.chosen)
        return waiting[0] if waiting else None

    @property
    def row(self) -> int:
        """Of the file on the right."""
        return whole(self.query.get("with", ""), 0, MOST, -1)


def compare_routes(desk: Desk, pages: Pages) -> APIRouter:
    """Compare."""
    router = APIRouter()

    def answer(request: Request, do: Callable[[_Table, Index], HTMLResponse]) -> HTMLResponse:
        index = desk.newest.index()
        if index is None:
            return pages.show(request, "nothing.html", {"here": "/duplicates", "what": "a report"}, 404)
        return do(_Table(desk, pages, request), index)

    @router.get("/compare")
    def compare(request: Request) -> HTMLResponse:
        return answer(request, _look)

    @router.post("/decide")
    def decide(request: Request) -> HTMLResponse:
        return answer(request, _decide)

    @router.post("/undo")
    def undo(request: Request) -> HTMLResponse:
        return answer(request, _undo)

    @router.get("/compare/table")
    async def facts(request: Request) -> Response:
        return await _facts(desk, pages, request)

    @router.get("/laid/{what}/{first}/{second}")
    async def laid(request: Request, what: str, first: str, second: str) -> Response:
        return await _lay(desk, query_of(request), what, (first, second))

    return router


def _look(table: _Table, index: Index) -> HTMLResponse:
    queue = table.desk.decisions.queue(index)
    case, row = table.case(queue), table.row
    if "step" in table.query and case is not None:
        case, row = _beside(queue, case, table.chosen, table.query["step"]), -1
    return table.show(index, case, row, part=table.request.headers.get("hx-request") == "true")


def _decide(table: _Table, index: Index) -> HTMLResponse:
    decisions = table.desk.decisions
    before = decisions.queue(index)
    case = before.case(whole(table.query.get("group", ""), 0, MOST, 0))
    try:
        step = decisions.decide(lambda: _said(table.desk, index, table.query))
    except ImagesieveError as error:
        return table.show(index, case or table.case(before), table.row, notice=str(error))
    queue = decisions.queue(index)
    now = queue.case(case.number) if case else None
    if case is not None and (now is None or not now.open):
        now = queue.after(case.number, queue.waiting(table.chosen))
    return table.show(index, now, -1, notice=_sentence(step))


def _undo(table: _Table, index: Index) -> HTMLResponse:
    """Take the last step back, and show what it was about."""
    decisions = table.desk.decisions
    numbers = [int(one) for one in table.query.get("numbers", "").split(",") if one.isdecimal()]
    try:
        first = decisions.read().standing.get(numbers[0]) if numbers else None
        step = decisions.undo(numbers)
    except ImagesieveError as error:
        return table.show(index, table.case(decisions.queue(index)), table.row, notice=str(error))
    queue = decisions.queue(index)
    case = queue.about(first.files) if first else None
    case = table.case(queue) if case is None else case
    row = next((one.row for one in case.open if first and one.subject in first.files), -1) if case else -1
    return table.show(index, case, row, notice=f"Taken back: {step.words}")


async def _facts(desk: Desk, pages: Pages, request: Request) -> Response:
    """The table, with what the files say of themselves."""
    query, index = query_of(request), desk.newest.index()
    queue = await asyncio.to_thread(desk.decisions.queue, index) if index else None
    case = queue.case(whole(query.get("group", ""), 0, MOST, 0)) if queue else None
    pair = pair_of(case, whole(query.get("with", ""), 0, MOST, -1)) if case else None
    if pair is None:
        return Response(status_code=204)
    paths, digests = [one.path for one in pair], [one.digest for one in pair]
    records = await asyncio.to_thread(_records, desk, paths, digests)
    told = [await _told(desk, one.path, one.digest, record) for one, record in zip(pair, records, strict=True)]
    return pages.show(request, "parts/table.html", {"rows": rows_of(pair, records, told), "whole": True})


async def _lay(desk: Desk, query: Mapping[str, str], what: str, digests: tuple[str, str]) -> Response:
    paths = query.get("one", ""), query.get("other", "")
    sound = all(_DIGEST.fullmatch(digest) for digest in digests) and all(map(is_below_root, paths))
    if what not in LAID or not sound:
        return Response("there is no such picture\n", 404, media_type="text/plain")
    found = await _laid(desk, paths, digests, what)
    if what == "words":
        return Response(found or b'{"found": false}', media_type="application/json")
    if not found:
        return Response("the two cannot be overlaid\n", 404, media_type="text/plain")
    return Response(found, media_type="image/webp", headers=_FOR_EVER)


def _said(desk: Desk, index: Index, query: Mapping[str, str]) -> list[Said]:
    """What the key says, if the group is still what the user saw."""
    queue = desk.decisions.queue(index)
    case = queue.case(whole(query.get("group", ""), 0, MOST, 0))
    if case is None or index.generation != query.get("generation") or case.seen != query.get("seen"):
        raise Older("this is not what you saw: there is a newer report, or somebody decided; nothing was decided now")
    try:
        choice = Choice(query.get("choice", ""))
    except ValueError as error:
        raise PermanentError("there is no such choice") from error
    pair = pair_of(case, whole(query.get("with", ""), 0, MOST, -1))
    if pair is None:
        raise Older("that file is no longer in the group")
    return decisions_of(choice, case, pair[1])


def _sentence(step: Step | None) -> str:
    return f"Decided: {step.words}" if step else ""


def _beside(queue: Queue, case: Case, chosen: Filter, step: str) -> Case:
    """The group behind this one of those that wait, or before it."""
    waiting = queue.waiting(chosen)
    if step == "before":
        waiting = waiting[::-1]
        numbers = [one.number for one in waiting]
        place = numbers.index(case.number) + 1 if case.number in numbers else 0
        return waiting[place % len(waiting)] if waiting else case
    return queue.after(case.number, waiting) or case


def _records(desk: Desk, paths: list[str], digests: list[str]) -> list[Record | None]:
    """As they are on record, where that is of the same bytes; None also where Redis is away."""
    try:
        found = desk.store.records(paths)
    except (Unavailable, PermanentError):
        return [None for _ in paths]
    return [one if one and one.digest == digest else None for one, digest in zip(found, digests, strict=True)]


async def _told(desk: Desk, path: str, digest: str, record: Record | None) -> dict[str, Any]:
    """What the file says of itself, kept once it was read."""
    kept = await asyncio.to_thread(desk.previews.find, digest, "told")
    try:
        if kept is None and record is not None and not record.is_by_bytes:
            reference = Reference(path, record.size, record.mtime_ns)
            kept = await desk.darkroom.tell(reference, digest)
            await asyncio.to_thread(desk.previews.keep, digest, "told", kept)
        return dict(json.loads(kept)) if kept else {}
    except (ImagesieveError, ValueError):
        return {}


async def _laid(desk: Desk, paths: tuple[str, str], digests: tuple[str, str], what: str) -> bytes | None:
    """One of the three parts of what laying gives; all are kept, by both digests."""
    name = f"{digests[0]}-{digests[1]}"
    kept = await asyncio.to_thread(desk.previews.find, name, what)
    if kept is not None:
        return kept
    records = await asyncio.to_thread(_records, desk, list(paths), list(digests))
    if any(one is None or one.is_by_bytes for one in records):
        return None
    one, other = (
        (Reference(path, record.size, record.mtime_ns), digest)
        for path, digest, record in zip(paths, digests, records, strict=True)
        if record
    )
    try:
        meta, laid, difference = unpack(await desk.darkroom.lay(one, other))
    except (ImagesieveError, ValueError):
        return None
    parts = {"words": json.dumps(meta).encode(), "over": laid, "difference": difference}
    for part, data in parts.items():
        await asyncio.to_thread(desk.previews.keep, name, part, data)
    return parts[what]
