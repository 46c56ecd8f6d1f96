"""`POST /api/check`: what a picture would be in the collection, for programs; the running workers answer."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, Field

from shared.checking import PATIENCE
from shared.errors import Unavailable, UnreadableImage
from shared.failures import FailureKind
from shared.records.checks import LONGEST_NAME, CheckAnswer
from worker.web.desk import Desk
from worker.web.doors import CHECK

ASKED: Final = 16  # checks under way, each with its bytes in memory; pages have threads of their own
RETRY_SECONDS: Final = "5"
_NO_PICTURE: Final = (FailureKind.NO_IMAGE, FailureKind.UNSUPPORTED, FailureKind.EMPTY)


class NearPicture(BaseModel):
    """A picture of the collection that looks alike. Similar is not duplicate: nothing is proved by it."""

    path: str = Field(description="below the watched folder")
    cosine: float = Field(description="of the two pictures' features, -1 to 1")


class Appraisal(BaseModel):
    """What the picture would be, were it to arrive now. Nothing of it was kept."""

    at: str = Field(description="when that was so, ISO 8601")
    path: str = Field(description="the name that was given")
    digest: str = Field(description="SHA-256 of the bytes")
    verdict: str = Field(description="`unique`, `exact` (the same bytes), `identical` (the same pixels) or `near`")
    duplicate_of: str = Field(description="the file that it is a duplicate of; empty for `unique`")
    variant_of: str = Field(description="of a unique one: the picture that it is but for a place; else empty")
    similarity: float = Field(description="0 to 1; 0 where it is compared with nothing")
    share: float = Field(description="of a variant: how much of the picture differs, 0 to 1")
    reason: str = Field(description="why, in words")
    keeper: str = Field(description="the file that stays of the group that it would belong to; empty for none")
    cluster: int | None = Field(description="the nearest cluster; null before there is any")
    different: list[str] = Field(
        description="files that you said show another picture than this one: it is no duplicate and no variant of them"
    )
    nearest: list[NearPicture] = Field(description="up to five, the most alike first, whatever the verdict")


class Refusal(BaseModel):
    """Why there is no answer."""

    detail: str = Field(description="one sentence")


_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    413: {"model": Refusal, "description": "more bytes, or pixels, than are taken"},
    415: {"model": Refusal, "description": "no picture, or none that can be read"},
    422: {"model": Refusal, "description": "a damaged picture"},
    503: {"model": Refusal, "description": "no worker answered in time; the sentence says which"},
}
_BODY: Final = {
    "requestBody": {
        "description": "the bytes of the file, whatever its Content-Type says: `curl --data-binary @picture.jpg`",
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def check_routes(desk: Desk) -> APIRouter:
    """The one address that is for programs."""
    router = APIRouter()
    asked, threads = asyncio.Semaphore(ASKED), ThreadPoolExecutor(ASKED, "check")

    @router.post(CHECK, response_model=Appraisal, responses=_RESPONSES, openapi_extra=_BODY, summary="Check a picture")
    async def check(
        request: Request,
        name: Annotated[str, Query(description=f"what the answer calls it, in {LONGEST_NAME:,} letters")] = "",
    ) -> dict[str, Any]:
        if request.headers.get("content-type", "").startswith("multipart/"):
            raise HTTPException(415, "send the file itself as the body, not a form: curl --data-binary @FILE")
        data = await request.body()
        if not data:
            raise HTTPException(415, "the body is empty: send the bytes of a picture")
        if asked.locked():
            raise _later("too many checks are under way")
        loop = asyncio.get_running_loop()
        try:
            async with asked:
                answer = await loop.run_in_executor(threads, desk.asker.ask, data, name, PATIENCE)
        except UnreadableImage as error:
            raise HTTPException(413, f"the picture {error}") from error
        except Unavailable as error:
            raise _later(str(error)) from error
        if answer.failure:
            raise HTTPException(status_of(answer), answer.event.reason)
        return answer.to_dict()

    return router


def status_of(answer: CheckAnswer) -> HTTPStatus:
    """The status for a file that gives no picture (pure)."""
    if answer.failure == FailureKind.TOO_LARGE:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if answer.failure in _NO_PICTURE:
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    return HTTPStatus.UNPROCESSABLE_ENTITY


def _later(why: str) -> HTTPException:
    return HTTPException(503, why, {"retry-after": RETRY_SECONDS})
