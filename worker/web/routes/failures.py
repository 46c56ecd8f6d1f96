"""What could not be read, and the button that has it tried again."""

import time
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from shared.broker import send_references
from shared.errors import ImagesieveError
from shared.paths import is_below_root
from worker.pipeline.again import send_again
from worker.web.addresses import query_of, whole
from worker.web.desk import Desk
from worker.web.failed import failed_of
from worker.web.pages import Pages
from worker.web.views.failures import failures_of

MOST_PAGES = 1_000_000


def failure_routes(desk: Desk, pages: Pages) -> APIRouter:
    """Failures."""
    router = APIRouter()

    @router.get("/failures")
    def failures(request: Request) -> HTMLResponse:
        query, index = query_of(request), desk.newest.index()
        try:
            found = desk.failed.get()
        except ImagesieveError:
            found = failed_of(index.failures if index else ())
        page = whole(query.get("page", ""), 1, MOST_PAGES, 1)
        view = failures_of(found, query.get("reason", ""), page)
        return pages.show(request, "failures.html", {"here": "/failures", "view": view})

    @router.post("/again")
    def again(request: Request) -> HTMLResponse:
        path = query_of(request).get("path", "")
        try:
            if not is_below_root(path):
                return pages.show(request, "parts/again.html", {"wrong": "no path below the watched folder"}, 400)
            send_again(desk.store, desk.folder, path, time.time(), partial(send_references, desk.app))
        except ImagesieveError as error:
            return pages.show(request, "parts/again.html", {"wrong": str(error)})
        return pages.show(request, "parts/again.html", {"wrong": ""})

    return router
