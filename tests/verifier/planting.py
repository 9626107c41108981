"""What a test plants in a world: edits of its topics, with or without a new chain."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from events.topics import BALANCES, DEAD_LETTERS, PAYMENT_ORDERS, REFUSALS
from services.verifier.findings import Place
from services.verifier.kafka_records import TopicRecord
from services.verifier.records import (
    FIRST_HASH,
    NOT_HASHED,
    Record,
    canonical,
    read_record,
    sha256_hex,
)
from tests.builders import Json
from tests.verifier.memory_cluster import EVENTS, JOURNAL, MemoryCluster

Change = Callable[[Json], object]
Which = Callable[[Json], bool]


def rows(cluster: MemoryCluster) -> list[Json]:
    """The journal of the fullest partition, read."""
    return [json.loads(each.value or b"") for each in cluster[JOURNAL]]


def find(cluster: MemoryCluster, which: Which) -> int:
    """Where the first journal record stands that `which` is about."""
    return next(at for at, row in enumerate(rows(cluster)) if which(row))


def find_last(cluster: MemoryCluster, which: Which) -> int:
    """Where the last one stands."""
    return max(at for at, row in enumerate(rows(cluster)) if which(row))


def of_kind(name: str, outcome: str = "accepted") -> Which:
    """Records of one type of event."""
    return lambda row: (
        row["event"] is not None
        and row["event"]["type"] == f"ecluse.{name}.v1"
        and row["outcome"] == outcome
    )


VOTE = of_kind("budget.voted")
AWARD = of_kind("deliberation.adopted")
SIGNED = of_kind("convention.signed")
PAID = of_kind("payment.executed")
REFUSED = of_kind("payment.executed", "refused")
PARKED = of_kind("deliberation.adopted", "parked")
DUPLICATE = of_kind("budget.voted", "duplicate")
ACCOUNT = of_kind("bank-account.changed")
AMENDED = of_kind("convention.amended")
REDUCED = of_kind("commitment.reduced")
ENDED = of_kind("convention.terminated")
WITHDRAWN = of_kind("deliberation.withdrawn")
COLLECTED = of_kind("recovery.collected")
DOCUMENT_REJECTED = of_kind("report.rejected")


def spelled(record: Record, row: Json) -> bytes:
    """The bytes of a record as the ledger writes them, its hash taken anew."""
    body = canonical({name: each for name, each in row.items() if name not in NOT_HASHED})
    row["hash"] = sha256_hex(body)
    source = {name: row["source"][name] for name in ("topic", "partition", "offset")}
    tail = f',"event":{record.event_text},"hash":"{row["hash"]}","source":'
    printed = json.dumps(source, ensure_ascii=False, separators=(",", ":"))
    return f"{body.decode()[:-1]}{tail}{printed}}}".encode()


def edit(cluster: MemoryCluster, which: Which, change: Change) -> None:
    """Change a journal record, and let nothing else know."""
    journal, at = cluster[JOURNAL], find(cluster, which)
    row = json.loads(journal[at].value or b"")
    change(row)
    value = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
    journal[at] = journal[at]._replace(value=value)


def respelled(cluster: MemoryCluster) -> None:
    """The same record, its members in another order."""
    journal, at = cluster[JOURNAL], find(cluster, PAID)
    row = json.loads(journal[at].value or b"")
    value = json.dumps(dict(reversed(row.items())), ensure_ascii=False, separators=(",", ":"))
    journal[at] = journal[at]._replace(value=value.encode())


def forge(cluster: MemoryCluster, which: Which, change: Change) -> None:
    """Change a journal record as one would who can write: the chain is made whole again."""
    edit(cluster, which, change)
    reseal(cluster)


def reseal(cluster: MemoryCluster) -> None:
    """Number and chain the journal of the fullest partition anew."""
    heads: dict[str, tuple[int, str]] = {}
    journal = cluster[JOURNAL]
    for at, each in enumerate(journal):
        record = read_record(each.value or b"", Place())
        row, budget = record.row, record.budget
        sequence, head = heads.get(budget, (0, FIRST_HASH))
        row |= {"sequence": sequence + 1, "previous_hash": head}
        journal[at] = each._replace(value=spelled(record, row))
        heads[budget] = (sequence + 1, row["hash"])


def without(cluster: MemoryCluster, topic: str, at: int = 0) -> TopicRecord:
    """Take a record out of a topic."""
    return cluster[topic].pop(at)


def twice(cluster: MemoryCluster, topic: str, at: int = 0) -> None:
    """Write a record a second time, at the end."""
    records = cluster[topic]
    records.append(records[at]._replace(offset=records[-1].offset + 1))


def swap(cluster: MemoryCluster, topic: str, at: int = 0, by: int = 1) -> None:
    """Let two records change places; their offsets stay."""
    records = cluster[topic]
    first, second = records[at], records[at + by]
    records[at] = second._replace(offset=first.offset)
    records[at + by] = first._replace(offset=second.offset)


def elsewhere(cluster: MemoryCluster, topic: str, at: int = 0) -> None:
    """Move a record to another partition of its topic."""
    record = cluster[topic].pop(at)
    other = (record.partition + 1) % cluster.partitions
    cluster.topics[topic, other].append(record._replace(partition=other, offset=9_000))


class Planted(NamedTuple):
    """A defect in words, how it is planted, what must be found, and what may follow from it."""

    defect: str
    plant: Callable[[MemoryCluster], object]
    found: str
    also: str = ""


def put(*path: str | int, value: Any) -> Callable[[Json], None]:
    """A change of one member, deep in a value."""

    def change(row: Json) -> None:
        place: Any = row
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def is_dead(row: Json) -> bool:
    return bool(row["outcome"] == "dead_letter")


def waited_too_long(row: Json) -> bool:
    return row["refusal"] is not None and row["refusal"]["code"] == "dependency_missing"


def resumed(row: Json) -> bool:
    return row["resumes"] is not None


def replaced(topic: str, at: int = 0, **changes: Any) -> Callable[[MemoryCluster], None]:
    """A record of a topic with another key, value or headers."""

    def plant(cluster: MemoryCluster) -> None:
        records = cluster[topic]
        records[at] = records[at]._replace(**changes)

    return plant


def forged(
    which: Callable[[Json], bool], *path: str | int, value: Any
) -> Callable[[MemoryCluster], None]:
    return lambda cluster: forge(cluster, which, put(*path, value=value))


def altered(
    topic: str, *path: str | int, value: Any, at: int = 0
) -> Callable[[MemoryCluster], None]:
    return lambda cluster: cluster.edit(topic, put(*path, value=value), at)


def lost(topic: str, at: int = 0) -> Callable[[MemoryCluster], object]:
    return lambda cluster: without(cluster, topic, at)


def a_member_twice(cluster: MemoryCluster) -> None:
    last = cluster[JOURNAL][-1]
    doubled = b'"amount_cents":1,"amount_cents":7000'
    value = (last.value or b"").replace(b'"amount_cents":7000', doubled, 1)
    cluster[JOURNAL][-1] = last._replace(value=value)


def parked_for_ever(cluster: MemoryCluster) -> None:
    """The last of what resumed never did, and nothing came behind it."""
    at = find_last(cluster, resumed)
    del cluster[JOURNAL][at:]


def far_from_its_waker(cluster: MemoryCluster) -> None:
    """Between a record and the one that it wakes stands another budget's."""
    journal = cluster[JOURNAL]
    at = find(cluster, resumed)
    while rows(cluster)[at + 1]["budget"] in {rows(cluster)[at]["budget"], "_dead.0"}:
        at += 1
    swap(cluster, JOURNAL, at)
    assert journal[at].offset < journal[at + 1].offset


