"""Clusters, and an image's own page."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from shared.errors import PermanentError, Unavailable
from shared.paths import is_below_root
from shared.records import Record
from worker.web.addresses import query_of, whole
from worker.web.desk import Desk
from worker.web.likeness import find_similar
from worker.web.pages import Pages
from worker.web.views.clusters import clusters_of, sheet_of, tile_of
from worker.web.views.image import history_of, image_of

MOST_PAGES = 1_000_000


def cluster_routes(desk: Desk, pages: Pages) -> APIRouter:
    """Sheets of clusters."""
    router = APIRouter()

    @router.get("/clusters")
    def clusters(request: Request) -> HTMLResponse:
        index, page = desk.newest.index(), whole(query_of(request).get("page", ""), 1, MOST_PAGES, 1)
        view = clusters_of(index, page) if index else None
        return pages.show(request, "clusters.html", {"here": "/clusters", "view": view})

    @router.get("/clusters/{number:int}")
    def sheet(request: Request, number: int) -> HTMLResponse:
        query, index = query_of(request), desk.newest.index()
        finer = whole(query["finer"], 0, MOST_PAGES, 0) if query.get("finer") else None
        view = sheet_of(index, number, finer, whole(query.get("page", ""), 1, MOST_PAGES, 1)) if index else None
        if view is None:
            return pages.show(request, "nothing.html", {"here": "/clusters", "what": f"cluster {number}"}, 404)
        return pages.show(request, "sheet.html", {"here": "/clusters", "view": view})

    return router


def image_routes(desk: Desk, pages: Pages) -> APIRouter:
    """An image's own page, and its parts that take longer, which the page asks for when it is there."""
    router = APIRouter()

    @router.get("/image")
    def image(request: Request) -> HTMLResponse:
        path, index = query_of(request).get("path", ""), desk.newest.index()
        names = {one["number"]: one.get("name") or "" for one in index.summary["clusters"]} if index else {}
        view = image_of(path, _record(desk, path), index, names) if is_below_root(path) else None
        if view is None:
            return pages.show(request, "nothing.html", {"here": "", "what": "a file of that name"}, 404)
        return pages.show(request, "image.html", {"here": "", "image": view})

    @router.get("/image/like")
    def like(request: Request) -> Response:
        path, index = query_of(request).get("path", ""), desk.newest.index()
        row = index.row_of(path) if index else -1
        if index is None or row < 0:
            return pages.show(request, "parts/like.html", {"tiles": [], "compared": 0, "of": 0, "absence": ""})
        try:
            found = find_similar(index, desk.store, row)
        except Unavailable as error:
            return pages.show(request, "parts/like.html", {"tiles": [], "compared": 0, "of": 0, "absence": str(error)})
        tiles = [(tile_of(one), similarity) for one, similarity in found.similar]
        values = {"tiles": tiles, "compared": found.compared, "of": found.of, "absence": ""}
        return pages.show(request, "parts/like.html", values)

    @router.get("/image/history")
    def history(request: Request) -> Response:
        path = query_of(request).get("path", "")
        try:
            past = desk.past.get()
        except Unavailable as error:
            return pages.show(request, "parts/history.html", {"history": [], "looked": 0, "absence": str(error)})
        values = {"history": history_of(past.by_path.get(path, ())), "looked": past.looked, "absence": ""}
        return pages.show(request, "parts/history.html", values)

    return router


def _record(desk: Desk, path: str) -> Record | None:
    """As it is on record; None also where Redis is away: the report still says something."""
    try:
        return desk.store.records([path])[0]
    except (Unavailable, PermanentError):
        return None
