"""Somebody who asks for a page: who, in which language, when, and what they may see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from re import fullmatch
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query, Request
from pydantic import BeforeValidator, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import HTMLResponse

from services.api.access.caller import Caller, Scope
from services.api.adapters.read_model import revision
from services.api.console.pages import LIVE_PATH, answer, locale_of
from services.api.http.dependencies import Connection, Now, Reader
from services.api.queries.rows import Entities
from services.texts.locale_format import LocaleFormat

NAME_MAX: Final = 300
SEARCH_MAX: Final = 100
ROWS: Final = 50
"""Rows of a list on one page."""

BUDGETS_CHOSEN: Final = 200
"""Budgets in the filter of a list."""

NUMBER_MAX: Final = 2**63 - 1
"""The largest number that a column of both databases holds."""

TOKEN_DIGITS: Final = 16

# PostgreSQL's text holds no zero byte, and no name of ours has control characters.
_PLAIN: Final = r"^[^\x00-\x1f\x7f]+$"

Name = Annotated[str, Path(max_length=NAME_MAX, pattern=_PLAIN)]
Text = Annotated[str, StringConstraints(max_length=NAME_MAX, pattern=_PLAIN)]
NOTHING: Final = BeforeValidator(lambda text: text or None)
"""A field of a form that is left empty asks for nothing."""

Asked = Annotated[Text | None, NOTHING, Query()]
Search = Annotated[str, Query(max_length=SEARCH_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")]
Sequence64 = Annotated[int, Path(ge=1, le=NUMBER_MAX)]
After = Annotated[list[str] | None, Query(max_length=4)]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page."""

    request: Request
    locale: LocaleFormat
    connection: AsyncConnection
    caller: Caller
    now: datetime

    @property
    def entities(self) -> Entities:
        """Whose budgets they may see."""
        return self.caller.entities(Scope.READ).sirets

    @property
    def today(self) -> date:
        """The day that it is for them."""
        return self.locale.local_day(self.now)

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


async def visit(request: Request, connection: Connection, caller: Reader, now: Now) -> Visit:
    """The context of a page, for a caller who may read."""
    return Visit(request, locale_of(request), connection, caller, now)


Visitor = Annotated[Visit, Depends(visit)]


async def position_token(connection: AsyncConnection) -> str:
    """Digest of the position of the read model: it changes with it."""
    return sha256((await revision(connection)).encode()).hexdigest()[:TOKEN_DIGITS]


def place_after(
    after: Sequence[str] | None, *parts: Callable[[str], Any]
) -> tuple[Any, ...] | None:
    """The last row of the page before, by its key; None where it names none."""
    if after is None or len(after) != len(parts):
        return None
    try:
        return tuple(part(text) for part, text in zip(parts, after, strict=True))
    except ValueError:
        return None


def instant(text: str) -> datetime:
    """An instant of a key.

    Raises:
        ValueError: it is none, or says no offset.
    """
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error


def number(text: str) -> int:
    """A number of a key.

    Raises:
        ValueError: it is none that a row could have.
    """
    found = int(text)
    if not 0 <= found <= NUMBER_MAX:
        raise ValueError(text)
    return found


def plain(text: str) -> str:
    """A word of a key.

    Raises:
        ValueError: it holds what no key of ours does.
    """
    if len(text) > NAME_MAX or not fullmatch(_PLAIN, text):
        raise ValueError(text[:NAME_MAX])
    return text
