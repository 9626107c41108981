"""What holds for any history: a good cluster is proved, a damaged one is not, nothing crashes."""

import json
from copy import deepcopy
from functools import cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events.codec import EVENT_BYTES_MAX
from events.topics import DEAD_LETTERS
from services.verifier.journal_proof import merge_figures
from services.verifier.kafka_records import partition_of
from services.verifier.partition import PartitionProof
from tests.builders import BUDGET, Json, Scenario, a_payment, encoded
from tests.property.histories import histories
from tests.property.years import Inputs, decided, years
from tests.verifier.memory_cluster import INTERNAL_EVENTS, JOURNAL, TOPICS, MemoryCluster, Sent
from tests.verifier.planting import reseal
from tests.verifier.scenarios import a_closed_cluster, a_cluster

VALUES: tuple[Any, ...] = (None, "", 0, -1, True, 2**70, 1.5, "x", [], {}, [None], {"a": 1})
"""What may stand where something else belongs."""

# A flag asks a person to look; what the rules were when it was raised is no figure.
NOT_PROVED = {"review_flags", "rules_version"}
# Made whole again by whoever forges a chain.
REMADE = {"previous_hash", "sequence", "hash"}


def key_of(line: bytes) -> bytes:
    """The key under which a careful sender sends a line."""
    try:
        return str(json.loads(line)["partitionkey"]).encode()
    except (ValueError, LookupError, TypeError):
        return BUDGET.encode()


def figures(proofs: list[PartitionProof]) -> Json:
    return merge_figures(each.journal.summary() for each in proofs)


@given(histories(), st.integers(1, 4), st.integers(1, 9))
def test_any_history_is_proved_and_adds_up_to_what_a_replay_says(
    history: list[bytes], partitions: int, batch: int
) -> None:
    cluster = MemoryCluster(partitions).tell((Sent(line, key_of(line)) for line in history), batch)
    assert [] == cluster.findings()
    found, printed = figures(list(cluster.proofs())), Scenario(*history).summary()
    assert len(printed.pop("dead_letters")) == len(found.pop("dead_letters"))
    assert printed == found


@given(years(), st.integers(1, 4), st.integers(1, 9))
def test_years_that_end_are_proved_and_add_up_to_what_a_replay_says(
    inputs: Inputs, partitions: int, batch: int
) -> None:
    cluster = MemoryCluster(partitions)
    for history in inputs:
        cluster.tell((Sent(line, key_of(line)) for line in history), batch)
    assert [] == cluster.findings()
    found, printed = figures(list(cluster.proofs())), decided(inputs).summary()
    assert len(printed.pop("dead_letters")) == len(found.pop("dead_letters"))
    assert printed == found


def test_an_internal_event_larger_than_any_event_is_kept_whole_and_proved() -> None:
    """Astray, or set aside: that it was readable is no fault of whoever quarantined it."""
    large = encoded(a_payment(1)) + b" " * EVENT_BYTES_MAX
    astray = 1 - partition_of(BUDGET.encode(), 2)
    cluster = MemoryCluster(2).tell(
        [Sent(large, BUDGET.encode(), partition=astray, topic=INTERNAL_EVENTS)]
    )
    cluster.quarantine(Sent(large, BUDGET.encode(), topic=INTERNAL_EVENTS), "Ève", "elle bloque")
    assert [] == cluster.findings()
    internal_events = [
        each.value for number in (0, 1) for each in cluster.topics[DEAD_LETTERS, number]
    ]
    assert [large, large] == internal_events


def places(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of everything inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for name, each in inside:
        found.append((*at, name))
        if isinstance(each, dict | list):
            found += places(each, (*at, name))
    return found


def spoil(data: st.DataObject, value: Json, left_out: set[str]) -> bool:
    """Put something else in one place; false where it says the same as before."""
    path = data.draw(st.sampled_from([each for each in places(value) if each[0] not in left_out]))
    place: Any = value
    for step in path[:-1]:
        place = place[step]
    before, after = place[path[-1]], deepcopy(data.draw(st.sampled_from(VALUES)))
    place[path[-1]] = after
    return json.dumps(before) != json.dumps(after)


good = cache(a_cluster)
closed = cache(a_closed_cluster)


def a_copy(of: MemoryCluster | None = None) -> MemoryCluster:
    """A good world for one test to spoil."""
    known = of or good()
    cluster = MemoryCluster(known.partitions)
    cluster.topics = {place: list(records) for place, records in known.topics.items()}
    return cluster


def spelled(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@given(st.data())
def test_whatever_is_forged_in_a_journal_record_is_found(data: st.DataObject) -> None:
    cluster = a_copy(data.draw(st.sampled_from((good(), closed()))))
    journal = cluster[JOURNAL]
    at = data.draw(st.integers(0, len(journal) - 1))
    row = json.loads(journal[at].value or b"")
    changed = spoil(data, row, NOT_PROVED | REMADE)
    journal[at] = journal[at]._replace(value=spelled(row))
    if data.draw(st.booleans()):
        try:
            reseal(cluster)
        except Exception:  # noqa: BLE001 # what cannot be read cannot be sealed either
            changed = True
    assert changed == bool(cluster.codes())


@given(st.data())
def test_no_damage_to_a_published_record_stops_the_proof(data: st.DataObject) -> None:
    cluster = a_copy()
    place = data.draw(st.sampled_from([place for place in cluster.topics if cluster.topics[place]]))
    records = cluster.topics[place]
    at = data.draw(st.integers(0, len(records) - 1))
    damage: st.SearchStrategy[Json] = st.fixed_dictionaries(
        {},
        optional={
            "key": st.sampled_from((None, b"", b"[]", b"[1,2,3,4,5]", b'["b","c","d","e","f"]')),
            "value": st.sampled_from((None, b"", b"{}", b"[]", b"\xff", b'{"data":{}}')),
            "headers": st.sampled_from(
                ((), (("content-type", None),), (("ecluse_dlq_reason", b"\xff"),))
            ),
            "timestamp_ms": st.sampled_from((-5, 2**62)),
        },
    )
    records[at] = records[at]._replace(**data.draw(damage))
    cluster.findings()


@given(st.data())
def test_no_spoilt_message_stops_the_proof(data: st.DataObject) -> None:
    cluster = a_copy()
    topic = data.draw(st.sampled_from([each for each in TOPICS if cluster[each]]))
    records = cluster[topic]
    at = data.draw(st.integers(0, len(records) - 1))
    try:
        value = json.loads(records[at].value or b"")
    except ValueError:
        return
    if isinstance(value, dict) and value:
        spoil(data, value, set())
        records[at] = records[at]._replace(value=spelled(value))
    cluster.findings()
