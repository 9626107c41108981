"""Balances: of the oracle, of every recorded history, of any day, as known at any record."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.api.balances import query as balances
from services.api.balances.moves import moves_behind
from services.api.queries.figures import GAINED_AT, LOST_AT, OF_CONVENTIONS, AsOf
from services.api.queries.rows import BudgetLine
from services.cli.records.line_balances import line_balances
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
    LILLE,
    YEAR,
    ask,
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


@pytest.mark.parametrize(
    ("operation", "awarded_cents", "paid_cents"),
    [("489", 135560000, 135560000), ("1978", 75700000, 75700000), ("490", 15100000, 15100000)],
)
def test_the_lille_avenirs_year_ends_with_everything_paid(
    made: Made, operation: str, awarded_cents: int, paid_cents: int
) -> None:
    url = made(journal_of(YEAR))
    found = ask(url, lambda conn: balances.by_line(conn, None, budget=BUDGET))
    (line,) = [each for each in found if each.line.operation == operation]
    assert (paid_cents, 0, 0) == (line.paid_cents, line.ordered_cents, line.committed_cents)
    convention = ask(url, lambda conn: balances.by_convention(conn, None))
    (money,) = [each for each in convention if each.line.operation == operation]
    assert (awarded_cents, paid_cents) == (money.granted_cents, money.paid_cents)


def test_chapter_grant_and_beneficiary_have_the_sums_of_the_lines(made: Made) -> None:
    url = made(journal_of(YEAR))
    (chapter,) = ask(url, lambda conn: balances.by_chapter(conn, None))
    (grant,) = ask(url, lambda conn: balances.by_grant(conn, None))
    (beneficiary,) = ask(url, lambda conn: balances.by_beneficiary(conn, None))
    assert ("65", 226360000) == (chapter.chapter, chapter.paid_cents)
    assert (226360000, 226360000) == (grant.granted_cents, grant.paid_cents)
    assert ("37887770800040", 226360000) == (beneficiary.siret, beneficiary.paid_cents)


@pytest.mark.parametrize("history", HISTORIES, ids=lambda path: path.name.split(".")[0])
def test_the_figures_are_those_of_the_recorded_summary(made: Made, history: Path) -> None:
    url = made(journal_of(history))
    phrase = msgspec.json.decode(
        history.with_name(history.name.replace("events.jsonl", "summary.json")).read_bytes()
    )
    lines = ask(url, lambda conn: balances.by_line(conn, None))
    conventions = ask(url, lambda conn: balances.by_convention(conn, None))
    assert phrase["lines"] == line_rows(lines)
    assert phrase["conventions"] == convention_rows(conventions)


@pytest.mark.parametrize("history", HISTORIES, ids=lambda path: path.name.split(".")[0])
def test_as_known_at_each_record_they_are_those_of_the_journal_up_to_it(
    made: Made, history: Path
) -> None:
    journal = journal_of(history)
    url = made(journal)

    async def figures(conn: Any) -> list[tuple[Any, Any, Any]]:
        moments = [AsOf(partition=0, offset=offset) for offset in range(len(journal))]
        return [
            (
                await balances.by_line(conn, None, as_of=as_of),
                await balances.by_convention(conn, None, as_of=as_of),
                await balances.by_grant(conn, None, as_of=as_of),
            )
            for as_of in moments
        ]

    folding = Folding(forgets=False)
    found = ask(url, figures)
    for number, (raw, (lines, conventions, grants)) in enumerate(zip(journal, found, strict=True)):
        folding.apply(read_record(raw))
        phrase = summary_of(Ledger(folding.budgets, folding.dead), History())
        assert phrase["lines"] == line_rows(lines), f"at offset {number}"
        assert phrase["conventions"] == convention_rows(conventions), f"at offset {number}"
        for name in CONVENTION_FIGURES:
            total = sum(each[name] for each in phrase["conventions"])
            assert total == sum(getattr(each, name) for each in grants), f"{name} at {number}"


def test_a_sequence_and_a_place_in_the_journal_tell_the_same_of_a_budget(
    made: Made,
) -> None:
    url = made(journal_of(YEAR))

    async def both(conn: Any) -> tuple[Any, Any]:
        return (
            await balances.by_line(conn, None, budget=BUDGET, as_of=AsOf(sequence=4)),
            await balances.by_line(conn, None, budget=BUDGET, as_of=AsOf(partition=0, offset=3)),
        )

    by_sequence, by_offset = ask(url, both)
    assert by_sequence
    assert by_sequence == by_offset


@pytest.mark.parametrize(
    ("day", "stages"),
    [
        # appropriated, available, reserved, committed, ordered, paid
        ("2022-12-31", None),
        ("2023-04-11", (135560000, 135560000, 0, 0, 0, 0)),
        ("2023-04-12", (135560000, 0, 135560000, 0, 0, 0)),
        ("2023-12-31", (135560000, 0, 0, 0, 0, 135560000)),
    ],
)
def test_of_a_day_only_what_was_effective_by_then_counts(
    made: Made, day: str, stages: tuple[int, ...] | None
) -> None:
    url = made(journal_of(YEAR))
    as_of = AsOf(effective_on=date.fromisoformat(day))
    found = ask(url, lambda conn: balances.by_line(conn, None, as_of=as_of))
    lines = [each for each in found if each.line.operation == "489"]
    if stages is None:
        assert [] == lines
    else:
        (line,) = lines
        assert stages == tuple(getattr(line, name) for name in LINE_FIGURES[:6])


def test_behind_a_figure_stand_the_moves_that_add_up_to_it(made: Made) -> None:
    url = made(journal_of(YEAR))
    line = BudgetLine("65", "65748", "61", "489")

    async def paid(conn: Any) -> list[Any]:
        return await moves_behind(conn, None, budget=BUDGET, line=line, stage="paid")

    found = ask(url, paid)
    assert [67780000, 67780000] == [each.amount_cents for each in found]
    assert {"ecluse.payment.executed.v1"} == {each.event_type for each in found}


def test_behind_a_convention_that_took_over_stand_the_moves_of_the_grant_alone(made: Made) -> None:
    alone = an_award(requires_convention=False, instalments=[an_instalment(trigger="notification")])
    url = made(journal_of_events(map(encoded, [a_vote(), alone, a_convention()])))

    async def committed(conn: Any) -> list[Any]:
        return await moves_behind(conn, None, budget=BUDGET, convention="C", stage="committed")

    found = ask(url, committed)
    assert [(2, "reserved", "committed"), (3, "committed", "ordered")] == [
        (each.sequence, each.from_stage, each.to_stage) for each in found
    ]


def test_what_was_carried_over_is_there_in_both_years(made: Made) -> None:
    url = made(journal_of(*CARRIED))
    lines = ask(url, lambda conn: balances.by_chapter(conn, None))
    years = {each.budget[-4:]: each for each in lines}
    assert (113180000, 113180000) == (years["2023"].carried_over_cents, years["2024"].paid_cents)


def test_where_money_stands_tells_which_figure_of_a_convention_it_is() -> None:
    for kind in OF_CONVENTIONS:
        gained = [name for name, stages in GAINED_AT.items() if kind.line_gains in stages]
        lost = [name for name, stages in LOST_AT.items() if kind.line_loses in stages]
        assert [kind.convention_gains] == gained
        assert ([] if kind.convention_loses is None else [kind.convention_loses]) == lost


def test_another_entity_sees_nothing(made: Made) -> None:
    url = made(journal_of(YEAR))
    others = frozenset({"21590512600017"})

    async def counts(conn: Any) -> list[int]:
        answers = [
            await question(conn, entities)
            for entities in (others, frozenset[str](), frozenset({LILLE}))
            for question in (
                balances.by_line,
                balances.by_chapter,
                balances.by_convention,
                balances.by_grant,
                balances.by_beneficiary,
            )
        ]
        return [len(each) for each in answers]

    assert [0] * 10 + [3, 1, 3, 1, 1] == ask(url, counts)


@pytest.mark.parametrize("day", [None, "2023-06-30"])
def test_the_command_adds_the_same_up_from_the_records_of_the_read_model(
    made: Made, day: str | None
) -> None:
    url = made(journal_of(*HISTORIES))
    as_of = None if day is None else date.fromisoformat(day)
    moment = AsOf(effective_on=as_of)
    codes = {"chapter": "65"}
    found = ask(url, lambda conn: balances.by_line(conn, None, as_of=moment, chapter="65"))
    with read_model_journal(url, None) as records:
        assert line_rows(found) == line_balances(records, codes, as_of)
    with read_model_journal(url, BUDGET) as records:
        assert {BUDGET} == {each["budget"] for each in line_balances(records, {}, None)}
