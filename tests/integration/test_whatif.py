"""`ecluse whatif` from outside: it says what a replay would do, and leaves no trace of it."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.records.record_view import record_row
from services.ledger.domain.journal import read_record
from tests.builders import (
    BUDGET,
    IBAN,
    NEXT_BUDGET,
    Json,
    a_closing,
    a_convention,
    a_payment,
    a_recovery,
    a_report,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
)
from tests.golden.record import HERE as GOLDEN
from tests.integration.command import CARRY_OVER, EXAMPLE, ecluse, written
from tests.integration.test_tables import unfolded
from tests.unit.ledger.tracing import envelope

HARD = GOLDEN / "hard-year-2023.events.jsonl"
MEMBERS = ["events", "outcomes", "woken", "records", "internal_events", "lines"]
SIGNED = [a_vote(1_000), an_award(100), a_convention(100)]


def asked(*args: object, given: bytes = b"") -> Json:
    result = ecluse("whatif", *args, "--json", given=given)
    assert (0, 1, "") == (result.code, result.text.count("\n"), result.err)
    found: Json = json.loads(result.out)
    assert MEMBERS == list(found)
    return found


def kept(db: Path) -> list[str]:
    """Every row of every table of a database, and its shape."""
    with sqlite3.connect(db) as store:
        dump = list(store.iterdump())
    store.close()
    return dump


def halves(file: Path, folder: Path) -> Iterator[tuple[Path, Path]]:
    """A file of events cut in two, in several places."""
    lines = file.read_bytes().splitlines()
    for cut in sorted({0, 1, len(lines) // 2, len(lines) - 1}):
        yield (
            written(folder / f"{cut}-before.jsonl", *lines[:cut]),
            written(folder / f"{cut}-behind.jsonl", *lines[cut:]),
        )


def journalled(db: Path, before: int) -> list[Json]:
    """What was journalled behind so many records, as `whatif` would show it.

    Internal events left out.
    """
    out = ecluse("journal", "tail", "-n", 999, "--db", db, "--json").out
    records = [read_record(line) for line in out.splitlines()[before:]]
    return [
        record_row(record, None if record.event is None else envelope(record))
        for record in records
        if record.source.topic != "ecluse.internal-events.v1"
    ]


@pytest.mark.parametrize("file", [EXAMPLE, CARRY_OVER[0], HARD], ids=lambda file: file.stem)
def test_it_says_what_a_replay_then_does(file: Path, tmp_path: Path) -> None:
    for number, (before, behind) in enumerate(halves(file, tmp_path)):
        db = tmp_path / f"{number}.db"
        earlier = json.loads(ecluse("replay", before, "--db", db, "--json").out)
        count = len(ecluse("journal", "tail", "-n", 999, "--db", db, "--json").out.splitlines())
        tried = asked(behind, "--db", db)
        really = json.loads(ecluse("replay", behind, "--db", db, "--json").out)
        expected = journalled(db, count)
        for row in (*expected, *tried["records"]):
            del row["source"]
            if row["outcome"] == "dead_letter":
                del row["sequence"]  # Only the chains of the budgets that are named are read.
        assert json.loads(json.dumps(expected)) == tried["records"]
        assert tried["events"] == sum(tried["outcomes"].values())
        lines = {line_of(row): row for row in earlier["lines"]}
        changed = {line_of(row): row["after"] for row in tried["lines"]}
        assert {
            line_of(row): figures(row)
            for row in really["lines"]
            if row["budget"] == BUDGET and figures(row) != figures(lines.get(line_of(row), {}))
        } == changed
        assert [
            figures(lines[line_of(row)]) for row in tried["lines"] if line_of(row) in lines
        ] == [row["before"] for row in tried["lines"] if line_of(row) in lines]


def test_rule_32_a_file_of_several_years_is_tried_as_a_replay_decides_it(tmp_path: Path) -> None:
    both = written(
        tmp_path / "both.jsonl", *(b for each in CARRY_OVER for b in each.read_bytes().splitlines())
    )
    replayed = json.loads(ecluse("replay", both, "--json").out)
    tried = asked(both, "--journal", written(tmp_path / "empty.jsonl"))
    assert {"accepted": 11} == {name: count for name, count in tried["outcomes"].items() if count}
    assert {line_of(row): figures(row) for row in replayed["lines"]} == {
        line_of(row): row["after"] for row in tried["lines"]
    }


def line_of(row: Json) -> str:
    return json.dumps([row["budget"], row["line"]])


def figures(row: Json) -> dict[str, int]:
    return {name: cents for name, cents in row.items() if name.endswith("_cents")}


def test_nothing_of_a_database_changes(tmp_path: Path, db: Path, mixed: Path) -> None:
    ecluse("replay", mixed, "--db", db)
    before = kept(db)
    tried = asked(
        written(tmp_path / "more.jsonl", a_convention(convention="D", grant="H")), "--db", db
    )
    assert 1 == tried["outcomes"]["parked"]
    asked(written(tmp_path / "closing.jsonl", a_closing("all", _id="c")), "--db", db)
    ecluse("whatif", mixed, "--db", db)
    assert before == kept(db)


def test_a_database_is_not_made(tmp_path: Path) -> None:
    result = ecluse("whatif", EXAMPLE, "--db", tmp_path / "none.db")
    assert (3, b"", False) == (result.code, result.out, (tmp_path / "none.db").exists())


def test_an_empty_journal_will_do(tmp_path: Path) -> None:
    empty = written(tmp_path / "empty.jsonl")
    tried = asked(EXAMPLE, "--journal", empty)
    assert (10, {0}) == (
        tried["outcomes"]["accepted"],
        {cents for row in tried["lines"] for cents in row["before"].values()},
    )
    nothing = asked(empty, "--journal", empty)
    assert (0, [], []) == (nothing["events"], nothing["records"], nothing["lines"])
    assert "No balance would change." in ecluse("whatif", empty, "--journal", empty).text


def test_what_waited_is_decided_when_it_would_arrive(tmp_path: Path, db: Path) -> None:
    ecluse("replay", written(tmp_path / "a.jsonl", a_vote(1_000), a_convention(100)), "--db", db)
    early = [a_report(convention="E"), an_award(100)]
    tried = asked(written(tmp_path / "b.jsonl", *early), "--db", db)
    assert {"accepted": 1, "duplicate": 0, "refused": 0, "parked": 1, "dead_letter": 0} == (
        tried["outcomes"]
    )
    assert 1 == tried["woken"]
    assert [("parked", None), ("accepted", None), ("accepted", 2)] == [
        (row["outcome"], row["resumes"]) for row in tried["records"]
    ]
    both = asked(written(tmp_path / "c.jsonl", a_report(), *early), "--db", db)
    assert {"accepted": 2, "parked": 1} == {name: n for name, n in both["outcomes"].items() if n}
    assert 1 == both["woken"], "what waited in the file itself is one of its events"


def test_a_closing_names_the_conventions_that_it_would_carry_over(tmp_path: Path, db: Path) -> None:
    events = [
        *SIGNED[:2],
        a_convention(instalments=[an_instalment(100, documents=[("evaluation", 2023)])]),
    ]
    ecluse("replay", written(tmp_path / "a.jsonl", *events), "--db", db)
    closing = written(tmp_path / "b.jsonl", a_closing("all"), a_recovery())
    tried = asked(closing, "--db", db)
    assert [{"budget": NEXT_BUDGET, "convention": "C"}] == tried["internal_events"]
    # The year leaves memory with its closing, and its balances are shown all the same.
    ((line,),) = [tried["lines"]]
    assert (100, 0) == (line["after"]["carried_over_cents"], line["after"]["committed_cents"])
    assert "1 convention would be carried over" in ecluse("whatif", closing, "--db", db).text


@pytest.mark.parametrize(
    ("event", "code"), [(a_payment(1), 1), (b"{", 1), (a_report(), 0), (a_vote(2), 0)]
)
def test_strict_exits_1_for_what_would_be_refused_or_is_unreadable(
    event: Json | bytes, code: int, tmp_path: Path
) -> None:
    file, empty = written(tmp_path / "event.jsonl", event), written(tmp_path / "empty.jsonl")
    assert 0 == ecluse("whatif", file, "--journal", empty).code
    assert code == ecluse("whatif", file, "--journal", empty, "--strict", "--json").code


TEXTS = {
    "fr": (
        "Ce que dirait le grand livre",
        "C/advance est de 1,00",
        "Soldes qui changeraient",
        "avant",
        "1,00\u00a0€",
        "Rien n'est écrit",
        "0 doublon",
    ),
    "en": (
        "What the ledger would say",
        "is for €1.00",
        "Balances that would change",
        "before",
        "€1.00",
        "Nothing was written",
        "0 duplicates",
    ),
}


@pytest.mark.parametrize("language", TEXTS)
def test_people_read_what_would_happen(language: str, tmp_path: Path, db: Path) -> None:
    ecluse("replay", written(tmp_path / "a.jsonl", *SIGNED), "--db", db)
    file = written(
        tmp_path / "b.jsonl",
        an_acknowledgement(),
        a_payment(101),
        a_payment(100),
        b'{"' + IBAN.encode(),
    )
    result = ecluse("whatif", file, "--db", db, "--lang", language)
    text = unfolded(result.text)
    assert [] == [each for each in TEXTS[language] if each not in text]
    assert ("", False) == (result.err, IBAN in result.text), "what is tried is not logged"
    assert f"{BUDGET}" in text


def test_standard_input_will_do_and_names_the_line(tmp_path: Path) -> None:
    empty = written(tmp_path / "empty.jsonl")
    tried = asked("-", "--journal", empty, given=EXAMPLE.read_bytes())
    assert [("-#", number) for number in range(1, 11)] == [
        (row["source"]["topic"], row["source"]["offset"]) for row in tried["records"]
    ]


def test_many_budgets_are_tried_in_one_reading(tmp_path: Path, db: Path) -> None:
    budgets = [f"21590350100017-{number:02}-2023" for number in range(12)]
    votes = [a_vote(budget=name, _partitionkey=name) for name in budgets]
    awards = [an_award(100, budget=name, _partitionkey=name) for name in budgets]
    ecluse("replay", written(tmp_path / "a.jsonl", *votes), "--db", db)
    tried = asked(written(tmp_path / "b.jsonl", *awards), "--db", db)
    assert (12, budgets) == (
        tried["outcomes"]["accepted"],
        [row["budget"] for row in tried["lines"]],
    )
