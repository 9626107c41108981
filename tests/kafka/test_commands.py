"""`ecluse balances`, `journal` and `quarantine` over topics, as people and programs use them."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from aiokafka.structs import ConsumerRecord

from events import topics
from services.ledger.domain.journal import Outcome
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.topic_diff import TopicOptions
from services.runtime.kafka.topics import apply
from tests.builders import IBAN, Json, a_payment, a_vote, an_award, encoded
from tests.golden.record import HERE as GOLDEN
from tests.integration.command import ecluse, written
from tests.integration.test_tables import unfolded
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, Sent, budget_on, partition_for, run
from tests.kafka.commands import asked, record, sequences
from tests.kafka.workers import Worker, wait_for_records

HARD: Final = GOLDEN / "hard-year-2023.events.jsonl"
HARD_BUDGET: Final = "21590350100017-00-2023"
HARD_RECORDS: Final = 49
PARTITIONS: Final = 4
HARD_HOME: Final = partition_for(HARD_BUDGET, PARTITIONS)
OTHER_HOME: Final = 3
OTHER: Final = budget_on(OTHER_HOME, PARTITIONS)
SICK: Final = budget_on(0, 2)
SOON_S: Final = 8.0
"""How long a command may take that only finds out that it cannot begin."""


@pytest.fixture
def cluster(broker: Broker, prefix: str) -> Cluster:
    """Topics of the contract, with nothing in them."""
    cluster = Cluster(broker.bootstrap, prefix, 2)
    cluster.create()
    return cluster


# ------------------------------------------------------------------ the example
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
def year(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Year:
    """The second budget writes before and behind the hard one: partitions take turns."""
    cluster = Cluster(broker.bootstrap, f"commands-{os.getpid()}.", PARTITIONS)
    cluster.create()
    folder = tmp_path_factory.mktemp("year")
    stages = [
        (others(a_vote(budget=OTHER), an_award(budget=OTHER)), 2),
        (hard_lines(), HARD_RECORDS),
        (others(b'{"iban":"' + IBAN.encode(), a_payment(budget=OTHER)), 2),
    ]
    file = folder / "year.jsonl"
    places: dict[int, str] = {}
    ends = dict.fromkeys(range(PARTITIONS), 0)
    written_records = 0
    with Worker(cluster, folder) as worker:
        worker.wait_for_states(running=PARTITIONS)
        for lines, records in stages:
            sent = [Sent(partition_for(key, PARTITIONS), key.encode(), line) for key, line in lines]
            cluster.write(sent)
            for each in sent:
                place = f"{cluster.name(topics.EVENTS)}/{each.partition}/{ends[each.partition]}"
                places[len(places) + 1] = place
                ends[each.partition] += 1
            written_records += records
            wait_for_records(cluster, written_records)
        assert 0 == worker.stop()
    file.write_bytes(b"".join(line + b"\n" for lines, _ in stages for _, line in lines))
    return Year(cluster, file, places, cluster.read(topics.JOURNAL))


def test_a_hard_year_comes_out_as_a_replay_prints_it_but_for_positions(year: Year) -> None:
    replayed = json.loads(ecluse("replay", year.file, "--json").out)
    assert set(Outcome) == {name for name, count in replayed["outcomes"].items() if count}
    for dead_letter in replayed["dead_letters"]:
        dead_letter["position"] = year.places[dead_letter["position"]]
    expected = json.dumps(replayed, ensure_ascii=False, separators=(",", ":")) + "\n"
    result = asked(year.cluster, "balances", "--json")
    assert (0, expected) == (result.code, result.text)
    assert 4 == len(replayed["dead_letters"])
    assert 1 == asked(year.cluster, "balances", "--json", "--strict").code


def test_one_budget_comes_out_as_a_replay_of_its_events_alone(year: Year, tmp_path: Path) -> None:
    whole = json.loads(ecluse("replay", HARD, "--json").out)
    unreadable = {dead_letter["position"] for dead_letter in whole["dead_letters"]}
    lines = enumerate(HARD.read_bytes().split(b"\n"), start=1)
    readable = [line for number, line in lines if number not in unreadable]
    alone = ecluse("replay", written(tmp_path / "alone.jsonl", *readable), "--json")
    result = asked(year.cluster, "balances", "--budget", HARD_BUDGET, "--json")
    assert (0, alone.out) == (result.code, result.out)
    other = json.loads(asked(year.cluster, "balances", "--budget", OTHER, "--json").out)
    assert ([OTHER], 3) == (list(other["heads"]), other["events"])


def test_people_read_both_budgets_and_where_dead_letters_stand(year: Year) -> None:
    result = asked(year.cluster, "balances", COLUMNS="140")
    text = unfolded(result.text)
    wanted = [f"Balances of budget {HARD_BUDGET}", f"Balances of budget {OTHER}", "4 dead letters"]
    wanted += [year.places[number] for number in (8, len(year.places) - 1)]
    assert [] == [each for each in wanted if each not in text]
    assert IBAN not in result.text


# ------------------------------------------------------------------ its journal
def values(records: Sequence[ConsumerRecord]) -> list[bytes]:
    return [each.value for each in records]


def by_time(journal: dict[int, list[ConsumerRecord]]) -> list[ConsumerRecord]:
    every = [each for number in sorted(journal) for each in journal[number]]
    return sorted(every, key=lambda each: each.timestamp)


def test_the_tail_is_the_records_own_bytes_in_the_order_of_writing(year: Year) -> None:
    order = by_time(year.journal)
    homes = [each.partition for each in order]
    assert homes != sorted(homes)
    assert homes != sorted(homes, reverse=True), "the partitions took turns"
    for count in (1, 3, 10, 99):
        result = asked(year.cluster, "journal", "tail", "-n", count, "--json")
        assert (0, "") == (result.code, result.err)
        assert values(order[-count:]) == result.out.splitlines()
    assert values(order[-10:]) == asked(year.cluster, "journal", "tail", "--json").out.splitlines()


@pytest.mark.parametrize("chain", [HARD_BUDGET, OTHER, f"_dead.{HARD_HOME}", f"_dead.{OTHER_HOME}"])
def test_one_chain_is_read_alone_and_each_of_its_records_whole(year: Year, chain: str) -> None:
    (home,) = {HARD_BUDGET: {HARD_HOME}, OTHER: {OTHER_HOME}}.get(chain, {int(chain[-1])})
    mine = [each.value for each in year.journal[home] if each.key == chain.encode()]
    result = asked(year.cluster, "journal", "tail", "--budget", chain, "-n", 99, "--json")
    assert mine == result.out.splitlines()
    last = asked(year.cluster, "journal", "tail", "--budget", chain, "-n", 2, "--json")
    assert mine[-2:] == last.out.splitlines()
    for sequence in {1, len(mine)}:
        shown = asked(year.cluster, "journal", "show", chain, sequence, "--json")
        assert mine[sequence - 1] + b"\n" == shown.out
    assert 3 == asked(year.cluster, "journal", "show", chain, len(mine) + 1).code


@pytest.mark.parametrize("chain", ["nope", "_dead.2", "_dead.99", "_dead.x", "", "\udcff"])
def test_a_chain_without_records_is_reported(year: Year, chain: str) -> None:
    shown = chain.replace("\udcff", "?")
    for args in (("journal", "tail"), ("balances",)):
        result = asked(year.cluster, *args, "--budget", chain)
        assert (0, f"{shown}: the journal has no record of this budget.\n") == (
            result.code,
            result.text,
        )
    result = asked(year.cluster, "journal", "show", chain, 1)
    assert (3, b"") == (result.code, result.out)
    assert f"{shown}/1: there is no record at that place of the journal.\n" == result.err


def test_a_dead_letter_is_shown_with_its_reason_and_its_place(year: Year) -> None:
    chain = f"_dead.{OTHER_HOME}"
    for args in (["show", chain, "1"], ["tail", "--budget", chain], ["tail", "-n", "2"]):
        result = asked(year.cluster, "journal", *args)
        assert "bad_json" in unfolded(result.text)
        assert IBAN not in result.text
    shown = asked(year.cluster, "journal", "show", chain, 1)
    assert year.places[len(year.places) - 1] in unfolded(shown.text)


# ------------------------------------------------------------------ what is not there
def test_an_empty_journal_is_reported(cluster: Cluster) -> None:
    for args in (("journal", "tail"), ("balances",)):
        result = asked(cluster, *args)
        assert (0, "The journal is empty.\n") == (result.code, result.text)
    assert b"" == asked(cluster, "journal", "tail", "--json").out
    assert 0 == json.loads(asked(cluster, "balances", "--json").out)["events"]
    assert 3 == asked(cluster, "journal", "show", SICK, 1).code


def test_a_damaged_record_is_named_by_its_place(cluster: Cluster) -> None:
    cluster.write([Sent(0, SICK.encode(), b"{")], topics.JOURNAL)
    for args in (("journal", "tail"), ("balances",), ("journal", "show", SICK, 1)):
        result = asked(cluster, *args)
        assert (3, b"") == (result.code, result.out)
        assert f"Stopped: {cluster.name(topics.JOURNAL)}/0/0: " in result.err
        assert 1 == result.err.count("\n")


def test_a_record_under_the_key_of_another_budget_is_named(cluster: Cluster) -> None:
    cluster.write([Sent(0, b"another", record(SICK, 1, 0))], topics.JOURNAL)
    for args in (("journal", "tail"), ("balances",)):
        result = asked(cluster, *args)
        place = f"{cluster.name(topics.JOURNAL)}/0/0"
        assert (3, b"") == (result.code, result.out)
        assert f"Stopped: {place}: a record of {SICK} stands there under another key" in result.err


COMMANDS: Final = [
    ("balances",),
    ("journal", "tail"),
    ("journal", "show", HARD_BUDGET, "1"),
    ("quarantine", "0", "1", "--reason", "a bug"),
]


def test_missing_topics_are_named_with_what_to_do(broker: Broker, prefix: str) -> None:
    nothing = Cluster(broker.bootstrap, prefix, 2)
    began_s = time.monotonic()
    for args in COMMANDS:
        result = asked(nothing, *args)
        assert (3, b"") == (result.code, result.out)
        assert "this topic is missing: `ecluse topics apply` creates it" in result.err
        assert "library_log" not in result.err
    assert time.monotonic() - began_s < len(COMMANDS) * SOON_S


@pytest.mark.parametrize("gone", [topics.REFUSALS, topics.LEDGER_STATE])
def test_one_missing_topic_is_named(broker: Broker, prefix: str, gone: str) -> None:
    cluster = Cluster(broker.bootstrap, prefix, 2)
    others = {name: each for name, each in read_catalogue().topics.items() if name != gone}
    catalogue = read_catalogue().model_copy(update={"topics": others})
    run(apply(catalogue, cluster.settings, TopicOptions(partitions=2, replication_factor=1)))
    for args in (("journal", "tail"), ("balances",)):
        result = asked(cluster, *args)
        assert (3, b"") == (result.code, result.out)
        assert (
            f"Stopped: {cluster.name(gone)}: this topic is missing: `ecluse topics " in result.err
        )
        assert 1 == result.err.count("\n")


# ------------------------------------------------------------------ a partition that stands still
BAD: Final = 1


@pytest.fixture
def held(cluster: Cluster, tmp_path: Path) -> Iterator[Worker]:
    """A worker that holds partition 0 before its second record."""
    events = [a_vote(budget=SICK), an_award(budget=SICK), an_award(budget=SICK, grant="H")]
    cluster.publish(event | {"id": f"e{number}"} for number, event in enumerate(events))
    with Worker(cluster, tmp_path, fault=f"decide:e{BAD}") as worker:
        worker.wait_for("partition_held")
        yield worker


def test_a_held_partition_is_named_and_a_quarantine_gets_past_it(
    held: Worker, cluster: Cluster
) -> None:
    place = f"{cluster.name(topics.EVENTS)}, offset {BAD}"
    english = f"Partition 0 stands still before {place} (event e{BAD}): AssertionError('planted in"
    french = f"La partition 0 est arrêtée devant {place} (événement e{BAD})"
    for args in (["tail"], ["tail", "--json"], ["show", SICK, "1"], ["show", SICK, "99"]):
        result = asked(cluster, "journal", *args)
        assert result.err.startswith(english)
        assert f'ecluse quarantine 0 {BAD} --reason "…"' in result.err
        assert asked(cluster, "journal", *args, "--lang", "fr").err.startswith(french)
    assert [(SICK, 1)] == sequences(asked(cluster, "journal", "tail", "--json"))

    refused = asked(cluster, "quarantine", 0, BAD + 1, "--reason", "a bug", "--lang", "fr")
    assert (3, b"") == (refused.code, refused.out)
    assert f"la partition est arrêtée devant {place}" in refused.err
    assert 3 == asked(cluster, "quarantine", 1, 0, "--reason", "a bug").code
    beyond = asked(cluster, "quarantine", 2, 0, "--reason", "a bug")
    assert (3, True) == (beyond.code, "there are only the partitions 0 to 1" in beyond.err)

    why = "decide fails on it\udcff " + "x" * 900
    done = asked(cluster, "quarantine", 0, BAD, "--reason", why, "--by", "Ada", "--json")
    assert 0 == done.code, done.err
    kept = {"by": "Ada", "why": why.replace("\udcff", "?")}
    expected = {"topic": cluster.name(topics.EVENTS), "partition": 0, "offset": BAD} | kept
    assert expected.items() <= json.loads(done.out).items()
    wait_for_records(cluster, 3)
    assert 0 == held.stop()

    tail = asked(cluster, "journal", "tail", "--json")
    assert "" == tail.err, "nothing stands still any more"
    (dead,) = (row for row in map(json.loads, tail.out.splitlines()) if row["dead_letter"])
    assert kept.items() <= dead["dead_letter"].items()
    shown = asked(cluster, "journal", "show", "_dead.0", 1, COLUMNS="1200").text
    assert [] == [each for each in ("set aside by  Ada", "An operator set") if each not in shown]
    assert 2 == shown.count(kept["why"]), "in the journal's words, and in those of the notice"
    again = asked(cluster, "quarantine", 0, BAD, "--reason", "a bug", "--lang", "fr")
    assert (3, True) == (again.code, "cette partition n'est pas arrêtée" in again.err)
