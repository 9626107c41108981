"""Context of a query (caller, connection, language, day), and the types of its filters."""

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Request
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unreadable import WHY_MAX
from events.values import LINES
from services.api.access.authorization import check_authorized
from services.api.access.caller import Caller, Scope
from services.api.http.components import Components
from services.api.http.dependencies import Reader, reading
from services.api.language import language_of
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
class Asked:
    """A question: who asks whom, when."""

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

    def check_authorized(self, budget: str | None) -> None:
        """That the caller may see this budget, if one is asked for.

        Raises:
            Problem: 404, it is another entity's.
        """
        if budget is not None:
            check_authorized(self.caller, budget)


async def asked(request: Request, caller: Reader) -> AsyncGenerator[Asked]:
    """The context of a query."""
    components: Components = request.app.state.components
    async with reading(caller, components) as connection:
        yield Asked(request, caller, connection, language_of(request), components.clock())


Question = Annotated[Asked, Depends(asked, scope="function")]
"""Its connection ends before the answer is sent: whoever reads slowly keeps nobody waiting."""
