"""What was decided may go: the list, acting on it, and bringing it back."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from shared.acting.runs import Action
from shared.errors import ImagesieveError
from worker.web.addresses import query_of, whole
from worker.web.choices import last_step
from worker.web.desk import Desk
from worker.web.pages import Pages
from worker.web.views.actions import going_of, lines_of, runs_of

MOST_PAGES = 1_000_000
WORDS = {Action.TRASH: "Put in the trash", Action.MOVE: "Move"}


def action_routes(desk: Desk, pages: Pages) -> APIRouter:
    """Actions."""
    router = APIRouter()

    @router.get("/actions")
    def actions(request: Request) -> HTMLResponse:
        index, page = desk.newest.index(), whole(query_of(request).get("page", ""), 1, MOST_PAGES, 1)
        values = {"here": "/actions", "going": None, "runs": [], "back": None, "trouble": "", **_doing(desk)}
        values["obstacle"] = desk.obstacle
        try:
            if index is not None:
                values["going"] = going_of(desk.decisions.queue(index), page)
            values |= {"runs": runs_of(desk.decisions.runs()), "back": last_step(desk.decisions.read())}
        except ImagesieveError as error:
            values["trouble"] = str(error)
        return pages.show(request, "actions.html", {**values, "move_to": str(desk.settings.move_to or "")})

    @router.get("/actions/doing")
    def doing(request: Request) -> HTMLResponse:
        shown = pages.show(request, "parts/doing.html", _doing(desk))
        if desk.actor.doing and not desk.actor.doing.runs and query_of(request).get("then"):
            shown.headers["hx-refresh"] = "true"  # the lists around it are others now
        return shown

    @router.post("/actions/apply")
    def apply(request: Request) -> HTMLResponse:
        query = query_of(request)
        action = Action.MOVE if query.get("action") == Action.MOVE and desk.settings.move_to else Action.TRASH
        dry = query.get("dry") == "yes"
        title = f"{WORDS[action]}{': what would be done' if dry else ''}"
        words = ["apply", "--action", action, "--decided", *([] if dry else ["--yes"])]
        return pages.show(request, "parts/doing.html", _start(desk, words, title, dry))

    @router.post("/actions/restore")
    def restore(request: Request) -> HTMLResponse:
        name = query_of(request).get("run", "")
        known = {run.header.id for run in desk.decisions.runs()}
        if name not in known:
            return pages.show(request, "parts/said.html", {"wrong": "there is no such run", "step": None}, 404)
        return pages.show(request, "parts/doing.html", _start(desk, ["restore", "--", name], "Bring back", False))

    return router


def _start(desk: Desk, words: list[str], title: str, dry: bool) -> dict[str, object]:
    """Begin, or say why not."""
    wrong = ""
    if obstacle := desk.obstacle:
        wrong = f"{obstacle.cause}, so nothing was done; load this page again"
    elif not desk.actor.start(words, title, dry):
        wrong = "something is being done already; wait until it has ended"
    return {**_doing(desk), "busy": wrong}


def _doing(desk: Desk) -> dict[str, object]:
    found = desk.actor.doing
    return {"doing": found, "lines": lines_of(list(found.events)) if found else [], "busy": ""}
