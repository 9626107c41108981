"""Prometheus metrics of the lag document: known figures have a sample, unknown ones none."""

from datetime import UTC, datetime, timedelta
from typing import Any

from events.lag import (
    Board,
    DatedSum,
    DeadLetters,
    DeadlineEvents,
    Orders,
    Outcomes,
    Parked,
    Refusals,
    Reports,
    State,
    Sum,
)
from services.lag.judge.history import stages_of
from services.lag.judge.model import Judgement
from services.lag.present.metrics import board_metrics
from tests.unit.lag.builders import LEDGER, NOW_S, PROJECTOR, a_board, judged
from tests.unit.lag.collector import figures_of

NOW = datetime.fromtimestamp(NOW_S, UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def figures(board: Board, written: dict[str, int] | None = None) -> dict[str, float]:
    return figures_of(board_metrics(board, written or {}))


def test_what_is_not_known_has_no_sample_but_the_board_has_a_time() -> None:
    kinds = ("payment_due", "report_due", "parked")
    expected = {f'ecluse_deadline_events_written_total{{kind="{kind}"}}': 0.0 for kind in kinds}
    expected["ecluse_watch_board_timestamp_seconds"] = NOW_S
    assert expected == figures(a_board())


def known_figures(**more: Any) -> dict[str, float]:
    known: dict[str, Any] = {
        "sampled_at": NOW,
        "outcomes": Outcomes(9, 4, 1, 2, 1, 1, 3, gap=2, repeated=1),
        "orders": Orders(
            2,
            1_200,
            NOW - 9 * DAY,
            Sum(1, 600),
            DatedSum(1, 600, NOW - 9 * DAY),
            {"issued": 1, "taken_in_charge": 0, "on_hold": 1, "rejected": 0},
        ),
        "reports_overdue": Reports(1),
        "parked": Parked(2, NOW - 40 * DAY, 1),
        "dead_letters": DeadLetters(2, NOW - 9 * SECOND, NOW - 3 * SECOND, {"bad_json": 2}, 1),
        "refusals": Refusals(3, NOW - 3 * SECOND, {"overpayment": 3}),
        "deadline_events": DeadlineEvents(2, 1),
    }
    return figures(a_board(**known | more), {"payment_due": 2})


def test_what_is_known_has_a_sample_of_its_own() -> None:
    expected = {
        "ecluse_outcomes_gap": 2.0,
        "ecluse_outcomes_repeated": 1.0,
        'ecluse_orders_waiting{state="issued"}': 1.0,
        'ecluse_orders_waiting{state="on_hold"}': 1.0,
        'ecluse_orders_waiting{state="rejected"}': 0.0,
        "ecluse_orders_waiting_amount_cents": 1_200.0,
        "ecluse_orders_oldest_issued_timestamp_seconds": NOW_S - 9 * 86_400,
        "ecluse_orders_due": 1.0,
        "ecluse_orders_unacknowledged": 1.0,
        "ecluse_reports_overdue": 1.0,
        "ecluse_parked": 2.0,
        "ecluse_parked_oldest_timestamp_seconds": NOW_S - 40 * 86_400,
        "ecluse_parked_past_deadline": 1.0,
        "ecluse_dead_letters": 2.0,
        "ecluse_dead_letters_oldest_timestamp_seconds": NOW_S - 9,
        "ecluse_dead_letters_newest_timestamp_seconds": NOW_S - 3,
        "ecluse_dead_letters_redriven": 1.0,
        'ecluse_refusals_total{code="overpayment"}': 3.0,
        'ecluse_deadline_events_written_total{kind="payment_due"}': 2.0,
        "ecluse_deadline_events_pending": 1.0,
        "ecluse_partitions_held": 0.0,
        "ecluse_partitions_without_owner": 0.0,
    }
    assert expected.items() <= known_figures().items()


def test_outcomes_are_counted_as_they_were_journalled_so_that_none_ever_falls() -> None:
    found = known_figures()
    outcomes = {"accepted": 4, "duplicate": 1, "refused": 2, "parked": 4, "dead_letter": 1}
    assert {
        f'ecluse_outcomes_total{{outcome="{outcome}"}}': float(count)
        for outcome, count in outcomes.items()
    }.items() <= found.items()


def test_zero_is_a_sample_and_what_there_is_none_of_has_no_time() -> None:
    found = known_figures(
        orders=Orders(0, 0, None, Sum(0, 0), DatedSum(0, 0), {}),
        reports_overdue=Reports(0),
        parked=Parked(0, None, 0),
        dead_letters=DeadLetters(0, None, None, {}),
        refusals=Refusals(0, None, {}),
    )
    counts = ("orders_due", "orders_unacknowledged", "reports_overdue", "parked", "dead_letters")
    assert [0.0] * 5 == [found[f"ecluse_{name}"] for name in counts]
    assert 0.0 == found["ecluse_orders_waiting_amount_cents"]
    times = [name for name in found if "timestamp" in name]
    assert ["ecluse_watch_board_timestamp_seconds"] == times


def partitions(*seen: Judgement, **more: Any) -> tuple[float | None, float | None]:
    stages = stages_of([LEDGER, PROJECTOR], seen, {})
    found = known_figures(stages=stages, **more)
    names = ("ecluse_partitions_held", "ecluse_partitions_without_owner")
    return found.get(names[0]), found.get(names[1])


def test_a_partition_counts_once_for_each_group_that_cannot_get_on() -> None:
    held = judged(state=State.BROKEN)
    gone = [judged(PROJECTOR, number, state=State.STOPPED) for number in (0, 1, 1)]
    assert (1.0, 2.0) == partitions(held, held, *gone)
    assert (None, None) == partitions(held, sampled_at=NOW - 11 * SECOND), "unknown, not 0"
