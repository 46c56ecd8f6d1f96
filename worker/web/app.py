"""The page as an application: its routes, behind its doors."""

from importlib.resources import files
from typing import Final

from fastapi import FastAPI, Request
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Scope

from shared.checking import LARGEST
from worker.web.desk import Desk
from worker.web.doors import CHECK, Doors
from worker.web.pages import Pages
from worker.web.routes.actions import action_routes
from worker.web.routes.check import check_routes
from worker.web.routes.clusters import cluster_routes, image_routes
from worker.web.routes.compare import compare_routes
from worker.web.routes.duplicates import duplicate_routes
from worker.web.routes.failures import failure_routes
from worker.web.routes.overview import overview_routes
from worker.web.routes.pictures import picture_routes
from worker.web.routes.report import report_routes

_ASKED_FOR_AGAIN: Final = "private, no-cache"


def make_page(desk: Desk) -> ASGIApp:
    """The page. Whoever serves it closes the desk afterwards."""
    # The documentation that FastAPI draws loads scripts from elsewhere; the description for programs stays.
    app = FastAPI(
        title="imagesieve", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", redirect_slashes=False
    )
    pages = Pages(desk.decides)
    app.include_router(overview_routes(desk, pages), include_in_schema=False)
    app.include_router(cluster_routes(desk, pages), include_in_schema=False)
    app.include_router(image_routes(desk, pages), include_in_schema=False)
    app.include_router(failure_routes(desk, pages), include_in_schema=False)
    app.include_router(picture_routes(desk), include_in_schema=False)
    app.include_router(report_routes(desk, pages), include_in_schema=False)
    app.include_router(duplicate_routes(desk, pages), include_in_schema=False)
    app.include_router(compare_routes(desk, pages), include_in_schema=False)
    app.include_router(action_routes(desk, pages), include_in_schema=False)
    app.include_router(check_routes(desk))  # for programs: it alone is in the schema
    _mount_files(app)

    @app.exception_handler(404)
    def nothing(request: Request, _: HTTPException) -> Response:
        return pages.show(request, "nothing.html", {"here": "", "what": "such a page"}, 404)

    bodies = {CHECK: min(LARGEST, desk.settings.max_bytes)}
    return Doors(app, desk.auth, desk.names, desk.decides, bodies)


class _Files(StaticFiles):
    """Our own files, which a browser keeps and asks for again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = _ASKED_FOR_AGAIN
        return response


def _mount_files(app: FastAPI) -> None:
    """Our own files, and the report's style: one look."""
    style = files("worker.engine.report").joinpath("templates", "report.css").read_text(encoding="utf-8")

    @app.get("/static/report.css", include_in_schema=False)
    def report_style() -> Response:
        return Response(style, media_type="text/css", headers={"cache-control": _ASKED_FOR_AGAIN})

    app.mount("/static", _Files(packages=[("worker.web", "static")]), name="static")
