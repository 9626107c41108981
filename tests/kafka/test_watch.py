"""`ecluse watch` on a real broker: live balances, differences, deaths."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.world import opening
from events.topics import BALANCES, JOURNAL
from tests.builders import BUDGET, a_vote, an_amount
from tests.kafka.brokers import Broker
from tests.kafka.commands import UNREACHABLE
from tests.kafka.ledger_transactions import ledger_transactions
from tests.kafka.processes import FAUST, STOP_S, WATCH, Watcher
from tests.kafka.stack import Stack
from tests.kafka.undisturbed_clock import undisturbed_s
from tests.unit.watch.ledger_output import Out, encoded

PARTITIONS = 4
"""Those of `ledger_transactions`."""

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
RECORDS = 5_000
TWO_MIB = 2 * 1024 * 1024

VOTE = a_vote(appropriations=[an_amount(100_000)])
MORE = a_vote(50, stage="supplementary", vote_level=..., appropriations=[an_amount(50)])


STAGES = ("available", "reserved", "committed", "ordered", "paid", "carried_over")


class Sums:
    """Balances added up from raw journal records, by other code than the watch's."""

    def __init__(self, records: Iterable[bytes | None]) -> None:
        money: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        self.records = 0
        self.sequences: Counter[str] = Counter()
        for raw in records:
            assert raw is not None
            record = json.loads(raw)
            self.records += 1
            self.sequences[record["budget"]] += 1
            for move in record["moves"] or []:
                line = money[record["budget"]][json.dumps(move["line"])]
                line[move["from"] or "outside"] -= move["amount_cents"]
                line[move["to"] or "outside"] += move["amount_cents"]
        self.lines = {
            budget: [_row(budget, *each) for each in sorted(lines.items(), key=_in_order)]
            for budget, lines in money.items()
        }


def _in_order(item: tuple[str, Counter[str]]) -> list[str]:
    line = json.loads(item[0])
    return [line[name] or "" for name in ("chapter", "article", "function", "operation")]


def _row(budget: str, line: str, money: Counter[str]) -> dict[str, Any]:
    return {
        "budget": budget,
        "line": json.loads(line),
        "appropriated_cents": -money["outside"],
        **{f"{stage}_cents": money[stage] for stage in STAGES},
    }


def metric(watch: Watcher, name: str) -> float | None:
    """A metric's value; None while it has none."""
    return watch.metrics().get(f"ecluse_watch_{name}")


@pytest.mark.parametrize(
    ("command", "year"),
    [(WATCH, "lille-avenirs-2023"), (FAUST, "hard-year-2023")],
    ids=["ecluse", "faust"],
)
def test_it_serves_what_the_committed_journal_adds_up_to(
    command: tuple[str, ...], year: str, stack: Stack
) -> None:
    events = (GOLDEN / f"{year}.events.jsonl").read_bytes().splitlines()
    summary = json.loads((GOLDEN / f"{year}.summary.json").read_bytes())
    outs = list(ledger_transactions(events, batch_events=5))
    stack.write_outs([[larger_than_a_fetch()], *outs[:-1]])
    stack.write_outs(outs[-1:], abort=True)
    stack.write_outs(outs[-1:])
    stack.write_outs(outs[:1], abort=True)
    with stack.watch(command) as watch:
        watch.until_ready()
        (budget,) = summary["heads"]
        answer = watch.balances(budget)
        assert (summary["lines"], summary["conventions"]) == (
            answer["lines"],
            answer["conventions"],
        )
        assert ([], True) == (answer["difference"], answer["caught_up"])
        assert 404 == watch.get("/balances/21590350100017-00-1999")[0]
        assert (200, "ok\n") == watch.get("/healthz")
        assert [] == watch.logged("balance_differs")
        assert 0 == metric(watch, "balances_differing")
        assert (metric(watch, "balances_compared_total") or 0) > 0
        assert 0 == watch.stop()
        assert (1, 1) == (len(watch.logged("watch_starts")), len(watch.logged("watch_ready")))
    assert {"watch"} == {path.name.split("-")[0] for path in stack.folder.iterdir()}, (
        "it keeps nothing"
    )


def larger_than_a_fetch() -> Out:
    """A record of the journal that belongs to no budget."""
    record = {"budget": "_dead.0", "sequence": 1, "outcome": "dead_letter"}
    record |= {"moves": None, "event": None, "dead_letter": {"reason": "x" * TWO_MIB}}
    return Out(JOURNAL, 0, b"_dead.0", json.dumps(record).encode())


