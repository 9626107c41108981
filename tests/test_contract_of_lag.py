"""What docs/contract.md says of lag, held against the code: members, states, metrics, ids."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from events.lag import State
from services.due.deadline_events import NAMESPACE, WATCH
from services.lag.judge.states import STALL_S, Rule
from tests.api.lag_boards import a_history

ROOT: Final = Path(__file__).resolve().parent.parent
CONTRACT: Final = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
LAG: Final = CONTRACT.split("### Lag\n")[1].split("\n### ")[0]

COUNTED: Final = frozenset({"reasons", "codes"})
IN_SECTION_8: Final = frozenset({"kind", "id"})
"""What a parked event waits for."""

METRIC: Final = re.compile(r'"((?:ecluse|kafka)_[a-z_]+)"')
"""A name that is made in the code; `Counter` and its kin add `_total` themselves."""

NO_METRICS: Final = re.compile(
    r"ecluse_(access|treasury|entities|lang|login|read|session|imported|partitions|transaction|dlq\w*|redrive_\w*)"
    r"|kafka_error_unretrieved|kafka_(security|sasl|ssl|oauth)_\w+"
)
"""What is called likewise: schemas, cookies, claims, headers of records, a log event, settings."""


def names_of(value: Any) -> Iterator[str]:
    """All members of an answer, at any depth, but for counts by code."""
    match value:
        case dict():
            for name, each in value.items():
                yield name
                if name not in COUNTED:
                    yield from names_of(each)
        case list():
            for each in value:
                yield from names_of(each)
        case _:
            pass


def test_the_contract_names_every_member_of_the_answer() -> None:
    answer = json.loads((ROOT / "tests" / "golden" / "lag.json").read_text(encoding="utf-8"))
    said = set(re.findall(r'"([a-z_0-9]+)"', LAG.split("```text\n")[1].split("```")[0]))
    assert set(names_of(answer)) - IN_SECTION_8 == said


def test_the_contract_names_every_member_of_the_history() -> None:
    said = LAG.split("`GET /lag/history` of the watch answers `")[1].split("`")[0]
    history = a_history()
    names = {*history, *(name for each in history["stages"].values() for name in each)}
    assert names == set(re.findall(r'"([a-z_0-9]+)"', said))


def test_the_contract_names_every_state_from_the_worst_on() -> None:
    rows = [row.split("`")[1] for row in LAG.splitlines() if row.startswith("| `")]
    assert [state.value for state in State] == rows
    assert f"nothing has been committed for {STALL_S:g} s" in LAG
    assert len(Rule) > len(rows), "a state may have several rules"


def test_the_contract_names_every_metric() -> None:
    made = {
        name
        for path in (ROOT / "services").rglob("*.py")
        for name in METRIC.findall(path.read_text(encoding="utf-8"))
        if not NO_METRICS.fullmatch(name)
    }
    table = LAG.split("| who | metric | what it is |")[1]
    said = {name.removesuffix("_total") for name in re.findall(r"`((?:ecluse|kafka)_\w+)`", table)}
    assert {name.removesuffix("_total") for name in made} == said


def test_the_contract_says_who_deadline_events_about_deadlines_are_from() -> None:
    said = CONTRACT.split("### `ecluse.deadline.passed.v1`")[1].split("\n### ")[0]
    assert f"`{NAMESPACE}`" in said
    assert f"`source` is `{WATCH}`" in said
