"""The tables say what the ledger says: of every example, and of any history."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.envelope import INBOUND
from services.ledger.domain.journal import Outcome
from tests.builders import Story
from tests.property.histories import histories
from tests.property.years import Inputs, told, years
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
def test_every_example_has_the_figures_of_its_replay(files: list[str], read_model_url: str) -> None:
    events = [line for file in files for line in (EXAMPLES / file).read_bytes().splitlines()]
    story = Story()
    for event in events:
        story.tell(event)
        story.deliver()
    fill(read_model_url, rows_of(story))
    assert as_printed(story.summary()) == figures(read(read_model_url))


def test_the_recorded_journals_have_every_type_of_event_and_every_outcome(sqlite_url: str) -> None:
    types, outcomes = set[str](), set[str]()
    for name in RECORDED:
        empty(sqlite_url)
        fill(sqlite_url, golden(name))
        rows = read(sqlite_url)["journal"]
        outcomes |= {row["outcome"] for row in rows}
        types |= {row["event_type"] for row in rows if row["outcome"] == "accepted"}
    assert set(Outcome) == outcomes
    assert {event.TYPE for event in INBOUND} == types


@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_journal_has_the_figures_that_were_recorded_with_it(
    name: str, read_model_url: str
) -> None:
    records = golden(name)
    fill(read_model_url, records, cuts=range(1, len(records), 7))
    said = json.loads((GOLDEN / f"{name}.summary.json").read_bytes())
    assert said == figures(read(read_model_url))


@lasting
@given(history=histories(), cut=cuts)
def test_any_history_has_the_figures_of_the_ledger(
    read_model_url: str, history: list[bytes], cut: list[int]
) -> None:
    story = Story(*history)
    empty(read_model_url)
    fill(read_model_url, rows_of(story), cut)
    assert as_printed(story.summary()) == figures(read(read_model_url))


@lasting
@given(inputs=years(), cut=cuts)
def test_years_that_end_have_the_figures_of_the_ledger(
    read_model_url: str, inputs: Inputs, cut: list[int]
) -> None:
    story = told(inputs)
    empty(read_model_url)
    fill(read_model_url, rows_of(story), cut)
    assert as_printed(story.summary()) == figures(read(read_model_url))
