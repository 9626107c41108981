"""Balances of lines, and the moves behind a figure, in files."""

from functools import partial
from typing import Final

from events.envelope import INBOUND
from events.texts import Translatable, _
from services.api.balances.moves import FigureRow
from services.api.console.texts.codes import STAGES
from services.api.queries.rows import LINE
from services.api.statements.execution import CODES, FIGURES, rate_of
from services.api.statements.list_file import (
    ListColumn,
    ListTable,
    names_beside_budget,
    names_beside_line,
)
from services.api.statements.sheet import Column, Kind
from services.ledger.explain.terms import OUTSIDE

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