def an_order_again(cluster: MemoryCluster) -> None:
    """A payment that issues the order of its convention once more, money and all."""
    signed = rows(cluster)[find(cluster, SIGNED)]

    def again(row: Json) -> None:
        row["payment_orders"] += signed["payment_orders"]
        row["moves"] += [move for move in signed["moves"] if move["to"] == "ordered"]

    forge(cluster, lambda row: PAID(row) and row["budget"] == signed["budget"], again)


def no_order(row: Json) -> None:
    row["payment_orders"] = None
    row["moves"] = [move for move in row["moves"] if move["to"] != "ordered"]


def never_read(cluster: MemoryCluster) -> None:
    """A source record that nobody journalled, among others that were."""
    records = cluster[EVENTS]
    gap = next(at for at in range(1, 99) if records[at].offset - records[at - 1].offset > 1)
    records.insert(gap, records[gap]._replace(offset=records[gap].offset - 1))


def source_swapped(cluster: MemoryCluster) -> None:
    """Two budgets of a partition, whose events the ledger read in the wrong order."""
    journal = rows(cluster)
    at = next(
        at
        for at in range(len(journal) - 1)
        if not is_dead(journal[at])
        and journal[at]["outcome"] == journal[at + 1]["outcome"] == "accepted"
        and journal[at]["budget"] != journal[at + 1]["budget"]
        and not resumed(journal[at])
        and not resumed(journal[at + 1])
        and not resumed(journal[at + 2])
    )
    swap(cluster, JOURNAL, at)


