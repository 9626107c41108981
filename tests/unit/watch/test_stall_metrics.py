"""What Prometheus reads of the board: what is known has a sample, what is not known has none."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from services.due.open_items import OverdueReport, ParkedEvent, WaitingOrder
from services.watch.board import Known, OfDeadlineEvents
from services.watch.lag.model import Judged, State
from services.watch.outcomes import OutcomeCounts
from services.watch.rejections import Aside
from services.watch.stages import stages_of
from services.watch.stall_metrics import StuckMetrics
from tests.builders import BUDGET
from tests.unit.watch.lag_figures import LEDGER, NOW_S, PROJECTOR, judged, never, what_is_known

NOW = datetime.fromtimestamp(NOW_S, UTC)
DAY = timedelta(days=1)
ORDER = WaitingOrder(BUDGET, "C/1", 1_000, 400, "issued", date(2023, 12, 1), NOW - 9 * DAY)
WAIT = ParkedEvent(
    BUDGET, 1, "e1", "urn:test", "type", {"kind": "grant", "id": "G"}, NOW - 40 * DAY, NOW - DAY
)


def figures(known: Known, written: dict[str, int] | None = None) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(StuckMetrics(lambda: known, lambda: written or {}))
    text = generate_latest(registry).decode()
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_what_is_not_known_has_no_sample_but_the_board_has_a_time() -> None:
    kinds = ("payment_due", "report_due", "parked")
    expected = {f'ecluse_deadline_events_written_total{{kind="{kind}"}}': 0.0 for kind in kinds}
    expected["ecluse_watch_board_timestamp_seconds"] = NOW_S
    assert expected == figures(what_is_known())


def known_figures(**more: Any) -> dict[str, float]:
    said: dict[str, Any] = {
        "sampled_s": NOW_S,
        "told": OutcomeCounts(9, 4, 1, 2, 1, 1, 3, 1, 0),
        "gap": 2,
        "orders": [ORDER, ORDER._replace(state="on_hold", due=True, unacknowledged=True)],
        "reports": [OverdueReport(BUDGET, "C", "activity_report", 2022, date(2023, 6, 30), True)],
        "parked": [WAIT, WAIT._replace(past=True)],
        "dead_letters": Aside(2, NOW_S - 9, NOW_S - 3, {"bad_json": 2}),
        "refusals": Aside(3, NOW_S - 9, NOW_S - 3, {"overpayment": 3}),
        "deadline_events": OfDeadlineEvents(2, 1),
    }
    return figures(what_is_known(**said | more), {"payment_due": 2})


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
        'ecluse_refusals_total{code="overpayment"}': 3.0,
        'ecluse_deadline_events_written_total{kind="payment_due"}': 2.0,
        "ecluse_deadline_events_pending": 1.0,
        "ecluse_partitions_held": 0.0,
        "ecluse_partitions_without_owner": 0.0,
    }
    assert expected.items() <= known_figures().items()


def test_outcomes_are_counted_as_they_were_told_so_that_none_ever_falls() -> None:
    found = known_figures()
    outcomes = {"accepted": 4, "duplicate": 1, "refused": 2, "parked": 4, "dead_letter": 1}
    assert {
        f'ecluse_outcomes_total{{outcome="{outcome}"}}': float(count)
        for outcome, count in outcomes.items()
    }.items() <= found.items()


def test_zero_is_a_sample_and_what_there_is_none_of_has_no_time() -> None:
    nothing = Aside(0, None, None, {})
    empty: dict[str, Any] = {"orders": [], "reports": [], "parked": []}
    found = known_figures(**empty, dead_letters=nothing, refusals=nothing)
    counts = ("orders_due", "orders_unacknowledged", "reports_overdue", "parked", "dead_letters")
    assert [0.0] * 5 == [found[f"ecluse_{name}"] for name in counts]
    assert 0.0 == found["ecluse_orders_waiting_amount_cents"]
    times = [name for name in found if "timestamp" in name]
    assert ["ecluse_watch_board_timestamp_seconds"] == times


def partitions(*seen: Judged, **more: Any) -> tuple[float | None, float | None]:
    stages = stages_of([LEDGER, PROJECTOR], seen, never, {})
    found = known_figures(stages=stages, **more)
    names = ("ecluse_partitions_held", "ecluse_partitions_without_owner")
    return found.get(names[0]), found.get(names[1])


def test_a_partition_counts_once_for_each_group_that_cannot_get_on() -> None:
    held = judged(state=State.BROKEN)
    gone = [judged(PROJECTOR, number, state=State.STOPPED) for number in (0, 1, 1)]
    assert (1.0, 2.0) == partitions(held, held, *gone)
    assert (None, None) == partitions(held, sampled_s=NOW_S - 60)
