"""Recorded histories: what was decided once is read, and decided, in the same way for ever.

A history that fails here is not to be edited: the code changed what it promised. To add one, see
`tests/golden/record.py`.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from events.envelope import INBOUND
from services.ledger.application.handle import ChainEnd, Ledger
from services.ledger.application.ports import JournalRow
from services.ledger.application.restore import fold
from services.ledger.domain.journal import RULES_VERSION, Outcome
from services.ledger.domain.model.orders import OrderState
from services.ledger.files.summary import summary
from tests.golden.record import HERE, decided, record
from tests.integration.command import EXAMPLE
from tests.journal_records import redecided
from tests.property.checker import check

NAMES = sorted(file.name.removesuffix(".events.jsonl") for file in HERE.glob("*.events.jsonl"))

every_history = pytest.mark.parametrize("name", NAMES)


def recorded(name: str) -> list[JournalRow]:
    rows = []
    for line in (HERE / f"{name}.journal.jsonl").read_bytes().splitlines():
        row = json.loads(line)
        rows.append(JournalRow(row["budget"], row["sequence"], line))
    return rows


def summary_of(name: str) -> object:
    return json.loads((HERE / f"{name}.summary.json").read_bytes())


@every_history
def test_a_recorded_journal_folds_to_the_recorded_balances(name: str) -> None:
    rows = recorded(name)
    dead = {row.budget: row for row in rows if row.budget.startswith("_dead.")}
    ends = {
        chain: ChainEnd(row.sequence, json.loads(row.record)["hash"]) for chain, row in dead.items()
    }
    assert summary_of(name) == summary(Ledger(fold(rows), ends), rows)


@every_history
def test_the_recorded_events_are_decided_as_they_were(name: str) -> None:
    rows = recorded(name)
    journal, said = decided(HERE / f"{name}.events.jsonl")
    versions = Counter(json.loads(row.record)["rules_version"] for row in rows)
    if {RULES_VERSION} == set(versions):
        assert [row.record for row in rows] == journal.splitlines()
        assert summary_of(name) == said
    else:  # Other rules may decide otherwise, but not without saying which: test_next_rules.py.
        assert versions == redecided(rows).rules_versions


@every_history
def test_a_recorded_journal_adds_up(name: str) -> None:
    said = json.loads((HERE / f"{name}.summary.json").read_bytes())
    check(recorded(name), said["events"], said)


def test_the_example_is_a_recorded_history() -> None:
    kept = HERE / "lille-avenirs-2023-avance-solde.events.jsonl"
    assert EXAMPLE.read_bytes() == kept.read_bytes()


def test_the_recorded_histories_hold_everything_that_may_happen_to_an_event() -> None:
    said = [json.loads((HERE / f"{name}.summary.json").read_bytes()) for name in NAMES]
    outcomes = [each["outcomes"].items() for each in said]
    assert set(Outcome) == {name for each in outcomes for name, count in each if count}
    assert set(OrderState) == {order["state"] for each in said for order in each["payment_orders"]}


def test_the_present_rules_have_a_recorded_history() -> None:
    versions = {json.loads(row.record)["rules_version"] for name in NAMES for row in recorded(name)}
    assert RULES_VERSION == max(versions), "record a history under the new rules"


def test_the_recorded_histories_hold_every_type_of_event() -> None:
    rows = [json.loads(row.record) for name in NAMES for row in recorded(name)]
    accepted = {row["event"]["type"] for row in rows if row["outcome"] == "accepted"}
    assert {each.TYPE for each in INBOUND} <= accepted


def test_a_recorded_history_is_never_written_again(tmp_path: Path) -> None:
    for file in record("new", EXAMPLE, tmp_path):
        before = file.read_bytes()
        with pytest.raises(SystemExit, match=r"new\..*: recorded before"):
            record("new", EXAMPLE, tmp_path)
        assert before == file.read_bytes()
    (tmp_path / "new.events.jsonl").unlink()
    with pytest.raises(SystemExit, match=r"new.journal.jsonl, new.summary.json: recorded before"):
        record("new", EXAMPLE, tmp_path)
