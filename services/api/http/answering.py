"""Answers with an ETag that is taken from what they depend on.

The ETag is known before the answer is: it stands for the question, the caller's entities, the
language and how far the read model is. A request that brings it again
costs one small query, and is answered 304.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from fastapi import Request, Response
from pydantic import TypeAdapter

from services.api.adapters.read_model import revision
from services.api.http.question import QueryContext
from services.api.problems import NOT_FOUND, Kind, Problem

T = TypeVar("T")

SHAPE: Final = "1"
"""Raised when the same rows would be spelled otherwise: kept answers are stale then."""

JSON: Final = "application/json"

UNCHANGING_S: Final = 300
"""Time for which what only another version of the program changes need not be asked again."""

UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "What the caller has, by its `If-None-Match`, is still the answer."}
}
"""Response of a conditional request, for the OpenAPI document."""


async def whole(
    question: QueryContext,
    spelled: TypeAdapter[T],
    build: Callable[[], Awaitable[T | None]],
    *,
    not_found: Kind = NOT_FOUND,
    dated: bool = False,
) -> Response:
    """One answer; `dated` where it changes from one day to the next.

    Raises:
        Problem: `not_found`, where `build` gives None.
    """

    async def body() -> tuple[bytes, Mapping[str, str]]:
        found = await build()
        if found is None:
            raise Problem(not_found)
        return spelled.dump_json(found), {}

    return await answer_tagged(question, JSON, body, dated=dated)


async def answer_tagged(
    question: QueryContext,
    media_type: str,
    body: Callable[[], Awaitable[tuple[bytes, Mapping[str, str]]]],
    *,
    dated: bool = False,
    tagged: bool = True,
) -> Response:
    """The answer with its ETag, or 304 where the caller has it.

    One that depends on more than the read model is not `tagged`: nobody keeps it.
    """
    language = {"Content-Language": question.language.value}
    if not tagged:
        content, headers = await body()
        return Response(content, media_type=media_type, headers={**language, **headers})
    tag = await _tag(question, media_type, dated=dated)
    if _has(question.request.headers.getlist("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    content, headers = await body()
    all_headers = {"ETag": tag, **language, **headers}
    return Response(content, media_type=media_type, headers=all_headers)


def unchanging(request: Request, content: bytes, media_type: str) -> Response:
    """Content that is the same while this program runs, and for everybody, with its ETag."""
    headers = {
        "ETag": _weak(digest([content.decode()])),
        "Cache-Control": f"public, max-age={UNCHANGING_S}",
    }
    if _has(request.headers.getlist("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


async def _tag(question: QueryContext, media_type: str, *, dated: bool) -> str:
    entities = question.entities
    parts = [
        SHAPE,
        media_type,
        question.request.url.path,
        *(f"{name}={value}" for name, value in sorted(question.request.query_params.multi_items())),
        question.language.value,
        "all" if entities is None else ",".join(sorted(entities)),
        question.today.isoformat() if dated else "",
        await revision(question.connection),
    ]
    return _weak(digest(parts))


def _weak(tag: str) -> str:
    """A tag of equal answers: who asks for it gets other bytes, compressed (RFC 9110, 8.8.1)."""
    return f'W/"{tag}"'


def _has(all_headers: list[str], tag: str) -> bool:
    """True if the caller holds the answer that the tag stands for (RFC 9110, 13.1.2).

    `*` would ask whether there is any answer, which nobody knows before it is made: it gets one.
    """
    held = (each.strip() for line in all_headers for each in line.split(","))
    return any(tag == f"W/{each.removeprefix('W/')}" for each in held)


def digest(parts: list[str]) -> str:
    """A short text that stands for these parts."""
    hashed = hashlib.sha256("\n".join(parts).encode()).digest()[:18]
    return base64.urlsafe_b64encode(hashed).decode()
