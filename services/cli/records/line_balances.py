"""Balances of budget lines, added up from the moves of a journal: of any day, of some codes."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from events.journal import Line, read_record
from services.ledger.application.restore import ReadRecord
from services.projector.rows.column_values import day_of_moves
from services.projector.rows.money import LINE_COLUMNS

FIGURES: Final = ("appropriated", *(stage for stage in LINE_COLUMNS if stage is not None))


def line_balances(
    records: Iterable[ReadRecord], codes: Mapping[str, str], as_of: date | None
) -> list[dict[str, Any]]:
    """Rows of `lines` as `replay --json` prints them, of the lines that have these codes.

    With `as_of` those moves count that took effect on that day or before.
    """
    sums: dict[tuple[str, Line], list[int]] = {}
    for each in records:
        if not each.record.moves:
            continue
        record = read_record(each.raw)
        day = day_of_moves(record)
        if as_of is not None and day is not None and day > as_of:
            continue
        for move in record.moves or ():
            if any(getattr(move.line, name) != code for name, code in codes.items()):
                continue
            row = sums.setdefault((record.budget, move.line), [0] * len(FIGURES))
            cents, origin, target = move.amount_cents, move.origin, move.target
            row[LINE_COLUMNS[origin]] += cents if origin is None else -cents
            row[LINE_COLUMNS[target]] += -cents if target is None else cents
    return [
        {"budget": budget, "line": _codes(line)}
        | {f"{name}_cents": cents for name, cents in zip(FIGURES, sums[budget, line], strict=True)}
        for budget, line in sorted(sums, key=lambda key: (key[0], key[1].codes))
    ]


def _codes(line: Line) -> dict[str, str | None]:
    return {
        "chapter": line.chapter,
        "article": line.article,
        "function": line.function,
        "operation": line.operation,
    }
