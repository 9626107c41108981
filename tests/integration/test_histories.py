"""A journal read wherever it is: the same records, the same ledger, and damage named."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from services.cli.records.journal_source import fold_records, histories
from services.ledger.application.ports import StoreError
from tests.builders import BUDGET, NEXT_BUDGET, a_vote
from tests.integration.command import CARRY_OVER, ecluse, written


def test_a_database_and_its_export_hold_the_same_records(exported: Path, db: Path) -> None:
    for budget in (None, BUDGET, "_dead.0"):
        with histories(db, None) as in_store, histories(None, exported) as in_file:
            assert list(in_store(budget)) == list(in_file(budget))
            assert list(in_file(budget)), "it can be read again"


def test_what_is_folded_is_what_was_decided(tmp_path: Path, db: Path) -> None:
    result = json.loads(ecluse("replay", *CARRY_OVER, "--db", db, "--json").out)
    with histories(db, None) as found:
        ledger, history = fold_records(found(None))
        assert result["heads"] == {
            name: state.memory.head for name, state in sorted(ledger.budgets.items())
        }
        assert len(result["payment_orders"]) == len(history.orders)
        alone, _ = fold_records(found(NEXT_BUDGET))
        assert [NEXT_BUDGET] == list(alone.budgets)
        assert ledger.budgets[NEXT_BUDGET].book == alone.budgets[NEXT_BUDGET].book


def test_a_fold_may_forget_a_closed_year_as_a_ledger_does(tmp_path: Path, db: Path) -> None:
    ecluse("replay", CARRY_OVER[0], "--db", db)
    with histories(db, None) as found:
        kept, _ = fold_records(found(BUDGET))
        left, _ = fold_records(found(BUDGET), forgets=True)
    assert (False, True) == (
        kept.budgets[BUDGET].book.closed_out,
        left.budgets[BUDGET].book.closed_out,
    )


def cut(lines: list[bytes]) -> list[bytes]:
    return [lines[0][:-5], *lines[1:]]


def changed(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b'"accepted"', b'"refused"', 1), *lines[2:]]


def huge(lines: list[bytes]) -> list[bytes]:
    return [lines[0], b" " * 17_000_000 + b"x"]


@pytest.mark.parametrize(
    ("damage", "line", "why"),
    [(cut, 1, ""), (changed, 2, "hash does not fit"), (huge, 2, "longer than a record may be")],
)
def test_a_damaged_line_is_named(
    exported: Path, damage: Callable[[list[bytes]], list[bytes]], line: int, why: str
) -> None:
    exported.write_bytes(b"\n".join(damage(exported.read_bytes().splitlines())) + b"\n")
    with (
        histories(None, exported) as found,
        pytest.raises(StoreError, match=f"^{exported}:{line}: .*{why}"),
    ):
        list(found(None))


@pytest.mark.parametrize("gone", [1, 2], ids=["the first", "one in the middle"])
def test_a_missing_record_is_found_by_folding(exported: Path, gone: int) -> None:
    lines = [
        line
        for line in exported.read_bytes().splitlines()
        if (json.loads(line)["budget"], json.loads(line)["sequence"]) != (BUDGET, gone)
    ]
    exported.write_bytes(b"\n".join(lines) + b"\n")
    with (
        histories(None, exported) as found,
        pytest.raises(StoreError, match=f"record {gone + 1} of {BUDGET} .* it does not follow"),
    ):
        fold_records(found(None))


def test_a_changed_event_is_found_by_folding(exported: Path) -> None:
    exported.write_bytes(
        exported.read_bytes().replace(b'"title":"Subvention', b'"title":"subvention')
    )
    with (
        histories(None, exported) as found,
        pytest.raises(StoreError, match=r"the event of record .* is not the one that was recorded"),
    ):
        fold_records(found(None))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        histories(None, tmp_path / "nothing") as found,
        pytest.raises(StoreError, match=f"{tmp_path / 'nothing'}: .*No such file"),
    ):
        list(found(None))


def test_two_journals_are_one_too_many(tmp_path: Path, db: Path) -> None:
    file = written(tmp_path / "events.jsonl", a_vote())
    with pytest.raises(typer.BadParameter, match="name two journals"), histories(db, file):
        pass
