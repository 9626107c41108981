"""What the watch answers, and what it measures."""

import json
from http import HTTPStatus

from prometheus_client import generate_latest

from events.journal import try_read_record
from events.lag import as_json, read_board, read_history
from events.topics import BALANCES, JOURNAL, Place
from services.runtime.kafka.partitioning import partition_of
from services.runtime.ops.settings import Settings
from services.watch.document import LagService
from services.watch.metrics import Metrics
from services.watch.pages import Answer, balances_page, readiness
from services.watch.settings import WatchSettings
from services.watch.tables.budget_balance import Kind
from services.watch.tables.feed import Tables
from services.watch.tables.latencies import Step
from services.watch.tables.partitions import ReadProgress
from tests.builders import BUDGET, Scenario, a_convention, a_vote, an_award
from tests.unit.lag.builders import NOW_S
from tests.unit.watch.ledger_output import encoded, transactions

PARTITIONS = 4
HOME = partition_of(BUDGET.encode(), PARTITIONS)
YEAR = (a_vote(), an_award(), a_convention())
ALL_READ = {
    Place(topic, number): ReadProgress(0, 0, 0, 0)
    for topic in (JOURNAL, BALANCES)
    for number in range(PARTITIONS)
}


class Scene:
    """A watch that has read what it was given."""

    def __init__(self) -> None:
        self.tables = Tables(lambda: NOW_S)
        self.live, self.reconciliation = self.tables.live, self.tables.reconciliation
        self.service = LagService(self.tables, WatchSettings(), "watch-1", {}, lambda: None)
        self.metrics = Metrics(Settings(), self.tables, self.service, {}, lambda: NOW_S)
        self.partitions: int | None = PARTITIONS

    def balances(self, name: str) -> Answer:
        return balances_page(name, self.tables, self.partitions)

    def read(self, *, change: tuple[bytes, bytes] = (b"", b"")) -> None:
        offset = 0
        for outs in transactions([encoded(*YEAR)], HOME):
            for out in outs:
                value = out.value and out.value.replace(*change)
                if out.topic == JOURNAL:
                    self.live.add(HOME, offset, out.key, try_read_record(value))
                else:
                    self.live.publish(HOME, offset, out.key, value)
                offset += 1

    def figures(self) -> dict[str, str]:
        text = generate_latest(self.metrics.registry).decode()
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        return dict(line.rsplit(" ", 1) for line in lines if "_created" not in line)


def test_the_balances_of_a_budget_are_those_of_the_ledger() -> None:
    scene = Scene()
    scene.read()
    said = Scenario(*YEAR).summary()
    expected = {
        "budget": BUDGET,
        "sequence": 3,
        "caught_up": False,
        "lines": said["lines"],
        "conventions": said["conventions"],
        "difference": [],
    }
    assert (HTTPStatus.OK, expected) == scene.balances(BUDGET)
    scene.reconciliation.reconcile(ALL_READ)
    assert (HTTPStatus.OK, expected | {"caught_up": True}) == scene.balances(BUDGET)


def test_a_difference_stands_beside_the_balances() -> None:
    scene = Scene()
    scene.read(change=(b'"granted_cents":100000', b'"granted_cents":100001'))
    status, body = scene.balances(BUDGET)
    (row,) = body["difference"]
    assert (HTTPStatus.OK, "amounts", "C") == (status, row["kind"], row["convention"])
    granted = (row["published"]["granted_cents"], row["live"]["granted_cents"], row["sequence"])
    assert (100_001, 100_000, 3) == granted


def test_a_budget_is_unknown_only_once_its_partition_is_read() -> None:
    scene = Scene()
    status, body = scene.balances(BUDGET)
    assert (HTTPStatus.SERVICE_UNAVAILABLE, "not_read") == (status, body["error"])
    scene.partitions = None
    assert HTTPStatus.SERVICE_UNAVAILABLE == scene.balances(BUDGET).status
    scene.partitions = PARTITIONS
    scene.reconciliation.reconcile(ALL_READ)
    status, body = scene.balances(BUDGET)
    assert (HTTPStatus.NOT_FOUND, "unknown_budget") == (status, body["error"])
    assert BUDGET in body["message"]["fr"]
    assert BUDGET in body["message"]["en"]


