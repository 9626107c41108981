"""Balances: by line, chapter, convention, grant, beneficiary; and the moves behind a figure."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from fastapi import APIRouter, Query, Response
from pydantic import Field, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from services.api.balances import query as balances
from services.api.balances.moves import Move, moves_behind
from services.api.http.answering import UNCHANGED, Page, paged
from services.api.http.question import (
    Asked,
    BudgetId,
    Day,
    KeyText,
    Name,
    Offset,
    PageFilters,
    Partition,
    Question,
    Sequence,
    Siret,
)
from services.api.problems import problems
from services.api.queries.figures import AsOf
from services.api.queries.rows import LINE, BudgetLine

router = APIRouter(prefix="/balances", tags=["balances"], responses=problems(400) | UNCHANGED)

Stage = Literal["available", "reserved", "committed", "ordered", "paid", "carried_over"]
B = TypeVar("B")


class AsOfFilters(PageFilters):
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

    def as_of(self) -> AsOf:
        """The moment that is asked for."""
        return AsOf(self.effective_on, self.known_at, self.partition, self.offset)


class LineFilters(AsOfFilters):
    """Which lines."""

    chapter: Name | None = None


class ConventionFilters(AsOfFilters):
    """Which conventions."""

    convention: Name | None = None


class GrantFilters(AsOfFilters):
    """Which grants."""

    grant: Name | None = None


class BeneficiaryFilters(AsOfFilters):
    """Which beneficiaries."""

    siret: Siret | None = None


class MoveFilters(AsOfFilters):
    """Which moves of a budget: those behind a figure."""

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

    def line(self) -> BudgetLine | None:
        """The line that is asked for."""
        if self.chapter is None or self.article is None:
            return None
        return BudgetLine(self.chapter, self.article, self.function, self.operation)


LINES: Final = TypeAdapter(Page[balances.LineBalance])
CHAPTERS: Final = TypeAdapter(Page[balances.ChapterBalance])
CONVENTIONS: Final = TypeAdapter(Page[balances.ConventionBalance])
GRANTS: Final = TypeAdapter(Page[balances.GrantBalance])
BENEFICIARIES: Final = TypeAdapter(Page[balances.BeneficiaryBalance])
MOVES: Final = TypeAdapter(Page[Move])
TWO: Final = TypeAdapter(tuple[KeyText, KeyText])
FIVE: Final = TypeAdapter(tuple[KeyText, KeyText, KeyText, KeyText, KeyText])
SIX: Final = TypeAdapter(tuple[KeyText, KeyText, KeyText, KeyText, KeyText, KeyText])
PLACE: Final = TypeAdapter(tuple[Sequence, Sequence])


@router.get("/lines", response_model=Page[balances.LineBalance], summary="Balances of lines")
async def lines(question: Question, filters: Annotated[LineFilters, Query()]) -> Response:
    """Money of budget lines by stage; appropriated is the sum of the others."""
    return await _balances(
        question,
        filters,
        (LINES, FIVE),
        balances.by_line,
        lambda each: (each.budget, *_codes(each.line)),
        chapter=filters.chapter,
    )


@router.get(
    "/chapters", response_model=Page[balances.ChapterBalance], summary="Balances of chapters"
)
async def chapters(question: Question, filters: Annotated[AsOfFilters, Query()]) -> Response:
    """Money of chapters by stage."""
    return await _balances(
        question,
        filters,
        (CHAPTERS, TWO),
        balances.by_chapter,
        lambda each: (each.budget, each.chapter),
    )


@router.get(
    "/conventions",
    response_model=Page[balances.ConventionBalance],
    summary="Balances of conventions",
)
async def conventions(
    question: Question, filters: Annotated[ConventionFilters, Query()]
) -> Response:
    """Money of conventions by line; granted is the sum of what became of it."""
    return await _balances(
        question,
        filters,
        (CONVENTIONS, SIX),
        balances.by_convention,
        lambda each: (each.budget, each.convention, *_codes(each.line)),
        convention=filters.convention,
    )


@router.get("/grants", response_model=Page[balances.GrantBalance], summary="Balances of grants")
async def grants(question: Question, filters: Annotated[GrantFilters, Query()]) -> Response:
    """Money of the conventions of each grant."""
    return await _balances(
        question,
        filters,
        (GRANTS, TWO),
        balances.by_grant,
        lambda each: (each.budget, each.grant),
        grant=filters.grant,
    )


@router.get(
    "/beneficiaries",
    response_model=Page[balances.BeneficiaryBalance],
    summary="Balances of beneficiaries",
)
async def beneficiaries(
    question: Question, filters: Annotated[BeneficiaryFilters, Query()]
) -> Response:
    """Money of the conventions with each establishment, by budget."""
    return await _balances(
        question,
        filters,
        (BENEFICIARIES, TWO),
        balances.by_beneficiary,
        lambda each: (each.budget, each.siret),
        siret=filters.siret,
    )


@router.get("/moves", response_model=Page[Move], summary="The moves behind a figure")
async def moves(question: Question, filters: Annotated[MoveFilters, Query()]) -> Response:
    """The moves of which a figure is the sum, each with the record that made it."""
    question.of(filters.budget)

    async def fetch(after: Any, limit: int) -> list[Move]:
        return await moves_behind(
            question.connection,
            question.entities,
            budget=filters.budget,
            line=filters.line(),
            chapter=filters.chapter,
            convention=filters.convention,
            stage=filters.stage,
            as_of=filters.as_of(),
            after=after,
            limit=limit,
        )

    return await paged(
        question, filters, MOVES, PLACE, fetch, lambda each: (each.sequence, each.item)
    )


async def _balances(
    question: Asked,
    filters: AsOfFilters,
    spelled: tuple[TypeAdapter[Page[B]], TypeAdapter[Any]],
    ask: Callable[..., Awaitable[list[B]]],
    key_of: Callable[[B], tuple[Any, ...]],
    **more: str | None,
) -> Response:
    budget = question.of(filters.budget)

    async def fetch(after: Any, limit: int) -> list[B]:
        return await ask(
            question.connection,
            question.entities,
            budget=budget,
            as_of=filters.as_of(),
            after=after,
            limit=limit,
            **more,
        )

    return await paged(question, filters, *spelled, fetch, key_of)


def _codes(line: BudgetLine) -> tuple[str, ...]:
    return tuple(getattr(line, name) or "" for name in LINE)
