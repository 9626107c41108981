"""The moves behind a figure: each with what it adds or takes, and the figure after it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.api.balances.moves import Move
from services.api.balances.moves_of_figure import MovesBehind, sense
from services.api.console.elements import Link, line_name, record_href, type_words
from services.api.console.texts.codes import STAGES
from services.api.console.texts.troubles import WORDS
from services.ledger.domain.lines import Stage
from services.ledger.domain.moves import WAYS
from services.texts.locale_format import Voice

OUTSIDE: Final = WORDS["outside"]


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A move behind a figure."""

    record: Link
    said: str
    day: str
    line: str
    way: str
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
    """What a move adds to a figure, or takes from it; 0 where it is none of its moves."""
    way = WAYS[_stage(move.from_stage), _stage(move.to_stage)]
    return move.amount_cents * sense(stage, way)


def figure_view(stage: str, behind: MovesBehind, voice: Voice) -> FigureView:
    """The figure, and a page of its moves in the order of the journal, each with the sum then."""
    rows, sum_cents = [], behind.before_cents
    for move in behind.moves:
        cents = change_cents(stage, move)
        sum_cents += cents
        sign = "+" if cents > 0 else "−"
        rows.append(
            MoveRow(
                Link(record_href(move.budget, move.sequence), voice.number(move.sequence)),
                type_words(move.event_type, voice),
                voice.short_day(move.effective_on),
                line_name(move.line),
                way_words(move.from_stage, move.to_stage, voice),
                f"{sign}\u202f{voice.money(abs(cents))}",
                cents < 0,
                voice.money(sum_cents),
            )
        )
    return FigureView(voice.say(STAGES[stage]), voice.money(behind.figure_cents), rows)


def way_words(origin: str | None, target: str | None, voice: Voice) -> str:
    """`Réservé → Engagé`."""
    return f"{stage_words(origin, voice)} → {stage_words(target, voice)}"


def stage_words(stage: str | None, voice: Voice) -> str:
    """A stage; none of them is outside the budget."""
    return voice.say(OUTSIDE) if stage is None else voice.say(STAGES[stage])


def _stage(name: str | None) -> Stage | None:
    return None if name is None else Stage(name)
