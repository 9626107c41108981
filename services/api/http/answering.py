"""Answers: with an ETag taken from what they depend on, whole or page by page.

The ETag is known before the answer is: it stands for the question, the caller's entities, the
language and how far the read model is. Who asks again with it is told 304 for one small query.
"""

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Generic, TypeVar

from fastapi import Response
from pydantic import BaseModel, Field, TypeAdapter
from starlette.datastructures import QueryParams

from events.sentences import Sentence
from services.api.adapters.read_model import revision
from services.api.http.question import Asked, PageFilters
from services.api.problems import Kind, Problem

T = TypeVar("T")

SHAPE: Final = "1"
"""Raised when the same rows would be spelled otherwise: kept answers are stale then."""

JSON: Final = "application/json"
NOT_OF_THE_FILTER: Final = frozenset({"cursor", "limit", "lang"})

UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "What the caller has, by its `If-None-Match`, is still the answer."}
}
"""What every answer with an ETag may be, for the OpenAPI document."""

CURSOR_UNKNOWN: Final = Kind(
    "cursor_unknown",
    400,
    Sentence("Curseur inconnu", "Unknown cursor"),
    Sentence(
        "Ce curseur n'est pas celui d'une page de cette question.",
        "This cursor is not that of a page of this question.",
    ),
    Sentence(
        "Reprenez `next` tel quel, avec les mêmes filtres\u00a0; ou repartez de la première page.",
        "Take `next` as it is, with the same filters; or start again from the first page.",
    ),
)


class Page(BaseModel, Generic[T]):
    """A page of a list."""

    items: list[T]
    next: str | None = Field(description="The cursor of the next page; null on the last.")


async def whole(
    question: Asked,
    spelled: TypeAdapter[T],
    build: Callable[[], Awaitable[T]],
    *,
    dated: bool = False,
) -> Response:
    """One answer; `dated` where it is another on another day."""

    async def body() -> tuple[bytes, Mapping[str, str]]:
        return spelled.dump_json(await build()), {}

    return await answered(question, JSON, body, dated=dated)


async def paged(
    question: Asked,
    filters: PageFilters,
    spelled: TypeAdapter[Page[T]],
    key: TypeAdapter[Any],
    fetch: Callable[[Any, int], Awaitable[list[T]]],
    key_of: Callable[[T], tuple[Any, ...]],
    *,
    dated: bool = False,
) -> Response:
    """A page of a list, with a `Link` to the next one.

    `fetch` gives what stands behind a key, so many at most.

    Raises:
        Problem: the cursor is not of this list.
    """
    list_ = _fingerprint(question)
    after = None if filters.cursor is None else _key(filters.cursor, list_, key)

    async def body() -> tuple[bytes, Mapping[str, str]]:
        found = await fetch(after, filters.limit + 1)
        items, headers, cursor = found[: filters.limit], {}, None
        if len(found) > filters.limit:
            cursor = _cursor(list_, key.dump_python(key_of(items[-1]), mode="json"))
            headers = {"Link": f'<{_address(question, cursor)}>; rel="next"'}
        return spelled.dump_json(Page[T].model_construct(items=items, next=cursor)), headers

    return await answered(question, JSON, body, dated=dated)


async def answered(
    question: Asked,
    media_type: str,
    body: Callable[[], Awaitable[tuple[bytes, Mapping[str, str]]]],
    *,
    dated: bool = False,
) -> Response:
    """The answer with its ETag, or 304 where the caller has it."""
    tag = await _tag(question, media_type, dated=dated)
    if _has(question.request.headers.getlist("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    content, headers = await body()
    language = question.language.value
    said = {"ETag": tag, "Content-Language": language, **headers}
    return Response(content, media_type=media_type, headers=said)


async def _tag(question: Asked, media_type: str, *, dated: bool) -> str:
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
    return f'"{_digest(parts)}"'


def _has(said: list[str], tag: str) -> bool:
    """Whether the caller holds the answer that the tag stands for (RFC 9110, 13.1.2).

    `*` would ask whether there is any answer, which nobody knows before it is made: it gets one.
    """
    return tag in [each.strip().removeprefix("W/") for line in said for each in line.split(",")]


# ------------------------------------------------------------------ cursors
def _fingerprint(question: Asked) -> str:
    """What a cursor is of: an address and its filters."""
    filters = sorted(
        (name, value)
        for name, value in question.request.query_params.multi_items()
        if name not in NOT_OF_THE_FILTER
    )
    return _digest([question.request.url.path, *(f"{name}={value}" for name, value in filters)])


def _cursor(list_: str, key: list[Any]) -> str:
    spelled = json.dumps([list_, *key], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(spelled).decode().rstrip("=")


def _key(cursor: str, list_: str, key: TypeAdapter[Any]) -> Any:
    """The key of the last row of the page before.

    Raises:
        Problem: the cursor is not of this list.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        of_list, *said = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if of_list != list_:
            raise Problem(CURSOR_UNKNOWN)
        return key.validate_json(json.dumps(said))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Problem(CURSOR_UNKNOWN) from error


def _address(question: Asked, cursor: str) -> str:
    """The next page, from the root of wherever the API is reached."""
    url = question.request.url
    others = [each for each in question.request.query_params.multi_items() if each[0] != "cursor"]
    query = QueryParams([*others, ("cursor", cursor)])
    return f"{url.path}?{query}"


def _digest(parts: list[str]) -> str:
    digest = hashlib.sha256("\n".join(parts).encode()).digest()[:18]
    return base64.urlsafe_b64encode(digest).decode()
