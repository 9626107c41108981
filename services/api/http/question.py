"""Context of a query (caller, connection, language, day), the types of its filters, and its route.

FastAPI documents these routes, and answers what cannot be read, or may not be asked. To solve the
dependencies of one that can costs it a quarter of a simple read, so that is done here.
"""

import inspect
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args, get_origin, get_type_hints

from fastapi import Depends, Request, Response
from fastapi.params import Query
from fastapi.routing import APIRoute
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import PydanticCustomError
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unreadable import WHY_MAX
from events.values import LINES
from services.api.access.authorization import check_authorized
from services.api.access.caller import Caller, Scope
from services.api.code_names import Names
from services.api.http.components import Components
from services.api.http.dependencies import Reader, reading
from services.api.requests import language_of
from services.due.calendar_days import day_of
from services.texts.language import Language

LIMIT: Final = 100
LIMIT_MAX: Final = 1000
WHOLE_MAX: Final = 2**63 - 1
"""The largest whole number that the database knows."""

PARTITION_MAX: Final = 2**31 - 1
ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: Any) -> Any:
    """A day is `YYYY-MM-DD` and nothing else that could be read as one."""
    if isinstance(value, str) and not ISO_DAY.fullmatch(value):
        raise PydanticCustomError("date_parsing", "a day is YYYY-MM-DD")
    return value


Day = Annotated[date, BeforeValidator(_day)]
Name = Annotated[
    # PostgreSQL keeps no U+0000 in a text: nothing is called so.
    str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\u0000]+$")
]
FreeText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=WHY_MAX, pattern=LINES),
]
"""Text of a person for others: it is kept, and shown as it is."""
BudgetId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{14}-[0-9A-Za-z]{1,10}-(19|20|21)[0-9]{2}$"),
    Field(examples=["21590350100017-00-2023"]),
]
Siret = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{14}$"), Field(examples=["37887770800040"])
]
Sequence = Annotated[int, Field(ge=1, le=WHOLE_MAX)]
Offset = Annotated[int, Field(ge=0, le=WHOLE_MAX)]
Partition = Annotated[int, Field(ge=0, le=PARTITION_MAX)]

KeyText = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\u0000]*$")]
KeyTime = Annotated[AwareDatetime, AfterValidator(lambda time: time.astimezone(UTC))]
"""Types in cursors: as bounded as those in addresses."""


class Filters(BaseModel):
    """Filters in the address of a query; anything else in it is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lang: Literal["fr", "en"] | None = Field(
        None, description="The language of the answer; else `Accept-Language` decides."
    )


class ListFilters(Filters):
    """The same of a list, which is answered in pages, or as a file."""

    @property
    def is_dated(self) -> bool:
        """True if the answer depends on the day of the question."""
        return False

    def arguments(self, today: date) -> dict[str, Any]:
        """The filters as arguments of a query; those that count days do so from `today`."""
        del today
        return self.model_dump(exclude={"lang", "limit", "cursor"})


class PageFilters(ListFilters):
    """The same of a page of a list."""

    limit: int = Field(LIMIT, ge=1, le=LIMIT_MAX, description="How many at most on a page.")
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=4000)] | None = Field(
        None, description="`next` of the page before, with the same filters."
    )


@dataclass(frozen=True, slots=True)
class QueryContext:
    """The context of a query: request, caller, connection, language and time."""

    request: Request
    caller: Caller
    connection: AsyncConnection
    language: Language
    now: datetime

    @property
    def today(self) -> date:
        """The day of the question on French clocks."""
        return day_of(self.now)

    @property
    def entities(self) -> frozenset[str] | None:
        """The entities that the caller may see."""
        return self.caller.entities(Scope.READ).sirets

    @property
    def names(self) -> Names:
        """The names of codes, a city's own among them."""
        components: Components = self.request.app.state.components
        return components.names

    def check_authorized(self, budget: str | None) -> None:
        """Check that the caller may see this budget, if one is asked for.

        Raises:
            Problem: 404, it is another entity's.
        """
        if budget is not None:
            check_authorized(self.caller, budget)


async def open_question(request: Request, caller: Reader) -> AsyncGenerator[QueryContext]:
    """The context of a query."""
    components: Components = request.app.state.components
    async with reading(caller, components) as connection:
        yield QueryContext(request, caller, connection, language_of(request), components.clock())


Question = Annotated[QueryContext, Depends(open_question, scope="function")]
"""Its connection ends before the answer is sent: whoever reads slowly keeps nobody waiting."""


Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Endpoint = Callable[..., Awaitable[Response]]

_opened_question = asynccontextmanager(open_question)


class QuestionRoute(APIRoute):
    """Reads what its endpoint takes, if that is a question, names of its path, and filters."""

    def get_route_handler(self) -> Handler:
        """FastAPI's own handler, behind the short way where there is one."""
        by_fastapi = super().get_route_handler()
        parameters = _parameters(self.endpoint, self.param_convertors)
        if parameters is None:
            return by_fastapi
        endpoint: Endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            caller: Caller = request.state.caller
            try:
                values = parameters.read(request)
            except (_Unknown, ValidationError):
                return await by_fastapi(request)
            if not caller.entities(Scope.READ):
                return await by_fastapi(request)
            async with _opened_question(request, caller) as question:
                return await endpoint(**{parameters.question: question}, **values)

        return handle


class _Unknown(Exception):
    """A filter that is not known."""


class _Parameters(NamedTuple):
    """The parameters of an endpoint."""

    question: str
    """The name of the one that takes the question."""
    path: Mapping[str, TypeAdapter[Any]]
    filters: str
    model: type[BaseModel]
    lists: frozenset[str]
    """The filters that may be given several times; of others the last one counts."""

    def read(self, request: Request) -> dict[str, Any]:
        """The values of a request, as FastAPI reads them.

        Raises:
            ValidationError, _Unknown: they cannot be read.
        """
        given = request.query_params
        if not given.keys() <= self.model.model_fields.keys():
            raise _Unknown
        filters = {
            name: given.getlist(name) if name in self.lists else given[name] for name in given
        }
        of_path = {
            name: each.validate_python(request.path_params[name])
            for name, each in self.path.items()
        }
        return {**of_path, self.filters: self.model.model_validate(filters)}


def _parameters(endpoint: Endpoint, of_path: Mapping[str, Any]) -> _Parameters | None:
    """The parameters of an endpoint; None where it takes anything else."""
    hints = get_type_hints(endpoint, include_extras=True)
    question, filters, path = None, None, {}
    for name in inspect.signature(endpoint).parameters:
        hint = hints[name]
        if hint == Question:
            question = name
        elif name in of_path:
            path[name] = TypeAdapter(hint)
        elif get_origin(hint) is Annotated and isinstance(get_args(hint)[1], Query):
            filters = name
        else:
            return None
    if question is None or filters is None:
        return None
    model = get_args(hints[filters])[0]
    lists = {
        name
        for name, field in model.model_fields.items()
        if any(get_origin(each) is list for each in (field.annotation, *get_args(field.annotation)))
    }
    return _Parameters(question, path, filters, model, frozenset(lists))
