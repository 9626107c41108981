"""Balances: by line, chapter, convention, grant, beneficiary; and the moves behind a figure."""

from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter
from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.api.balances import query as balances
from services.api.balances.moves import STAGES_ASKED, figure_rows, moves_behind
from services.api.balances.tables import FIGURE_TABLE, LINE_TABLE
from services.api.http.answering import UNCHANGED
from services.api.http.lists import CURSOR_UNKNOWN, list_route
from services.api.http.question import (
    BudgetId,
    Day,
    KeyText,
    ListFilters,
    Name,
    Offset,
    Partition,
    Sequence,
    Siret,
)
from services.api.problems import problems
from services.api.queries.figures import AsOf
from services.api.queries.rows import LINE, BudgetLine
from services.api.statements.list_file import list_file

router = APIRouter(
    prefix="/balances", tags=["balances"], responses=problems(CURSOR_UNKNOWN) | UNCHANGED
)

Code = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\u0000]*$")]
"""A code of a line; an empty one stands for none."""

Stage = Literal["available", "reserved", "committed", "ordered", "paid", "carried_over"]


class AsOfFilters(ListFilters):
    """Of which day, and as known when."""

    budget: BudgetId | None = Field(None, description="Of this budget only.")
    effective_on: Day | None = Field(
        None, description="As of this day: moves count by their effective date. Else all count."
    )
    known_at: Sequence | None = Field(
        None, description="As known at this record of the budget, which must be named; else now."
    )
    partition: Partition | None = Field(
        None, description="As known at a place in the journal: with `offset`, and of its budgets."
    )
    offset: Offset | None = Field(None, description="That place's offset.")

    @model_validator(mode="after")
    def _say_one_moment(self) -> Self:
        if self.known_at is not None and self.budget is None:
            raise PydanticCustomError("needs_budget", "known_at needs a budget")
        if (self.partition is None) != (self.offset is None):
            raise PydanticCustomError("needs_both", "partition and offset come together")
        if self.known_at is not None and self.offset is not None:
            raise PydanticCustomError(
                "one_moment", "known_at, or partition and offset: one of them"
            )
        return self

    def arguments(self, today: date) -> dict[str, Any]:
        """The filters as arguments of a query, with the moment as one of them."""
        moment = {"effective_on", "known_at", "partition", "offset"}
        found = super().arguments(today)
        as_of = AsOf(self.effective_on, self.known_at, self.partition, self.offset)
        return {name: found[name] for name in found if name not in moment} | {"as_of": as_of}


class LineFilters(AsOfFilters):
    """Filters of lines: the codes that they have."""

    chapter: Name | None = None
    article: Name | None = None
    function: Name | None = None
    operation: Name | None = None


class ConventionFilters(AsOfFilters):
    """Filters of conventions."""

    convention: Name | None = None


class GrantFilters(AsOfFilters):
    """Filters of grants."""

    grant: Name | None = None


class BeneficiaryFilters(AsOfFilters):
    """Filters of beneficiaries."""

    siret: Siret | None = None


class MoveFilters(AsOfFilters):
    """Filters of the moves of a budget: those of a figure."""

    budget: BudgetId
    chapter: Name | None = None
    article: Name | None = Field(None, description="With `chapter`: the moves of one line.")
    function: Name | None = Field(None, description="Of that line; absent where it has none.")
    operation: Name | None = Field(None, description="Of that line; absent where it has none.")
    convention: Name | None = None
    stage: Stage | None = Field(None, description="To or from this stage of the line.")

    @model_validator(mode="after")
    def _name_a_whole_line(self) -> Self:
        if self.article is not None and self.chapter is None:
            raise PydanticCustomError("needs_chapter", "article needs a chapter")
        if self.article is None and (self.function or self.operation) is not None:
            raise PydanticCustomError("needs_article", "function and operation need an article")
        return self

    def arguments(self, today: date) -> dict[str, Any]:
        """The filters as arguments of a query, with the line as one of them."""
        found = super().arguments(today)
        codes = [found.pop(name) for name in ("article", "function", "operation")]
        is_line = found["chapter"] is not None and codes[0] is not None
        return found | {"line": BudgetLine(found["chapter"], *codes) if is_line else None}


class FigureFilters(ListFilters):
    """Filters of the moves of which a figure of the console is the sum."""

    budget: BudgetId
    stage: Annotated[str, StringConstraints(pattern=rf"^({'|'.join(sorted(STAGES_ASKED))})$")]
    chapter: Code | None = Field(None, description="Empty: of lines that have none; so the others.")
    article: Code | None = None
    function: Code | None = None
    operation: Code | None = None
    grant: Name | None = Field(None, description="Of its award and all its conventions.")
    effective_on: Day | None = Field(None, description="As of this day. Else all count.")
    known_at: Sequence | None = Field(None, description="As known at this record; else now.")

    def arguments(self, today: date) -> dict[str, Any]:
        """The filters as arguments of a query: the codes together, and the moment."""
        found = super().arguments(today)
        codes = {name: code for name in LINE if (code := found.pop(name)) is not None}
        as_of = AsOf(found.pop("effective_on"), found.pop("known_at"))
        return found | {"codes": codes, "as_of": as_of}


OF_LINE: Final = {f"line.{name}": KeyText for name in LINE}

list_route(
    router,
    "/lines",
    balances.by_line,
    LineFilters,
    {"budget": KeyText, **OF_LINE},
    name="lines",
    summary="Balances of lines",
    description="Money of budget lines by stage; appropriated is the sum of the others.",
)
list_route(
    router,
    "/chapters",
    balances.by_chapter,
    LineFilters,
    {"budget": KeyText, "chapter": KeyText},
    name="chapters",
    summary="Balances of chapters",
    description="Money of chapters by stage; with codes, of their lines that have them.",
)
list_route(
    router,
    "/conventions",
    balances.by_convention,
    ConventionFilters,
    {"budget": KeyText, "convention": KeyText, **OF_LINE},
    name="conventions",
    summary="Balances of conventions",
    description="Money of conventions by line; granted is the sum of what became of it.",
)
list_route(
    router,
    "/grants",
    balances.by_grant,
    GrantFilters,
    {"budget": KeyText, "grant": KeyText},
    name="grants",
    summary="Balances of grants",
    description="Money of the conventions of each grant.",
)
list_route(
    router,
    "/beneficiaries",
    balances.by_beneficiary,
    BeneficiaryFilters,
    {"budget": KeyText, "siret": KeyText},
    name="beneficiaries",
    summary="Balances of beneficiaries",
    description="Money of the conventions with each establishment, by budget.",
)
list_route(
    router,
    "/moves",
    moves_behind,
    MoveFilters,
    {"sequence": Sequence, "item": Sequence},
    name="moves",
    summary="The moves behind a figure",
    description="The moves of which a figure is the sum, each with the record that made it.",
)
list_file(
    router,
    "/figure",
    figure_rows,
    FigureFilters,
    FIGURE_TABLE,
    name="figure",
    summary="The moves behind a figure of the console as a file",
)
list_file(
    router,
    "/lines",
    balances.by_line,
    LineFilters,
    LINE_TABLE,
    name="lines",
    summary="Balances of lines as a file",
)