def test_a_planted_difference_is_an_error_line_and_a_metric_until_it_is_put_right(
    stack: Stack,
) -> None:
    vote, more = ledger_transactions(encoded(VOTE, MORE), batch_events=1)
    (right,) = [out for out in vote if out.topic == BALANCES]
    assert right.value is not None
    wrong = right._replace(value=right.value.replace(b'"paid_cents":0', b'"paid_cents":1'))
    stack.write_outs([vote])
    with stack.watch() as watch:
        watch.until_ready()
        assert 0 == metric(watch, "balances_differing")
        stack.write_outs([[wrong]])
        line = watch.wait_for("balance_differs")
        assert ("error", BUDGET, "amounts", 1) == (
            line["level"],
            line["budget"],
            line["kind"],
            line["sequence"],
        )
        assert (1, 0) == (line["published"]["paid_cents"], line["live"]["paid_cents"])
        assert {"chapter": "65", "article": "65748", "function": "61", "operation": "489"} == (
            line["line"]
        )
        name = 'balance_differences_total{kind="amounts"}'
        assert (1, 1) == (metric(watch, name), metric(watch, "balances_differing"))
        (row,) = watch.balances(BUDGET)["difference"]
        assert line["published"] == row["published"]
        stack.write_outs([more])
        watch.until(lambda: 0 == metric(watch, "balances_differing"), "put right")
        assert 1 == metric(watch, name)


@pytest.mark.fault
@pytest.mark.timeout(240)
def test_killed_while_5000_records_pass_it_comes_to_the_same_table(stack: Stack) -> None:
    events = [event for event, _ in zip(opening(), range(RECORDS), strict=False)]
    outs = list(ledger_transactions(events))
    third = len(outs) // 3
    sums = Sums(out.value for batch in outs for out in batch if out.topic == JOURNAL)
    assert RECORDS == sums.records
    stack.write_outs(outs[:third])
    with stack.watch() as watch:
        for part in (outs[third : 2 * third], outs[2 * third :]):
            watch.until(lambda: metric(watch, "balances_compared_total"), "at work")
            stack.write_outs(killing_in_the_midst(watch, part))
            watch.start_again()
        watch.until_ready()
        for budget, lines in sums.lines.items():
            answer = watch.balances(budget)
            assert (lines, sums.sequences[budget], []) == (
                answer["lines"],
                answer["sequence"],
                answer["difference"],
            )
        assert len(sums.lines) == metric(watch, "budgets")
        assert [] == watch.logged("balance_differs")


def killing_in_the_midst(watch: Watcher, part: Sequence[Sequence[Out]]) -> Iterator[Sequence[Out]]:
    """Have it die between two transactions that follow each other at once."""
    for number, outs in enumerate(part):
        if number == len(part) // 2:
            watch.kill()
        yield outs


@pytest.mark.fault
@pytest.mark.timeout(180)
def test_two_watches_share_the_budgets_and_one_takes_over_from_a_dead_one(stack: Stack) -> None:
    events = [event for event, _ in zip(opening(), range(1_000), strict=False)]
    outs = list(ledger_transactions(events))
    sums = Sums(out.value for batch in outs for out in batch if out.topic == JOURNAL)
    stack.write_outs(outs)
    short = {"ECLUSE_SESSION_TIMEOUT_S": "10"}
    with (
        stack.watch(ECLUSE_INSTANCE="one", **short) as one,
        stack.watch(ECLUSE_INSTANCE="two", **short) as two,
    ):

        def budgets(watch: Watcher) -> float:
            return metric(watch, "budgets") or 0

        one.until(
            lambda: (
                budgets(one) > 0
                and budgets(two) > 0
                and budgets(one) + budgets(two) == len(sums.lines)
            ),
            "each has its part",
        )
        one.until_ready()
        two.until_ready()
        answers = [
            (one.get(f"/balances/{name}")[0], two.get(f"/balances/{name}")[0])
            for name in sums.lines
        ]
        assert {(200, 503), (503, 200)} == set(answers)
        one.kill()
        two.until(lambda: budgets(two) == len(sums.lines), "took over")
        two.until_ready()
        assert sums.lines == {name: two.balances(name)["lines"] for name in sums.lines}
        assert [] == two.logged("balance_differs") + one.logged("balance_differs")


@pytest.mark.fault
@pytest.mark.timeout(180)
def test_it_goes_on_when_the_broker_was_away_and_stops_while_it_is(
    broker: Broker, stack: Stack
) -> None:
    vote, more = ledger_transactions(encoded(VOTE, MORE), batch_events=1)
    stack.write_outs([vote])
    with stack.watch() as watch:
        watch.until_ready()
        broker.kill()
        broker.restart()
        stack.write_outs([more])
        sequence = '"sequence":2'
        watch.until(lambda: sequence in watch.get(f"/balances/{BUDGET}")[1], "the next record")
        watch.until_ready()
        assert [] == watch.logged("balance_differs")
        broker.kill()
        began_s = undisturbed_s()
        assert 0 == watch.stop()
        assert undisturbed_s() - began_s < STOP_S, "nothing is kept, so nothing is waited for"


def test_without_its_topics_it_says_what_is_missing_and_stops(nowhere: Stack) -> None:
    for command, code in ((WATCH, UNREACHABLE), (FAUST, 1)):
        with nowhere.watch(command) as watch:
            assert code == watch.ended()
            assert nowhere.name(JOURNAL) in watch.text
