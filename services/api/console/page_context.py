"""Context of a page: a question whose answer is a page, and the types of what addresses hold."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query
from pydantic import BeforeValidator, StringConstraints, TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import HTMLResponse

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

BUDGETS_CHOSEN: Final = 200
"""Budgets in the filter of a list."""

TOKEN_DIGITS: Final = 16

# PostgreSQL's text holds no zero byte, and no name of ours has control characters.
_PLAIN: Final = r"^[^\x00-\x1f\x7f]+$"

Name = Annotated[str, Path(max_length=NAME_MAX, pattern=_PLAIN)]
Text = Annotated[str, StringConstraints(max_length=NAME_MAX, pattern=_PLAIN)]
NOTHING: Final = BeforeValidator(lambda text: text or None)
"""A field of a form that is left empty asks for nothing."""

Asked = Annotated[Text | None, NOTHING, Query()]
Search = Annotated[str, StringConstraints(max_length=SEARCH_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")]
Sequence64 = Annotated[int, Path(ge=1, le=question.WHOLE_MAX)]
After = Annotated[list[str] | None, Query(max_length=4)]


class Visit(question.Asked):
    """One request for a page."""

    @property
    def locale(self) -> LocaleFormat:
        """The locale in which it is answered."""
        return LocaleFormat(self.language)

    async def page(
        self,
        template: str,
        *,
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
            live_token=live_token,
            live_href=live_href,
        )


async def visit(asked: question.Question) -> Visit:
    """The context of a page, for a caller who may read."""
    return Visit(asked.request, asked.caller, asked.connection, asked.language, asked.now)


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
