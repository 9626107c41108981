"""Balances of any day, and as they were known at any record, are sums over the moves."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given

from services.ledger.application.handle import Ledger
from services.ledger.application.ports import JournalRow
from services.ledger.application.restore import Folding, read_row
from services.ledger.files.summary import History, summary_of
from services.projector.rows.fold import CONVENTION_GAINS, CONVENTION_LOSES, GRANTED, LINE_COLUMNS
from services.projector.sql import non_key_columns
from tests.builders import BUDGET, Scenario, a_convention, a_vote, an_award, encoded
from tests.property.years import Inputs, decided, years
from tests.read_model.figures import LINE, line
from tests.read_model.filling import (
    EXAMPLES,
    RECORDED,
    Tables,
    empty,
    fill,
    golden,
    journal_of,
    lasting,
    read,
    rows_of,
)

pytestmark = pytest.mark.timeout(300)  # Properties over a database.

Row = dict[str, Any]
Figures = dict[tuple[str, ...], tuple[int, ...]]


def lines(moves: Iterable[Row]) -> Figures:
    """The lines of budgets after these moves."""
    sums: dict[tuple[str, ...], list[int]] = {}
    for move in moves:
        key = (move["budget"], *(move[name] for name in LINE))
        row = sums.setdefault(key, [0] * len(LINE_COLUMNS))
        cents, origin, target = move["amount_cents"], move["from_stage"], move["to_stage"]
        row[LINE_COLUMNS[origin]] += cents if origin is None else -cents
        row[LINE_COLUMNS[target]] += -cents if target is None else cents
    return {key: tuple(row) for key, row in sums.items()}


def conventions(moves: Iterable[Row], name: Callable[[Row], str]) -> Figures:
    """The lines of conventions after these moves, by the names that they have."""
    sums: dict[tuple[str, ...], list[int]] = {}
    for move in moves:
        if move["convention"] is None:
            continue
        key = (move["budget"], name(move), *(move[each] for each in LINE))
        row = sums.setdefault(key, [0] * len(non_key_columns("convention_lines")))
        row[CONVENTION_LOSES.get(move["from_stage"], GRANTED)] -= move["amount_cents"]
        if move["from_stage"] not in CONVENTION_LOSES:
            row[GRANTED] += 2 * move["amount_cents"]  # It is granted, and leaves nothing.
        row[CONVENTION_GAINS[move["to_stage"]]] += move["amount_cents"]
    return {key: tuple(row) for key, row in sums.items()}


def of_the_ledger(folding: Folding) -> tuple[Figures, Figures]:
    """The same as the ledger has them."""
    printed = summary_of(Ledger(folding.budgets, folding.dead), History())
    found: list[Figures] = []
    for rows, names in ((printed["lines"], ()), (printed["conventions"], ("convention",))):
        figures = {}
        for row in rows:
            codes = tuple(row["line"][name] or "" for name in LINE)
            key = (row["budget"], *(row[name] for name in names), *codes)
            figures[key] = tuple(value for at, value in row.items() if at.endswith("_cents"))
        found.append(figures)
    return found[0], found[1]


def check_every_record(records: list[bytes], tables: Tables) -> None:
    """That the moves up to each record add up to what the ledger had behind it."""
    folding, known = Folding(forgets=False), dict[str, int]()
    renamed = {
        (row["budget"], row["continues"]): row for row in tables["conventions"] if row["continues"]
    }

    def name(move: Row) -> str:
        later = renamed.get((move["budget"], move["convention"]))
        if later is None or known[move["budget"]] < later["sequence"]:
            return str(move["convention"])
        return str(later["convention"])

    rows = {(row["budget"], row["sequence"]): row for row in tables["journal"]}
    for raw, row in zip(
        records, sorted(rows.values(), key=lambda row: row["journal_offset"]), strict=True
    ):
        assert raw == row["record"]
        folding.apply(read_row(JournalRow(row["budget"], row["sequence"], raw)))
        known[row["budget"]] = row["sequence"]
        moves = [
            move for move in tables["moves"] if move["sequence"] <= known.get(move["budget"], 0)
        ]
        assert of_the_ledger(folding) == (lines(moves), conventions(moves, name))


@pytest.mark.parametrize("name", RECORDED)
def test_as_known_at_every_record_of_a_recorded_journal(name: str, shared_read_model: str) -> None:
    fill(shared_read_model, golden(name))
    check_every_record(golden(name), read(shared_read_model))


@lasting
@given(inputs=years())
def test_as_known_at_any_record_is_what_a_replay_of_the_prefix_gives(
    shared_sqlite: str, inputs: Inputs
) -> None:
    records = rows_of(decided(inputs))
    empty(shared_sqlite)
    fill(shared_sqlite, records)
    check_every_record(records, read(shared_sqlite))


def test_as_of_every_day_is_what_a_replay_of_the_events_until_then_gives(
    shared_read_model: str,
) -> None:
    year = EXAMPLES / "lille-avenirs-2023.jsonl"
    fill(shared_read_model, journal_of(year))
    tables = read(shared_read_model)
    days = [row["effective_on"] for row in tables["journal"]]
    assert days == sorted(days), "the example tells its events in order"
    for day in days:
        history = Scenario()
        for event, on in zip(year.read_bytes().splitlines(), days, strict=True):
            if on <= day:
                history.tell(event)
        printed = {
            tuple(row["line"].values()): tuple(
                value for name, value in row.items() if name.endswith("_cents")
            )
            for row in history.summary()["lines"]
        }
        until = [move for move in tables["moves"] if move["effective_on"] <= day]
        assert printed == {key[1:]: row for key, row in lines(until).items()}


def test_the_money_of_a_grant_that_stood_alone_goes_on_under_its_convention(
    shared_read_model: str,
) -> None:
    events = [
        a_vote(),
        an_award(requires_convention=False, instalments=None),
        a_convention(convention="C"),
    ]
    history = Scenario(*map(encoded, events))
    fill(shared_read_model, rows_of(history), cuts=[2])
    tables = read(shared_read_model)
    (convention,) = tables["conventions"]
    assert ("C", "G", False, 3) == tuple(
        convention[name] for name in ("convention", "continues", "stands_alone", "sequence")
    )
    assert [(BUDGET, "C")] == [
        (row["budget"], row["convention"]) for row in tables["convention_lines"]
    ]
    planned = {row["instalment"]: row["left_out_by"] for row in tables["instalments"]}
    assert {"advance": None, "G/1": "C"} == planned
    assert {"C"} == {row["convention"] for row in tables["instalments"]}
    assert line(tables["convention_lines"][0])["operation"] == "489"
    check_every_record(rows_of(history), tables)
