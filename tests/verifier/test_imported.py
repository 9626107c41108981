"""A journal that was imported into a new cluster.

Its input topics and what it published are gone.
"""

from collections.abc import Callable

from events.topics import BALANCES, COMMITMENT_ENTRIES, JOURNAL, PAYMENT_ORDERS
from services.verifier.findings import Findings
from services.verifier.journal_alone import JournalAlone
from services.verifier.journal_proof import Row, merge_figures
from services.verifier.kafka_records import home_of, partition_of
from services.verifier.report import Note
from tests.builders import BUDGET, Json, a_vote
from tests.verifier.memory_cluster import MemoryCluster
from tests.verifier.planting import edit, is_dead
from tests.verifier.scenarios import a_closed_cluster, a_cluster

IMPORTED = ("ecluse_imported", b"1")


def imported(cluster: MemoryCluster) -> MemoryCluster:
    """The same journal and balances; input topics and all other topics are empty."""
    for (topic, _), records in cluster.topics.items():
        if topic == JOURNAL:
            records[:] = [each._replace(headers=(*each.headers, IMPORTED)) for each in records]
        elif topic != BALANCES:
            records.clear()
    return cluster


def test_an_imported_journal_is_proved_with_its_balances() -> None:
    for made in (a_cluster, a_closed_cluster):
        cluster = imported(made())
        records = sum(len(cluster.topics[JOURNAL, each]) for each in range(cluster.partitions))
        assert [] == cluster.findings()
        assert records == sum(proof.imported for proof in cluster.proofs())


def test_dead_letters_that_a_database_read_from_a_file_are_printed_in_its_order() -> None:
    cluster = imported(a_cluster())
    for line in (7, 11):
        source = {"topic": "events.jsonl#0123456789abcdef", "partition": 0, "offset": line}
        edit(cluster, lambda row: is_dead(row) and "#" not in row["source"]["topic"], at(source))
    summaries = [each.journal.summary() for each in cluster.proofs()]
    assert [] == cluster.findings()
    positions = [each["position"] for each in merge_figures(summaries)["dead_letters"]]
    on_topics = positions[2:]
    assert ([7, 11], sorted(on_topics, key=by_place)) == (positions[:2], on_topics)


def at(source: Json) -> Callable[[Json], None]:
    return lambda row: row.update(source=source)


def by_place(position: str) -> tuple[str, int, int]:
    topic, partition, offset = position.rsplit("/", 2)
    return topic, int(partition), int(offset)


def with_copies() -> MemoryCluster:
    """An imported journal with copies of the payment orders and the entries."""
    cluster = a_cluster()
    copies = {
        place: list(records)
        for place, records in cluster.topics.items()
        if place[0] in {PAYMENT_ORDERS, COMMITMENT_ENTRIES}
    }
    cluster = imported(cluster)
    for place, records in copies.items():
        cluster.topics[place][:] = records
    return cluster


def test_what_was_published_of_it_may_be_copied_and_is_compared() -> None:
    assert [] == with_copies().findings()
    forged = with_copies()
    forged.edit(PAYMENT_ORDERS, lambda row: row["data"].update(amount_cents=1))
    assert ["message_differs"] == forged.codes()
    twice = with_copies()
    twice[COMMITMENT_ENTRIES].append(twice[COMMITMENT_ENTRIES][-1])
    assert "message_twice" in twice.codes()


def test_what_comes_behind_it_is_held_against_the_new_input_topics() -> None:
    cluster = imported(a_cluster()).tell([a_vote(1, stage="supplementary", _id="behind")])
    assert [] == cluster.findings()
    journal = cluster.topics[JOURNAL, home_of(BUDGET, cluster.partitions)]
    journal[-1] = journal[-1]._replace(value=b"{}")
    assert "not_yet_journalled" in cluster.codes()


def test_an_imported_record_that_is_forged_is_found() -> None:
    cluster = imported(a_cluster())
    cluster.edit(JOURNAL, lambda row: row.update(digest="0" * 64), at=2)
    assert "hash_differs" in cluster.codes()


def test_a_balance_that_is_not_published_again_is_found() -> None:
    cluster = imported(a_cluster())
    del cluster[BALANCES][-1]
    assert ["balance_missing"] == cluster.codes()


def test_a_journal_without_the_mark_of_an_import_needs_its_input_topics() -> None:
    cluster = a_cluster()
    for (topic, _), records in cluster.topics.items():
        if topic not in {JOURNAL, BALANCES}:
            records.clear()
    assert {"no_such_source", "message_missing"} <= set(cluster.codes())


def test_input_topics_that_begin_anew_are_counted_in_its_export() -> None:
    cluster = imported(a_cluster()).tell([a_vote(1, stage="supplementary", _id="behind")])
    proof = JournalAlone(Findings(), in_a_row=True)
    for each in cluster.topics[JOURNAL, home_of(BUDGET, cluster.partitions)]:
        proof.take(Row(each.place, each.value or b"", each.key))
    report = proof.end()
    assert report.proved
    assert [Note.POSITIONS] == [each.note for each in report.remarks if each.note is Note.POSITIONS]


def test_a_chain_of_unreadable_records_lives_where_its_name_says_if_there_is_such() -> None:
    assert (3, 0) == (home_of("_dead.3", 4), home_of("_dead.0", 1))
    assert partition_of(b"_dead.3", 2) == home_of("_dead.3", 2)
    assert partition_of(BUDGET.encode(), 7) == home_of(BUDGET, 7)
