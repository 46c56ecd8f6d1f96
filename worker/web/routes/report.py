"""The report as it was written, and the files beside it."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from worker.web.desk import Desk
from worker.web.pages import Pages

TABLES: Final = (
    "assignments.csv", "duplicates.csv", "variants.csv", "outliers.csv", "changes.csv", "failures.csv",
    "passed-over.csv", "summary.json", "summary.txt",
)  # fmt: skip
# Its own script and style are in it, and it allows these and no others. Here it is a page of nobody's: it cannot ask
# this server for anything.
SANDBOX: Final = (
    "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def report_routes(desk: Desk, pages: Pages) -> APIRouter:
    """The newest report."""
    router = APIRouter()

    @router.get("/report")
    def report(request: Request) -> Response:
        index = desk.newest.index()
        file = index.folder / "report.html" if index else None
        if file is None or not file.is_file():
            return pages.show(request, "nothing.html", {"here": "", "what": "a report"}, 404)
        headers = {"content-security-policy": SANDBOX}
        return FileResponse(file, media_type="text/html; charset=utf-8", headers=headers)

    @router.get("/report/{name}")
    def table(request: Request, name: str) -> Response:
        index = desk.newest.index()
        file = index.folder / name if index and name in TABLES else None
        if file is None or not file.is_file():
            return pages.show(request, "nothing.html", {"here": "", "what": "such a file of the report"}, 404)
        return FileResponse(file, media_type="text/plain; charset=utf-8", filename=name)

    return router
