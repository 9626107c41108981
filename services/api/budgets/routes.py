"""Budgets and their balances: lists, files, one budget, and the moves behind a figure."""

from datetime import date
from functools import partial
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Query, Response
from pydantic import Field, StringConstraints, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from events.envelope import INBOUND
from events.texts import Translatable, _
from services.api.budgets import balances
from services.api.budgets import query as budgets
from services.api.budgets.moves import STAGES_ASKED, FigureRow, figure_rows, moves_behind
from services.api.budgets.statement import CODES, FIGURES, rate_of
from services.api.console.texts import STAGES
from services.api.files.list_file import (
    ListColumn,
    ListTable,
    list_file,
    names_beside_budget,
    names_beside_line,
)
from services.api.files.sheet import Column, Kind
from services.api.http.answering import UNCHANGED, whole
from services.api.http.lists import CURSOR_UNKNOWN, list_route
from services.api.http.question import (
    BudgetId,
    Day,
    Filters,
    KeyText,
    ListFilters,
    Name,
    Offset,
    Partition,
    Question,
    QuestionRoute,
    Sequence,
    Siret,
)
from services.api.problems import problems
from services.api.queries.figures import AsOf
from services.api.queries.rows import LINE, BudgetLine
from services.ledger.explain.sentences import OUTSIDE

router = APIRouter(
    tags=["budgets"], responses=problems(CURSOR_UNKNOWN) | UNCHANGED, route_class=QuestionRoute
)

YEAR_MIN, YEAR_MAX = 1900, 2199


class BudgetFilters(ListFilters):
    """Filters of budgets."""

    entity: Siret | None = None
    fiscal_year: int | None = Field(None, ge=YEAR_MIN, le=YEAR_MAX)


BUDGET: Final = TypeAdapter(budgets.Budget)


list_route(
    router,
    "/budgets",
    budgets.list_budgets,
    BudgetFilters,
    {"budget": KeyText},
    summary="Budgets",
    description="Budgets: one public entity, one budget code, one fiscal year each.",
)


@router.get("/budgets/{budget}", response_model=budgets.Budget, summary="A budget")
async def one(question: Question, budget: BudgetId, _: Annotated[Filters, Query()]) -> Response:
    """One budget, and the last record of its journal."""
    question.check_authorized(budget)

    return await whole(
        question, BUDGET, lambda: budgets.one(question.connection, question.entities, budget)
    )


TYPES: Final = {each.TYPE: each.NAME for each in INBOUND}


def _end(row: FigureRow, stage: str | None) -> Translatable:
    return OUTSIDE[row.move.to_stage] if stage is None else STAGES[stage]


def _figure(name: str, column: Column) -> ListColumn:
    if column.kind is Kind.CENTS:
        return ListColumn(column.label, name, column.kind, summed=True)
    return ListColumn(column.label, partial(rate_of, name), column.kind)


LINE_TABLE: Final = ListTable(
    _("Balances of lines"),
    (
        *(ListColumn(text, f"line.{code}") for code, text in zip(LINE, CODES, strict=True)),
        *names_beside_line("line", "budget"),
        *(_figure(name, column) for name, column in FIGURES.items()),
        ListColumn(_("budget"), "budget"),
        *names_beside_budget(),
    ),
)
FIGURE_TABLE: Final = ListTable(
    _("The moves behind a figure"),
    (
        ListColumn(_("record no."), "move.sequence", Kind.NUMBER),
        ListColumn(_("event"), lambda row: TYPES.get(row.move.event_type, row.move.event_type)),
        ListColumn(_("event id"), "move.event_id"),
        ListColumn(_("effective on"), "move.effective_on", Kind.DAY),
        *(ListColumn(text, f"move.line.{code}") for code, text in zip(LINE, CODES, strict=True)),
        *names_beside_line("move.line", "move.budget"),
        ListColumn(_("convention"), "move.convention"),
        ListColumn(_("from"), lambda row: _end(row, row.move.from_stage)),
        ListColumn(_("to"), lambda row: _end(row, row.move.to_stage)),
        ListColumn(_("amount"), "change_cents", Kind.CENTS, summed=True),
        ListColumn(_("figure after"), "after_cents", Kind.CENTS),
        ListColumn(_("budget"), "move.budget"),
        *names_beside_budget("move.budget"),
    ),
    {"stage": STAGES},
)


balance_router = APIRouter(
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
    balance_router,
    "/lines",
    balances.list_lines,
    LineFilters,
    {"budget": KeyText, **OF_LINE},
    name="lines",
    summary="Balances of lines",
    description="Money of budget lines by stage; appropriated is the sum of the others.",
)
list_route(
    balance_router,
    "/chapters",
    balances.list_chapters,
    LineFilters,
    {"budget": KeyText, "chapter": KeyText},
    name="chapters",
    summary="Balances of chapters",
    description="Money of chapters by stage; with codes, of their lines that have them.",
)
list_route(
    balance_router,
    "/conventions",
    balances.list_conventions,
    ConventionFilters,
    {"budget": KeyText, "convention": KeyText, **OF_LINE},
    name="conventions",
    summary="Balances of conventions",
    description="Money of conventions by line; granted is the sum of what became of it.",
)
list_route(
    balance_router,
    "/grants",
    balances.list_grants,
    GrantFilters,
    {"budget": KeyText, "grant": KeyText},
    name="grants",
    summary="Balances of grants",
    description="Money of the conventions of each grant.",
)
list_route(
    balance_router,
    "/beneficiaries",
    balances.list_beneficiaries,
    BeneficiaryFilters,
    {"budget": KeyText, "siret": KeyText},
    name="beneficiaries",
    summary="Balances of beneficiaries",
    description="Money of the conventions with each establishment, by budget.",
)
list_route(
    balance_router,
    "/moves",
    moves_behind,
    MoveFilters,
    {"sequence": Sequence, "item": Sequence},
    name="moves",
    summary="The moves behind a figure",
    description="The moves of which a figure is the sum, each with the record that made it.",
)
list_file(
    balance_router,
    "/figure",
    figure_rows,
    FigureFilters,
    FIGURE_TABLE,
    name="figure",
    summary="The moves behind a figure of the console as a file",
)
list_file(
    balance_router,
    "/lines",
    balances.list_lines,
    LineFilters,
    LINE_TABLE,
    name="lines",
    summary="Balances of lines as a file",
)
