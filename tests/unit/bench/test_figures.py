"""What is made of measured seconds: the run in the middle, percentiles, aims met and missed."""

import pytest

from bench.kafka import figures, page, stepwise
from bench.kafka.contenders import Pace
from bench.kafka.figures import AIMS, RULES_TAKE
from bench.kafka.latency import at_percent
from bench.kafka.outputs import Part, Weight
from bench.kafka.processes import BenchFailed, Spent
from events.topics import JOURNAL, REFUSALS

HAD = Spent(at_s=4.0, own_s=2.0, broker_s=1.0, all_s=5.0)


def a_pace(seconds: float) -> Pace:
    return Pace(1_000, seconds, HAD, 2**20)


@pytest.mark.parametrize(
    ("seconds", "middle"), [([1.0], 1.0), ([1.0, 2.0], 2.0), ([1.0, 9.0, 2.0], 2.0)]
)
def test_the_run_in_the_middle_counts(seconds: list[float], middle: float) -> None:
    assert middle == figures.median([a_pace(each) for each in seconds]).seconds


def test_a_row_says_what_each_had() -> None:
    row = figures.row([a_pace(2.0)])
    assert (500.0, [500.0], 2_000.0) == (
        row["events_per_s"],
        row["rounds"],
        row["cpu_us_per_event"],
    )
    assert (0.5, 0.25, 0.5) == (row["cores"], row["broker_cores"], row["other_cores"])


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (1, 1), (50, 50), (99, 99), (100, 100)])
def test_percentiles_are_values_that_were_measured(percent: int, value: int) -> None:
    assert value == at_percent(range(1, 101), percent)


def test_an_aim_is_met_at_its_bound_and_missed_behind_it() -> None:
    at_bound: figures.Figures = {aim.key: aim.bound for aim in AIMS} | {
        "restore": {},
        "latency": {},
    }
    assert all(row["met"] for row in figures.against_aims(at_bound))
    behind = {aim.key: aim.bound + (1 if aim.at_most else -0.1) for aim in AIMS}
    assert not any(
        row["met"] for row in figures.against_aims(behind | {"restore": {}, "latency": {}})
    )


def test_the_page_begins_with_what_was_missed_and_why() -> None:
    measured = {aim.key: aim.bound for aim in AIMS} | {"events_per_s": 1.0}
    first = page.tables({"aims": figures.against_aims(measured)}).splitlines()[4]
    assert f"| ≥ 16,000 events a second, one process | 1.00 | **missed**: {RULES_TAKE} |" == first


def test_a_ledger_that_left_work_undone_gives_no_figures() -> None:
    weights = {Part(JOURNAL, 0): Weight(3, 30), Part(JOURNAL, 1): Weight(1, 10)}
    figures.check_outputs(weights | {Part(REFUSALS, 0): Weight()}, 4)
    with pytest.raises(BenchFailed, match="4 journal records and 0 refusals for 5 events"):
        figures.check_outputs(weights | {Part(REFUSALS, 0): Weight()}, 5)
    with pytest.raises(BenchFailed, match="1 refusals"):
        figures.check_outputs(weights | {Part(REFUSALS, 0): Weight(1, 10)}, 4)


def test_a_bare_loop_that_wrote_less_gives_no_figures() -> None:
    weights = {Part(JOURNAL, 0): Weight(100, 10_000)}
    figures.check_as_many(weights, {"records": 101, "bytes": 9_900})
    with pytest.raises(BenchFailed, match="wrote 9700 bytes, the ledger 10000"):
        figures.check_as_many(weights, {"records": 100, "bytes": 9_700})


def test_steps_add_up_to_the_whole() -> None:
    report = figures.steps(a_pace(1.0), {"decode": 0.5, "decide": 0.25})
    assert {"decode": 500.0, "decide": 250.0, "the rest": 1_250.0} == report["us_per_event"]
    assert {"rules": 750.0, "outputs": 0.0, "client": 1_250.0} == report["groups"]


def test_each_step_belongs_to_one_group() -> None:
    grouped = [name for names in figures.GROUPS.values() for name in names]
    assert sorted([figures.REST, *{each.step for each in stepwise.STEPS}]) == sorted(grouped)


@pytest.mark.parametrize("step", stepwise.STEPS, ids=lambda step: step.name)
def test_each_step_is_still_called_so(step: stepwise.Step) -> None:
    assert callable(getattr(step.owner, step.name))
