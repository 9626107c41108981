"""The tables say what the ledger says: of every example, and of any history."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.envelope import INBOUND
from services.ledger.domain.journal import Outcome
from tests.builders import Scenario
from tests.property.histories import histories
from tests.property.years import Inputs, decided, years
from tests.read_model.figures import as_printed, figures
from tests.read_model.filling import (
    EXAMPLES,
    GOLDEN,
    RECORDED,
    empty,
    fill,
    golden,
    lasting,
    read,
    rows_of,
)

pytestmark = pytest.mark.timeout(300)  # Properties over a database.

cuts = st.lists(st.integers(1, 60), max_size=8)


@pytest.mark.parametrize(
    "files",
    [
        ["lille-avenirs-2023.jsonl"],
        ["lille-avenirs-single-payments.jsonl"],
        ["lille-avenirs-carry-over.jsonl"],
        ["lille-avenirs-carry-over.jsonl", "lille-avenirs-carry-over-2024.jsonl"],
    ],
    ids=lambda files: files[-1],
)
def test_every_example_has_the_figures_of_its_replay(
    files: list[str], shared_read_model: str
) -> None:
    events = [line for file in files for line in (EXAMPLES / file).read_bytes().splitlines()]
    history = Scenario()
    for event in events:
        history.tell(event)
        history.deliver()
    fill(shared_read_model, rows_of(history))
    assert as_printed(history.summary()) == figures(read(shared_read_model))


def test_the_recorded_journals_have_every_type_of_event_and_every_outcome(
    shared_sqlite: str,
) -> None:
    types, outcomes = set[str](), set[str]()
    for name in RECORDED:
        empty(shared_sqlite)
        fill(shared_sqlite, golden(name))
        rows = read(shared_sqlite)["journal"]
        outcomes |= {row["outcome"] for row in rows}
        types |= {row["event_type"] for row in rows if row["outcome"] == "accepted"}
    assert set(Outcome) == outcomes
    assert {event.TYPE for event in INBOUND} == types


@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_journal_has_the_figures_that_were_recorded_with_it(
    name: str, shared_read_model: str
) -> None:
    records = golden(name)
    fill(shared_read_model, records, cuts=range(1, len(records), 7))
    printed = json.loads((GOLDEN / f"{name}.summary.json").read_bytes())
    assert printed == figures(read(shared_read_model))


@lasting
@given(history=histories(), cut=cuts)
def test_any_history_has_the_figures_of_the_ledger(
    shared_read_model: str, history: list[bytes], cut: list[int]
) -> None:
    scenario = Scenario(*history)
    empty(shared_read_model)
    fill(shared_read_model, rows_of(scenario), cut)
    assert as_printed(scenario.summary()) == figures(read(shared_read_model))


@lasting
@given(inputs=years(), cut=cuts)
def test_years_that_end_have_the_figures_of_the_ledger(
    shared_read_model: str, inputs: Inputs, cut: list[int]
) -> None:
    history = decided(inputs)
    empty(shared_read_model)
    fill(shared_read_model, rows_of(history), cut)
    assert as_printed(history.summary()) == figures(read(shared_read_model))
