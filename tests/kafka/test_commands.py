"""`ecluse balances` and `journal` over topics: what a program reads, and exit codes.

What people read is made by the same code from files: tests/integration.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from aiokafka.structs import ConsumerRecord

from events import topics
from services.ledger.domain.journal import Outcome
from services.runtime.kafka.topic_catalogue import read_catalogue
from tests.builders import IBAN, Json, a_payment, a_vote, an_award, encoded
from tests.golden.record import HERE as GOLDEN
from tests.integration.command import EXAMPLE, ecluse, written
from tests.kafka.cluster import Cluster, Sent, budget_on, partition_for
from tests.kafka.commands import DONE, UNREACHABLE, WRONG, asked, object_of
from tests.kafka.stack import Stack
from tests.kafka.topics import catalogue_of
from tests.kafka.undisturbed_clock import undisturbed_s

HARD: Final = GOLDEN / "hard-year-2023.events.jsonl"
HARD_BUDGET: Final = "21590350100017-00-2023"
HARD_RECORDS: Final = 49
PARTITIONS: Final = 4
HARD_HOME: Final = partition_for(HARD_BUDGET, PARTITIONS)
OTHER_HOME: Final = 3
OTHER: Final = budget_on(OTHER_HOME, PARTITIONS)
SICK: Final = budget_on(0, PARTITIONS)
SOON_S: Final = 8.0
"""How long a command may take that only finds out that it cannot begin."""


# ------------------------------------------------------------------ a hard year
class Year(NamedTuple):
    """A year with every outcome on one partition, and a second budget on another."""

    cluster: Cluster
    file: Path
    """The same lines in the same order."""

    places: dict[int, str]
    """Where each line of the file stands on the events topic."""

    journal: dict[int, list[ConsumerRecord]]
    """Read by a plain client."""


def others(*events: Json | bytes) -> list[tuple[str, bytes]]:
    return [(OTHER, encoded(event)) for event in events]


def hard_lines() -> list[tuple[str, bytes]]:
    """Those of the recorded history; a line that nobody can read has the key of its budget too."""
    return [(HARD_BUDGET, line) for line in HARD.read_bytes().split(b"\n") if line.strip()]


@pytest.fixture(scope="module")
def year(module_stack: Stack) -> Year:
    """The second budget writes before and behind the hard one: partitions take turns."""
    cluster = module_stack
    stages = [
        (others(a_vote(budget=OTHER), an_award(budget=OTHER)), 2),
        (hard_lines(), HARD_RECORDS),
        (others(b'{"iban":"' + IBAN.encode(), a_payment(budget=OTHER)), 2),
    ]
    places: dict[int, str] = {}
    ends = dict.fromkeys(range(PARTITIONS), 0)
    written_records = 0
    with cluster.ledger() as worker:
        for lines, records in stages:
            sent = [Sent(partition_for(key, PARTITIONS), key.encode(), line) for key, line in lines]
            cluster.write(sent)
            for each in sent:
                place = f"{cluster.name(topics.EVENTS)}/{each.partition}/{ends[each.partition]}"
                places[len(places) + 1] = place
                ends[each.partition] += 1
            written_records += records
            cluster.wait_for_records(written_records)
        assert 0 == worker.stop()
    every = [line for lines, _ in stages for _, line in lines]
    file = written(cluster.folder / "year.jsonl", *every)
    return Year(cluster, file, places, cluster.read(topics.JOURNAL))


def test_a_hard_year_is_what_a_replay_prints_but_for_positions(year: Year) -> None:
    replayed = json.loads(ecluse("replay", year.file, "--json").out)
    assert set(Outcome) == {name for name, count in replayed["outcomes"].items() if count}
    for dead_letter in replayed["dead_letters"]:
        dead_letter["position"] = year.places[dead_letter["position"]]
    expected = json.dumps(replayed, ensure_ascii=False, separators=(",", ":")) + "\n"
    result = asked(year.cluster, "balances", "--json")
    assert (DONE, expected) == (result.code, result.text)
    assert 4 == len(replayed["dead_letters"])
    assert WRONG == asked(year.cluster, "balances", "--json", "--strict").code


def test_one_budget_is_what_a_replay_of_its_events_alone_prints(year: Year, tmp_path: Path) -> None:
    whole = json.loads(ecluse("replay", HARD, "--json").out)
    unreadable = {dead_letter["position"] for dead_letter in whole["dead_letters"]}
    lines = enumerate(HARD.read_bytes().split(b"\n"), start=1)
    readable = [line for number, line in lines if number not in unreadable]
    alone = ecluse("replay", written(tmp_path / "alone.jsonl", *readable), "--json")
    result = asked(year.cluster, "balances", "--budget", HARD_BUDGET, "--json")
    assert (DONE, alone.out) == (result.code, result.out)
    other = object_of(year.cluster, "balances", "--budget", OTHER)
    assert ([OTHER], 3) == (list(other["heads"]), other["events"])


# ------------------------------------------------------------------ its journal
def values(records: Sequence[ConsumerRecord]) -> list[bytes]:
    return [each.value for each in records]


def test_the_tail_is_the_records_own_bytes_in_the_order_of_writing(year: Year) -> None:
    every = [each for number in sorted(year.journal) for each in year.journal[number]]
    order = sorted(every, key=lambda each: each.timestamp)
    homes = [each.partition for each in order]
    assert homes not in (sorted(homes), sorted(homes, reverse=True)), "the partitions took turns"
    for count in (1, 10, 99):
        result = asked(year.cluster, "journal", "tail", "-n", count, "--json")
        assert (DONE, "") == (result.code, result.err)
        assert values(order[-count:]) == result.out.splitlines()


@pytest.mark.parametrize("chain", [HARD_BUDGET, OTHER, f"_dead.{HARD_HOME}", f"_dead.{OTHER_HOME}"])
def test_one_chain_is_read_alone_and_each_of_its_records_whole(year: Year, chain: str) -> None:
    (home,) = {HARD_BUDGET: {HARD_HOME}, OTHER: {OTHER_HOME}}.get(chain, {int(chain[-1])})
    mine = [each.value for each in year.journal[home] if each.key == chain.encode()]
    for count in (2, 99):
        result = asked(year.cluster, "journal", "tail", "--budget", chain, "-n", count, "--json")
        assert mine[-count:] == result.out.splitlines()
    for sequence in {1, len(mine)}:
        shown = asked(year.cluster, "journal", "show", chain, sequence, "--json")
        assert mine[sequence - 1] + b"\n" == shown.out
    assert UNREACHABLE == asked(year.cluster, "journal", "show", chain, len(mine) + 1).code


# ------------------------------------------------------------------ what is not there
def test_an_empty_journal_is_nothing_wrong(stack: Stack) -> None:
    tail = asked(stack, "journal", "tail", "--json")
    assert (DONE, b"") == (tail.code, tail.out)
    assert 0 == object_of(stack, "balances")["events"]
    assert object_of(stack, "whatif", EXAMPLE)["outcomes"]["accepted"]
    assert UNREACHABLE == asked(stack, "journal", "show", SICK, 1).code


def assert_stopped(cluster: Cluster, what: str, *commands: tuple[object, ...]) -> None:
    """Each ends with 3, prints nothing, and names what is wrong in one line."""
    for args in commands:
        result = asked(cluster, *args)
        assert (UNREACHABLE, b"") == (result.code, result.out)
        assert result.err.startswith("Stopped: ")
        assert (1, True) == (result.err.count("\n"), what in result.err), result.err


def test_a_damaged_record_is_named_by_its_place(stack: Stack) -> None:
    stack.write([Sent(0, SICK.encode(), b"{")], topics.JOURNAL)
    assert_stopped(
        stack,
        f"{stack.name(topics.JOURNAL)}/0/0: ",
        ("journal", "tail"),
        ("balances",),
        ("journal", "show", SICK, 1),
        ("journal", "export", stack.folder / "x.jsonl"),
        ("trace", "C"),
        ("parked",),
        ("whatif", written(stack.folder / "events.jsonl", a_vote(budget=SICK))),
    )


def test_missing_topics_are_named_soon(nowhere: Stack) -> None:
    began_s = undisturbed_s()
    commands: list[tuple[object, ...]] = [
        ("balances",),
        ("journal", "tail"),
        ("journal", "show", HARD_BUDGET, "1"),
        ("trace", "C"),
    ]
    assert_stopped(nowhere, "this topic is missing", *commands)
    assert UNREACHABLE == asked(nowhere, "quarantine", 0, 1, "--reason", "a bug").code
    assert undisturbed_s() - began_s < len(commands) * SOON_S


def test_one_missing_topic_is_named(nowhere: Stack) -> None:
    gone = topics.REFUSALS
    nowhere.create(catalogue_of(*(each for each in read_catalogue().topics if each != gone)))
    assert_stopped(nowhere, f"{nowhere.name(gone)}: ", ("journal", "tail"), ("balances",))