def test_balances_alone_do_not_make_a_budget_known() -> None:
    scene = Scene()
    for outs in transactions([encoded(*YEAR)], HOME):
        for offset, out in enumerate(out for out in outs if out.topic == BALANCES):
            scene.live.publish(HOME, offset, out.key, out.value)
    assert "not_read" == scene.balances(BUDGET).body["error"]


def test_the_figures_of_a_broken_journal_are_unknown() -> None:
    scene = Scene()
    scene.read(change=(b'"sequence":2', b'"sequence":4'))
    status, body = scene.balances(BUDGET)
    assert (HTTPStatus.SERVICE_UNAVAILABLE, "journal_broken") == (status, body["error"])
    assert "record 4 follows 1" in body["message"]["en"]
    assert "record 4 follows 1" in body["message"]["fr"]


def test_it_is_ready_when_all_is_read() -> None:
    scene = Scene()
    assert (HTTPStatus.SERVICE_UNAVAILABLE, {"ready": False}) == readiness(scene.tables)
    scene.reconciliation.reconcile(ALL_READ)
    assert (HTTPStatus.OK, {"ready": True}) == readiness(scene.tables)


def test_every_kind_of_difference_has_a_metric_from_the_start_and_lag_only_once_it_is_known() -> (
    None
):
    scene = Scene()
    kinds = {f'ecluse_watch_balance_differences_total{{kind="{kind}"}}': "0.0" for kind in Kind}
    assert kinds.items() <= scene.figures().items()
    assert not [name for name in scene.figures() if "lag" in name]
    scene.reconciliation.reconcile({Place(JOURNAL, 2): ReadProgress(0, 0, 0, 7)})
    lag = 'ecluse_watch_lag_offsets{partition="2",topic="ecluse.journal.v1"}'
    assert "7.0" == scene.figures()[lag]


def test_the_metrics_say_what_stands_in_the_table() -> None:
    scene = Scene()
    scene.read(change=(b'"granted_cents":100000', b'"granted_cents":100001'))
    figures = scene.figures()
    expected = {"budgets": "1.0", "ready": "0.0"}
    assert {f"ecluse_watch_{name}": value for name, value in expected.items()}.items() <= (
        figures.items()
    )
    assert float(figures["ecluse_watch_balances_compared_total"]) >= 2
    assert "ecluse_watch_balances_differing" not in figures, "not before all is read"
    scene.reconciliation.reconcile(ALL_READ)
    assert "1.0" == scene.figures()["ecluse_watch_balances_differing"]


def test_a_key_that_names_no_balance_counts_among_those_that_differ() -> None:
    scene = Scene()
    scene.read()
    scene.reconciliation.reconcile(ALL_READ)
    assert "0.0" == scene.figures()["ecluse_watch_balances_differing"]
    scene.live.publish(HOME, 10**6, b"not json", b"{}")
    assert "1.0" == scene.figures()["ecluse_watch_balances_differing"]


def test_steps_are_a_histogram_with_classes_that_add_up() -> None:
    scene = Scene()
    for took_s in (0.01, 0.3, 1e8):
        scene.tables.latencies.observe(Step.BROKER, took_s, NOW_S, NOW_S)
    figures = scene.figures()
    classes = {
        bound: figures[f'ecluse_stage_latency_seconds_bucket{{le="{bound}",stage="broker"}}']
        for bound in ("0.01", "0.25", "0.5", "2592000.0", "+Inf")
    }
    expected = {"0.01": "1.0", "0.25": "1.0", "0.5": "2.0", "2592000.0": "2.0", "+Inf": "3.0"}
    assert expected == classes
    assert "3.0" == figures['ecluse_stage_latency_seconds_count{stage="broker"}']
    assert "0.0" == figures['ecluse_stage_latency_seconds_count{stage="treasury"}']


def test_the_board_and_its_last_hour_are_made_when_they_are_asked_for() -> None:
    service = Scene().service
    service.note(NOW_S - 10)
    said = read_board(json.dumps(as_json(service.board(NOW_S))).encode())
    assert ("2023-11-14T22:13:20+00:00", "watch-1") == (said.at.isoformat(), said.watch.instance)
    assert ["ledger", "projector", "watch", "treasury"] == [each.stage for each in said.stages]
    hour = read_history(json.dumps(as_json(service.history(NOW_S + 1))).encode())
    assert "2023-11-14T22:13:21+00:00" == hour.at.isoformat()
    assert {"ledger", "projector", "watch", "treasury"} == hour.stages.keys()
    assert (None,) == hour.orders