def decided_twice(cluster: MemoryCluster) -> None:
    """A worker that came back decides again what another had decided."""
    twice(cluster, JOURNAL, find(cluster, PAID))
    reseal(cluster)


def purged(*topics: str) -> Callable[[MemoryCluster], None]:
    """All records of these topics are deleted, as their retention does it."""

    def plant(cluster: MemoryCluster) -> None:
        for place, records in cluster.topics.items():
            if place[0] in topics and records:
                cluster.first_offsets[place] = records[-1].offset + 1
                records.clear()

    return plant


def readable_dead_letter(cluster: MemoryCluster) -> None:
    """A readable event that journal, notice and internal event all call unreadable."""

    def by_key(row: Json) -> bool:
        return is_dead(row) and row["dead_letter"]["reason"].startswith("wrong_partition_key")

    forge(cluster, by_key, put("dead_letter", "reason", value="bad_json"))
    notices = [
        b"wrong_partition_key" in (each.value or b"") for each in cluster.topics[REFUSALS, 0]
    ]
    reason = put("data", "reason", value="bad_json")
    cluster.edit(REFUSALS, reason, notices.index(True), partition=0)
    internal_events = cluster.topics[DEAD_LETTERS, 0]
    at = next(at for at, each in enumerate(internal_events) if each.key is None)
    headers = {
        **dict(internal_events[at].headers),
        "ecluse_dlq_reason": b"bad_json",
        "__connect.errors.exception.class.name": b"ecluse.bad_json",
    }
    internal_events[at] = internal_events[at]._replace(headers=tuple(headers.items()))


def other_reason(cluster: MemoryCluster) -> None:
    headers = {**dict(cluster[DEAD_LETTERS][0].headers), "ecluse_dlq_reason": b"undecodable"}
    replaced(DEAD_LETTERS, headers=tuple(headers.items()))(cluster)


def placed_twice(name: str) -> Callable[[MemoryCluster], None]:
    """A dead letter that says that it stood elsewhere, and by `name` where it stood."""

    def plant(cluster: MemoryCluster) -> None:
        headers = dict(cluster[DEAD_LETTERS][0].headers)
        right = headers["ecluse_dlq_topic"]
        headers["ecluse_dlq_topic"] = b"elsewhere"
        replaced(DEAD_LETTERS, headers=(*headers.items(), (name, right)))(cluster)

    return plant


def under_a_new_id(cluster: MemoryCluster) -> None:
    """A consumer that trusts ids would pay it twice."""
    twice(cluster, PAYMENT_ORDERS)
    altered(PAYMENT_ORDERS, "id", value="x", at=-1)(cluster)


def beside(topic: str, path: tuple[str, ...], value: Any) -> Callable[[MemoryCluster], None]:
    """A wrong member whose right value stands under the same name in `data`."""

    def change(message: Json) -> None:
        place = message
        for step in path[:-1]:
            place = place[step]
        message["data"][path[-1]] = place[path[-1]]
        place[path[-1]] = value

    return lambda cluster: cluster.edit(topic, change)


def rewritten(
    topic: str, change: Callable[[bytes], bytes], at: int = 0
) -> Callable[[MemoryCluster], None]:
    """Other bytes of a message."""

    def plant(cluster: MemoryCluster) -> None:
        before = cluster[topic][at].value or b""
        replaced(topic, at, value=change(before))(cluster)
        assert before != cluster[topic][at].value

    return plant


def removed_balance(cluster: MemoryCluster) -> None:
    last = cluster[BALANCES][-1]
    cluster.put(BALANCES, last.partition, last.key, None)


def respelled_key(cluster: MemoryCluster) -> None:
    """The first balance under the same key with a space in it."""
    key = cluster[BALANCES][0].key or b""
    replaced(BALANCES, key=key.replace(b",", b", ", 1))(cluster)


def older_balance_last(cluster: MemoryCluster) -> None:
    """The first balance of a key that has several is published again, behind the last."""
    records = cluster[BALANCES]
    first = next(one for one in records if sum(one.key == each.key for each in records) > 1)
    cluster.put(BALANCES, first.partition, first.key, first.value, first.headers)
