"""How long stages take: the last hour in classes of 4 %, and the treasury's answers."""

from collections.abc import Sequence

import pytest

from events.journal import try_read_record
from events.lag import Latency
from events.topics import JOURNAL
from services.watch.tables.latencies import BOUNDS_S, Latencies, Step, UnansweredOrders
from tests.builders import (
    Json,
    a_convention,
    a_notification,
    a_payment,
    a_vote,
    an_acknowledgement,
    an_award,
)
from tests.journal_records import a_record
from tests.unit.watch.ledger_output import encoded, transactions
from tests.unit.watch.reader import of_topic

NOW_S = 1_700_000_000.0
HOUR_S = 3_600


def of(latencies: Latencies, step: Step, now_s: float = NOW_S) -> Latency:
    return next(each for each in latencies.list_last_hour(now_s) if each.stage is step)


def test_the_stages_stand_in_the_order_of_the_way_and_nothing_is_unknown_not_zero() -> None:
    rows = Latencies().list_last_hour(NOW_S)
    assert ["broker", "decided", "published", "projected", "treasury"] == [r.stage for r in rows]
    assert [Latency(step, 0) for step in Step] == rows


def test_percentiles_are_right_to_two_percent_and_the_greatest_is_exact() -> None:
    latencies = Latencies()
    for took_ms in range(1, 1_001):
        latencies.observe(Step.BROKER, took_ms / 1000, NOW_S, NOW_S)
    found = of(latencies, Step.BROKER)
    assert (1_000, 1.0) == (found.count, found.max_s)
    assert found.p50_s == pytest.approx(0.5, rel=0.021)
    assert found.p95_s == pytest.approx(0.95, rel=0.021)
    assert 0 == of(latencies, Step.DECIDED).count


def test_one_figure_is_all_percentiles_and_no_percentile_is_above_the_greatest() -> None:
    latencies = Latencies()
    latencies.observe(Step.TREASURY, 86_400.0, NOW_S, NOW_S)
    found = of(latencies, Step.TREASURY)
    assert found.p50_s == found.p95_s == pytest.approx(86_400.0, rel=0.021)
    assert 86_400.0 == found.max_s
    assert (found.p95_s or 0) <= 86_400.0


@pytest.mark.parametrize("took_s", [0.0, 0.0004, -3.0])
def test_what_ended_before_it_began_took_no_time(took_s: float) -> None:
    latencies = Latencies()
    latencies.observe(Step.BROKER, took_s, NOW_S, NOW_S)
    found = of(latencies, Step.BROKER)
    assert 0.0 <= (found.p50_s or 0.0) <= 0.001
    assert max(took_s, 0.0) == found.max_s


def test_what_is_more_than_an_hour_ago_no_longer_counts() -> None:
    latencies = Latencies()
    latencies.observe(Step.BROKER, 9.0, NOW_S - HOUR_S - 61, NOW_S)
    latencies.observe(Step.BROKER, 1.0, NOW_S - HOUR_S + 61, NOW_S)
    assert (1, 1.0) == (of(latencies, Step.BROKER).count, of(latencies, Step.BROKER).max_s)
    assert 0 == of(latencies, Step.BROKER, NOW_S + HOUR_S).count


def test_a_clock_ahead_of_ours_counts_now() -> None:
    latencies = Latencies()
    latencies.observe(Step.BROKER, 1.0, NOW_S + HOUR_S, NOW_S)
    assert 1 == of(latencies, Step.BROKER).count


def test_a_day_takes_no_more_room_than_its_last_hour() -> None:
    latencies = Latencies()
    for minute in range(24 * 60):
        for took_s in (0.01, 0.02, 0.5):
            at_s = NOW_S + 60 * minute
            latencies.observe(Step.BROKER, took_s, at_s, at_s)
    assert 60 == len(latencies._steps[Step.BROKER].minutes)
    assert 180 == of(latencies, Step.BROKER, NOW_S + 24 * 60 * 60 - 60).count


def test_the_classes_of_prometheus_count_all_since_the_start() -> None:
    latencies = Latencies()
    for took_s in (0.01, 0.011, 1e9):
        latencies.observe(Step.BROKER, took_s, NOW_S, NOW_S)
    step, counts, sum_s = latencies.totals()[0]
    assert (Step.BROKER, [1, 1], 1) == (step, counts[:2], counts[-1])
    assert (3, len(BOUNDS_S) + 1) == (sum(counts), len(counts))
    assert sum_s == pytest.approx(1e9 + 0.021)


# ------------------------------------------------------------------ the treasury
def answers(*events: Json) -> list[list[float]]:
    """How long each order waited, by the record that answered it."""
    journal = of_topic(list(transactions([[each] for each in encoded(*events)])), JOURNAL)
    issued = UnansweredOrders()
    return [found for found in _each(issued, [out.value or b"" for out in journal]) if found]


def _each(issued: UnansweredOrders, journal: Sequence[bytes]) -> list[list[float]]:
    outcomes = [try_read_record(raw) for raw in journal]
    assert None not in outcomes
    return [issued.take_answered(0, outcome) for outcome in outcomes if outcome is not None]


UP_TO_THE_ORDER = (
    a_vote(),
    an_award(),
    a_convention(),
    a_notification(_time="2023-06-01T12:00:00+02:00"),
)


def test_the_first_answer_to_an_order_counts_and_no_later_one() -> None:
    found = answers(
        *UP_TO_THE_ORDER,
        an_acknowledgement(_time="2023-06-02T12:00:00+02:00"),
        a_payment(_time="2023-06-09T12:00:00+02:00"),
    )
    assert [[86_400.0]] == found


def test_a_payment_that_no_answer_came_before_is_one() -> None:
    found = answers(*UP_TO_THE_ORDER, a_payment(1_000, _time="2023-06-01T13:00:00+02:00"))
    assert [[3_600.0]] == found


def test_an_order_that_is_cancelled_was_not_answered() -> None:
    order: Json = {
        "payment_order": "C/1",
        "convention": "C",
        "instalment": "1",
        "due_on": "2023-07-01",
    }
    order |= {"amount_cents": 100, "paid_cents": 0}
    history = [
        a_record(
            event={"type": "any", "time": f"2023-06-0{day}T12:00:00Z", "data": {}},
            payment_orders=[order | {"state": state}],
        )
        for day, state in enumerate(("issued", "cancelled", "paid"), start=1)
    ]
    assert [[], [], []] == _each(UnansweredOrders(), history)


def test_orders_that_others_read_are_dropped() -> None:
    outs = transactions([[e] for e in encoded(*UP_TO_THE_ORDER, an_acknowledgement())])
    journal = [out.value or b"" for out in of_topic(list(outs), JOURNAL)]
    issued = UnansweredOrders()
    _each(issued, journal[:-1])
    issued.keep_only([1])
    assert [[]] == _each(issued, journal[-1:])
