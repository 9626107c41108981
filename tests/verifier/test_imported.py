"""A journal that was imported into a new cluster.

Its input topics and what it published are gone.
"""

from events.topics import BALANCES, JOURNAL
from services.verifier.findings import Findings
from services.verifier.kafka_records import home_of, partition_of
from services.verifier.offline import JournalAlone, Row
from tests.builders import BUDGET, a_vote
from tests.verifier.stories import a_closed_world, a_world
from tests.verifier.world import World

IMPORTED = ("ecluse_imported", b"1")


def imported(world: World) -> World:
    """The same journal and balances; input topics and all other topics are empty."""
    for (topic, _), records in world.topics.items():
        if topic == JOURNAL:
            records[:] = [each._replace(headers=(*each.headers, IMPORTED)) for each in records]
        elif topic != BALANCES:
            records.clear()
    return world


def test_an_imported_journal_is_proved_with_its_balances() -> None:
    for made in (a_world, a_closed_world):
        world = imported(made())
        records = sum(len(world.topics[JOURNAL, each]) for each in range(world.partitions))
        assert [] == world.findings()
        assert records == sum(proof.imported for proof in world.proofs())


def test_what_comes_behind_it_is_held_against_the_new_input_topics() -> None:
    world = imported(a_world()).tell([a_vote(1, stage="supplementary", _id="behind")])
    assert [] == world.findings()
    journal = world.topics[JOURNAL, home_of(BUDGET, world.partitions)]
    journal[-1] = journal[-1]._replace(value=b"{}")
    assert "not_yet_journalled" in world.codes()


def test_an_imported_record_that_is_forged_is_found() -> None:
    world = imported(a_world())
    world.edit(JOURNAL, lambda row: row.update(digest="0" * 64), at=2)
    assert "hash_differs" in world.codes()


def test_a_balance_that_is_not_published_again_is_found() -> None:
    world = imported(a_world())
    del world[BALANCES][-1]
    assert ["balance_missing"] == world.codes()


def test_a_journal_without_the_mark_of_an_import_needs_its_input_topics() -> None:
    world = a_world()
    for (topic, _), records in world.topics.items():
        if topic not in {JOURNAL, BALANCES}:
            records.clear()
    assert {"no_such_source", "message_missing"} <= set(world.codes())


def test_input_topics_that_begin_anew_are_counted_in_its_export() -> None:
    world = imported(a_world()).tell([a_vote(1, stage="supplementary", _id="behind")])
    proof = JournalAlone(Findings(), in_a_row=True)
    for each in world.topics[JOURNAL, home_of(BUDGET, world.partitions)]:
        proof.take(Row(each.place, each.value or b"", each.key))
    report = proof.end()
    assert report.proved
    assert ["positions"] == [each.note for each in report.remarks if each.note == "positions"]


def test_a_chain_of_unreadable_records_lives_where_its_name_says_if_there_is_such() -> None:
    assert (3, 0) == (home_of("_dead.3", 4), home_of("_dead.0", 1))
    assert partition_of(b"_dead.3", 2) == home_of("_dead.3", 2)
    assert partition_of(BUDGET.encode(), 7) == home_of(BUDGET, 7)
