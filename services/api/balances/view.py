"""The moves behind a figure: each with what it adds or takes, and the figure after it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.api.balances.moves import Move
from services.api.balances.moves_of_figure import MovesBehind, sense
from services.api.console.elements import Link, line_name, record_href, type_name
from services.api.console.texts.codes import STAGES
from services.api.console.texts.troubles import TEXTS
from services.ledger.domain.model.lines import Stage
from services.ledger.domain.model.moves import MOVE_KINDS
from services.texts.locale_format import LocaleFormat

OUTSIDE: Final = TEXTS["outside"]


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A move behind a figure."""

    record: Link
    text: str
    day: str
    line: str
    stages: str
    change: str
    lowers: bool
    after: str


@dataclass(frozen=True, slots=True)
class FigureView:
    """A figure with its moves."""

    stage: str
    figure: str
    rows: Sequence[MoveRow]


def change_cents(stage: str, move: Move) -> int:
    """Cents that a move adds to a figure, or takes from it; 0 where it is none of its moves."""
    kind = MOVE_KINDS[_stage(move.from_stage), _stage(move.to_stage)]
    return move.amount_cents * sense(stage, kind)


def figure_view(stage: str, behind: MovesBehind, locale: LocaleFormat) -> FigureView:
    """The figure, and a page of its moves in the order of the journal, each with the sum then."""
    rows, sum_cents = [], behind.before_cents
    for move in behind.moves:
        cents = change_cents(stage, move)
        sum_cents += cents
        sign = "+" if cents > 0 else "−"
        rows.append(
            MoveRow(
                Link(record_href(move.budget, move.sequence), locale.number(move.sequence)),
                type_name(move.event_type, locale),
                locale.short_day(move.effective_on),
                line_name(move.line),
                stages_text(move.from_stage, move.to_stage, locale),
                f"{sign}\u202f{locale.money(abs(cents))}",
                cents < 0,
                locale.money(sum_cents),
            )
        )
    return FigureView(locale.say(STAGES[stage]), locale.money(behind.figure_cents), rows)


def stages_text(origin: str | None, target: str | None, locale: LocaleFormat) -> str:
    """`Réservé → Engagé`."""
    return f"{money_stage_name(origin, locale)} → {money_stage_name(target, locale)}"


def money_stage_name(stage: str | None, locale: LocaleFormat) -> str:
    """A stage; none of them is outside the budget."""
    return locale.say(OUTSIDE) if stage is None else locale.say(STAGES[stage])


def _stage(name: str | None) -> Stage | None:
    return None if name is None else Stage(name)
