"""Context of a page: a question whose answer is a page, and the types of what addresses hold."""

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

from fastapi import Depends, Path, Query
from pydantic import BaseModel, BeforeValidator, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import QueryParams
from starlette.responses import HTMLResponse

from events.unreadable import fault_detail
from services.api.adapters.read_model import revision
from services.api.console.lists import Place
from services.api.console.pages import LIVE_PATH, answer
from services.api.http import question
from services.texts.locale_format import LocaleFormat

NAME_MAX: Final = 600
"""Characters of what anything is called: a payment order after its convention and instalment."""
SEARCH_MAX: Final = 100
ROWS: Final = 50
"""Rows of a list on one page."""

TOKEN_DIGITS: Final = 16

# PostgreSQL's text holds no zero byte, and no name of ours has control characters.
_PLAIN: Final = r"^[^\x00-\x1f\x7f]+$"

Name = Annotated[str, Path(max_length=NAME_MAX, pattern=_PLAIN)]
Text = Annotated[str, StringConstraints(max_length=NAME_MAX, pattern=_PLAIN)]
NOTHING: Final = BeforeValidator(lambda text: text or None)
"""A field of a form that is left empty asks for nothing."""

OptionalText = Annotated[Text | None, NOTHING, Query()]
Search = Annotated[str, StringConstraints(max_length=SEARCH_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")]
Sequence64 = Annotated[int, Path(ge=1, le=question.WHOLE_MAX)]
After = Annotated[list[str] | None, Query(max_length=4)]


Model = TypeVar("Model", bound=BaseModel)

Faults = Mapping[str, str]
"""Sentences by the name of the filter that they are about."""


class Visit(question.QueryContext):
    """One request for a page."""

    @property
    def locale(self) -> LocaleFormat:
        """The locale in which it is answered."""
        return LocaleFormat(self.language)

    def filters(self, model: type[Model]) -> tuple[Model, Faults]:
        """The filters in the address; what cannot be read is left out, and said by its name."""
        given = self.request.query_params
        values = {
            name: _value(given, model, name)
            for name in given
            # A field of a form that is left empty asks for nothing.
            if name in model.model_fields and given[name] != ""
        }
        try:
            return model.model_validate(values), {}
        except ValidationError as error:
            faults = {
                str(each["loc"][0]): self.locale.say(fault_detail(each["type"], _facts(each)))
                for each in error.errors()
            }
        read = {name: value for name, value in values.items() if name not in faults}
        return model.model_validate(read), faults

    async def page(
        self,
        template: str,
        *,
        status_code: int = HTTPStatus.OK.value,
        live: bool = True,
        live_token: str | None = None,
        live_href: str = LIVE_PATH,
        **content: Any,
    ) -> HTMLResponse:
        """The page as an answer; where it is not `live` it stays as it is."""
        if live and live_token is None:
            live_token = await position_token(self.connection)
        return answer(
            self.request,
            self.locale,
            template,
            content,
            instant=self.locale.instant(self.now),
            status=status_code,
            live_token=live_token,
            live_href=live_href,
        )


def _value(parameters: QueryParams, model: type[BaseModel], name: str) -> str | list[str]:
    """A filter as it was given; of one that is no list the last counts."""
    hint = model.model_fields[name].annotation
    is_list = any(get_origin(each) is list for each in (hint, *get_args(hint)))
    return parameters.getlist(name) if is_list else parameters[name]


def _facts(error: ErrorDetails) -> dict[str, Any]:
    return {**error.get("ctx", {}), "error": error["msg"]}


async def visit(context: question.Question) -> Visit:
    """The context of a page, for a caller who may read."""
    return Visit(context.request, context.caller, context.connection, context.language, context.now)


Visitor = Annotated[Visit, Depends(visit)]


async def position_token(connection: AsyncConnection) -> str:
    """Digest of the position of the read model: it changes with it."""
    return sha256((await revision(connection)).encode()).hexdigest()[:TOKEN_DIGITS]


def place_of(after: Sequence[str] | None, before: Sequence[str] | None, *types: Any) -> Place:
    """The page of a list that is asked for: behind one row, or before one."""
    if before is not None:
        key = place_after(before, *types)
        return Place(key, backwards=key is not None)
    return Place(place_after(after, *types))


def place_after(after: Sequence[str] | None, *types: Any) -> tuple[Any, ...] | None:
    """The last row of the page before, by the types of its key; None where it names none."""
    if after is None:
        return None
    try:
        return _keys(types).validate_python(tuple(after))
    except (ValueError, OverflowError):
        return None


@cache
def _keys(types: tuple[Any, ...]) -> TypeAdapter[tuple[Any, ...]]:
    return TypeAdapter(tuple[types])  # type: ignore[valid-type] # known when it is called
