"""Lists: routes that answer page by page, with a cursor, a `Link` to the next page and an ETag."""

import base64
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from operator import attrgetter
from typing import Annotated, Any, Final, Generic, TypeVar, get_args, get_type_hints

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, TypeAdapter, create_model

from events.texts import _
from services.api.http.answering import JSON, answer_tagged, digest
from services.api.http.question import ListFilters, PageFilters, Question, QuestionRoute
from services.api.problems import Kind, Problem
from services.api.requests import own_address

T = TypeVar("T")

NOT_OF_THE_FILTER: Final = frozenset({"cursor", "limit", "lang"})

CURSOR_UNKNOWN: Final = Kind(
    "cursor_unknown",
    400,
    _("Unknown cursor"),
    _("This cursor is not that of a page of this question."),
    _("Take `next` as it is, with the same filters; or start again from the first page."),
)


class Page(BaseModel, Generic[T]):
    """A page of a list."""

    items: list[T]
    next: str | None = Field(description="The cursor of the next page; null on the last.")


def list_route(
    router: APIRouter,
    path: str,
    query: Callable[..., Awaitable[list[T]]],
    filters: type[ListFilters],
    key: Mapping[str, Any],
    *,
    summary: str,
    description: str,
    name: str = "listed",
    complete: Callable[[Question, list[T]], Awaitable[list[Any]]] | None = None,
) -> None:
    """Add a route that answers with the rows of a query, page by page.

    The query takes a connection, the entities of the caller, the arguments of the filters, the key
    after which the page begins, and a limit. `key` holds the attributes of a row by which the list
    is ordered, and their types: the cursor is made of them. `complete` makes the rows of a page
    what is answered, from elsewhere than the read model: such an answer has no ETag.
    """
    row = _find_row_class(complete or query)
    page = Page[row]  # type: ignore[valid-type] # the type of the rows, known when it is called
    spelled = TypeAdapter[Any](page)
    of_page = create_model(f"{filters.__name__}OfPage", __base__=(filters, PageFilters))
    cursors: TypeAdapter[Any] = TypeAdapter(tuple[tuple(key.values())])  # type: ignore[misc, arg-type]

    def own_key(each: Any) -> tuple[Any, ...]:
        values = (attrgetter(attribute)(each) for attribute in key)
        return tuple("" if value is None else value for value in values)

    async def route(question: Question, params: Any) -> Response:
        question.check_authorized(getattr(params, "budget", None))
        question.check_authorized(getattr(params, "entity", None))
        cursor = params.cursor
        after = None if cursor is None else key_of(cursor, question.request, cursors)

        async def body() -> tuple[bytes, Mapping[str, str]]:
            given = params.arguments(question.today) | {"after": after, "limit": params.limit + 1}
            found = await query(question.connection, question.entities, **given)
            items, last = found[: params.limit], None
            if len(found) > params.limit:
                last = cursors.dump_python(own_key(items[-1]), mode="json")
            following, headers = _following(question.request, last)
            if complete is not None:
                items = await complete(question, items)
            return spelled.dump_json(page.model_construct(items=items, next=following)), headers

        return await answer_tagged(
            question, JSON, body, dated=params.is_dated, tagged=complete is None
        )

    route.__annotations__["params"] = Annotated[of_page, Query()]
    router.add_api_route(
        path,
        route,
        response_model=page,
        name=name,
        summary=summary,
        description=description,
        route_class_override=QuestionRoute,
    )


def _find_row_class(query: Callable[..., Any]) -> Any:
    """The class of a query's rows: its own `row`, else that of the list that it returns."""
    return getattr(query, "row", None) or get_args(get_type_hints(query)["return"])[0]


def _following(request: Request, key_of_last: Any) -> tuple[str | None, Mapping[str, str]]:
    """The cursor of the next page and the `Link` to it, where there is one."""
    if key_of_last is None:
        return None, {}
    cursor = cursor_of(request, key_of_last)
    return cursor, {"Link": f'<{own_address(request, cursor=cursor)}>; rel="next"'}


def _fingerprint(request: Request) -> str:
    """Digest of an address and its filters: a cursor belongs to one."""
    filters = sorted(
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in NOT_OF_THE_FILTER
    )
    return digest([request.url.path, *(f"{name}={value}" for name, value in filters)])


def cursor_of(request: Request, key: Sequence[Any]) -> str:
    """The cursor of the page behind the row of this key, whose parts JSON knows."""
    spelled = json.dumps(
        [_fingerprint(request), *key], separators=(",", ":"), ensure_ascii=False
    ).encode()
    return base64.urlsafe_b64encode(spelled).decode().rstrip("=")


def key_of(cursor: str, request: Request, key: TypeAdapter[Any]) -> Any:
    """The key of the last row of the page before.

    Raises:
        Problem: the cursor is not of this list.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        of_list, *text = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if of_list != _fingerprint(request):
            raise Problem(CURSOR_UNKNOWN)
        return key.validate_json(json.dumps(text))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Problem(CURSOR_UNKNOWN) from error
