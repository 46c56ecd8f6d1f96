"""The queue of groups, and deciding on many of them at once."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from shared.errors import ImagesieveError
from shared.records import Kind
from worker.web.addresses import query_of, whole
from worker.web.cases import Filter
from worker.web.choices import Said, bulk_decisions
from worker.web.desk import Desk
from worker.web.pages import Pages
from worker.web.views.duplicates import BULK, bulk_files, bulk_of, queue_of

MOST_PAGES = 1_000_000


def duplicate_routes(desk: Desk, pages: Pages) -> APIRouter:
    """Duplicates."""
    router = APIRouter()

    @router.get("/duplicates")
    def duplicates(request: Request) -> HTMLResponse:
        query, index = query_of(request), desk.newest.index()
        if index is None:
            return pages.show(request, "duplicates.html", {"here": "/duplicates", "view": None, "trouble": ""})
        try:
            queue = desk.decisions.queue(index)
        except ImagesieveError as error:
            values = {"here": "/duplicates", "view": None, "trouble": str(error)}
            return pages.show(request, "duplicates.html", values)
        view = queue_of(queue, filter_of(query), whole(query.get("page", ""), 1, MOST_PAGES, 1))
        trouble = "; ".join(desk.decisions.unread)
        return pages.show(request, "duplicates.html", {"here": "/duplicates", "view": view, "trouble": trouble})

    @router.get("/bulk")
    def bulk(request: Request) -> HTMLResponse:
        query, index = query_of(request), desk.newest.index()
        folder, kind = folder_of(query), _bulk_kind(query)
        page = whole(query.get("page", ""), 1, MOST_PAGES, 1)
        if index is None:
            return pages.show(request, "nothing.html", {"here": "/duplicates", "what": "a report"}, 404)
        files = bulk_files(desk.decisions.queue(index), folder, kind)
        view = bulk_of(files, folder, kind, page, desk.decisions.read().number)
        return pages.show(request, "bulk.html", {"here": "/duplicates", "view": view, "generation": index.generation})

    @router.post("/bulk")
    def decide_bulk(request: Request) -> HTMLResponse:
        try:
            step = desk.decisions.decide(lambda: _bulk_said(desk, query_of(request)))
        except ImagesieveError as error:
            return pages.show(request, "parts/said.html", {"wrong": str(error), "step": None})
        return pages.show(request, "parts/said.html", {"wrong": "", "step": step})

    return router


def _bulk_said(desk: Desk, query: Mapping[str, str]) -> list[Said]:
    """That all on the list go, if it still is the list that the user saw."""
    index = desk.newest.index()
    seen = query.get("generation"), query.get("number")
    if index is None or (index.generation, str(desk.decisions.read().number)) != seen:
        raise ImagesieveError("the list has changed since you saw it: load this page again")
    queue = desk.decisions.queue(index)
    chosen = bulk_files(queue, folder_of(query), _bulk_kind(query))
    return bulk_decisions([queue.cases[place] for place in queue.open], chosen)


def filter_of(query: Mapping[str, str]) -> Filter:
    """What an address asks for."""
    kind = query.get("kind", "")
    least = whole(query.get("least", ""), 0, 10**9, 0) if kind != Kind.VARIANT else 0
    return Filter(kind if kind in list(Kind) else "", folder_of(query), query.get("reason", "").strip()[:200], least)


def folder_of(query: Mapping[str, str]) -> str:
    """A folder below the watched one, "" for all of it."""
    return query.get("folder", "").strip().strip("/")


def _bulk_kind(query: Mapping[str, str]) -> Kind:
    return next((kind for kind in BULK if kind == query.get("kind")), Kind.EXACT)
