"""Balances: of the oracle, of every recorded history, of any day, as known at any record."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.api.budgets import balances
from services.api.budgets.moves import moves_behind
from services.api.queries.figures import GAINED_AT, LOST_AT, OF_CONVENTIONS, AsOf
from services.cli.commands.balances import line_balances
from services.cli.records.read_model_source import read_model_journal
from services.ledger.application.handle import Ledger
from services.ledger.application.restore import Folding
from services.ledger.domain.journal import read_record
from services.ledger.files.summary import History, summary_of
from tests.api.made import Made
from tests.api.queries.asked import (
    BUDGET,
    CARRIED,
    HISTORIES,
    ask,
    connected,
    line_row,
)
from tests.builders import a_convention, a_vote, an_award, an_instalment, encoded
from tests.read_model.filling import journal_of, journal_of_events

LINE_FIGURES = (
    "appropriated_cents",
    "available_cents",
    "reserved_cents",
    "committed_cents",
    "ordered_cents",
    "paid_cents",
    "carried_over_cents",
)
CONVENTION_FIGURES = (
    "granted_cents",
    "remaining_cents",
    "ordered_cents",
    "paid_cents",
    "released_cents",
    "carried_over_cents",
)


def line_rows(found: list[balances.LineBalance]) -> list[dict[str, Any]]:
    return [
        {"budget": each.budget, "line": line_row(each.line)}
        | {name: getattr(each, name) for name in LINE_FIGURES}
        for each in found
    ]


def convention_rows(found: list[balances.ConventionBalance]) -> list[dict[str, Any]]:
    return [
        {"budget": each.budget, "convention": each.convention, "line": line_row(each.line)}
        | {name: getattr(each, name) for name in CONVENTION_FIGURES}
        for each in found
    ]


@pytest.mark.parametrize("history", HISTORIES, ids=lambda path: path.name.split(".")[0])
def test_the_figures_are_those_of_the_recorded_summary(made: Made, history: Path) -> None:
    url = made(journal_of(history))
    phrase = msgspec.json.decode(
        history.with_name(history.name.replace("events.jsonl", "summary.json")).read_bytes()
    )
    lines = ask(url, lambda conn: balances.list_lines(conn, None))
    conventions = ask(url, lambda conn: balances.list_conventions(conn, None))
    assert phrase["lines"] == line_rows(lines)
    assert phrase["conventions"] == convention_rows(conventions)


@pytest.mark.parametrize("history", HISTORIES, ids=lambda path: path.name.split(".")[0])
async def test_as_known_at_each_record_they_are_those_of_the_journal_up_to_it(
    made: Made, history: Path
) -> None:
    journal = journal_of(history)
    url = made(journal)

    folding = Folding(forgets=False)
    async with connected(url) as conn:
        moments = [AsOf(partition=0, offset=offset) for offset in range(len(journal))]
        found = [
            (
                await balances.list_lines(conn, None, as_of=as_of),
                await balances.list_conventions(conn, None, as_of=as_of),
                await balances.list_grants(conn, None, as_of=as_of),
            )
            for as_of in moments
        ]
    for number, (raw, (lines, conventions, grants)) in enumerate(zip(journal, found, strict=True)):
        folding.apply(read_record(raw))
        phrase = summary_of(Ledger(folding.budgets, folding.dead), History())
        assert phrase["lines"] == line_rows(lines), f"at offset {number}"
        assert phrase["conventions"] == convention_rows(conventions), f"at offset {number}"
        for name in CONVENTION_FIGURES:
            total = sum(each[name] for each in phrase["conventions"])
            assert total == sum(getattr(each, name) for each in grants), f"{name} at {number}"


async def test_behind_a_convention_that_took_over_stand_the_moves_of_the_grant_alone(
    made: Made,
) -> None:
    alone = an_award(requires_convention=False, instalments=[an_instalment(trigger="notification")])
    url = made(journal_of_events(map(encoded, [a_vote(), alone, a_convention()])))
    async with connected(url) as conn:
        found = await moves_behind(conn, None, budget=BUDGET, convention="C", stage="committed")
    assert [(2, "reserved", "committed"), (3, "committed", "ordered")] == [
        (each.sequence, each.from_stage, each.to_stage) for each in found
    ]


def test_what_was_carried_over_is_there_in_both_years(made: Made) -> None:
    url = made(journal_of(*CARRIED))
    lines = ask(url, lambda conn: balances.list_chapters(conn, None))
    years = {each.budget[-4:]: each for each in lines}
    assert (113180000, 113180000) == (years["2023"].carried_over_cents, years["2024"].paid_cents)


def test_where_money_stands_tells_which_figure_of_a_convention_it_is() -> None:
    for kind in OF_CONVENTIONS:
        gained = [name for name, stages in GAINED_AT.items() if kind.line_gains in stages]
        lost = [name for name, stages in LOST_AT.items() if kind.line_loses in stages]
        assert [kind.convention_gains] == gained
        assert ([] if kind.convention_loses is None else [kind.convention_loses]) == lost


@pytest.mark.parametrize("day", [None, "2023-06-30"])
def test_the_command_adds_the_same_up_from_the_records_of_the_read_model(
    made: Made, day: str | None
) -> None:
    url = made(journal_of(*HISTORIES))
    as_of = None if day is None else date.fromisoformat(day)
    moment = AsOf(effective_on=as_of)
    codes = {"chapter": "65"}
    found = ask(url, lambda conn: balances.list_lines(conn, None, as_of=moment, chapter="65"))
    with read_model_journal(url, None) as records:
        assert line_rows(found) == line_balances(records, codes, as_of)
    with read_model_journal(url, BUDGET) as records:
        assert {BUDGET} == {each["budget"] for each in line_balances(records, {}, None)}
