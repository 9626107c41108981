"""The treasury's topics are copied to a file, and from there into new topics, to the last byte.

Docs/for-operators.md has it among the back-ups; tests/kafka/test_disks_deleted.py restores from it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from events.topics import ACCOUNTING_ENTRIES, PAYMENT_ORDERS, SLIPS
from tests.builders import BUDGET, NEXT_BUDGET
from tests.kafka.brokers import Broker
from tests.kafka.cluster import STRUCTURED, Cluster, Sent, a_cluster, partition_for
from tests.kafka.commands import UNREACHABLE, asked, object_of

LARGE: Final = b'"' + b"x" * 2_000_000 + b'"'
"""More than a producer takes by its own settings: a slip of many orders."""

WRITTEN: Final = {
    PAYMENT_ORDERS: [(BUDGET, b'{"order":1}'), (NEXT_BUDGET, b"\xff"), (BUDGET, b'{"order":2}')],
    SLIPS: [(BUDGET, LARGE)],
    ACCOUNTING_ENTRIES: [(NEXT_BUDGET, b"{}"), (NEXT_BUDGET, b"{}")],
}
"""By topic: budget and value of each record."""

COUNTS: Final = {topic: len(records) for topic, records in WRITTEN.items()}

NewCluster = Callable[[str, int], Cluster]


def records(written: Iterable[tuple[str, bytes]], count: int) -> list[Sent]:
    return [Sent(partition_for(each, count), each.encode(), value) for each, value in written]


@pytest.fixture
def cluster(broker: Broker, prefix: str) -> Cluster:
    full = a_cluster(broker, prefix, 3)
    for topic, written in WRITTEN.items():
        full.write(records(written, 3), topic)
    return full


@pytest.fixture
def empty(broker: Broker, prefix: str) -> Cluster:
    """New topics, with another number of partitions."""
    return a_cluster(broker, f"{prefix}new-", 2)


@pytest.fixture
def file(cluster: Cluster, tmp_path: Path) -> Path:
    path = tmp_path / "treasury.jsonl"
    found = object_of(cluster, "treasury", "export", path)
    assert {"file": str(path), "records": COUNTS} == found
    return path


def of_budgets(cluster: Cluster) -> dict[tuple[str, bytes | None], list[tuple[object, ...]]]:
    """By topic and key: values and headers, in their order."""
    found: dict[tuple[str, bytes | None], list[tuple[object, ...]]] = defaultdict(list)
    for topic, places in cluster.read_all(WRITTEN).items():
        for place, there in places.items():
            for each in there:
                assert each.key is not None
                assert place == partition_for(each.key.decode(), cluster.partitions)
                found[topic, each.key].append((each.value, tuple(each.headers)))
    return found


def test_a_copy_comes_into_new_topics_as_it_was_and_only_once(
    cluster: Cluster, empty: Cluster, file: Path
) -> None:
    imported = partial(object_of, empty, "treasury", "import", file)
    assert COUNTS == imported()["records"]
    assert of_budgets(cluster) == of_budgets(empty)
    assert dict.fromkeys(COUNTS, 0) == imported()["records"]
    assert 0o600 == file.stat().st_mode & 0o777


def test_an_interrupted_import_goes_on(cluster: Cluster, empty: Cluster, file: Path) -> None:
    empty.write(records(WRITTEN[PAYMENT_ORDERS][:1], 2), PAYMENT_ORDERS)
    found = object_of(empty, "treasury", "import", file)["records"]
    assert COUNTS | {PAYMENT_ORDERS: COUNTS[PAYMENT_ORDERS] - 1} == found
    assert of_budgets(cluster) == of_budgets(empty)


@pytest.mark.parametrize(
    ("value", "headers"), [(b'{"order":9}', STRUCTURED), (b'{"order":1}', (("a", b"b"),))]
)
def test_what_stands_elsewhere_is_not_mixed_with_a_copy(
    empty: Cluster, file: Path, value: bytes, headers: tuple[tuple[str, bytes], ...]
) -> None:
    other = Sent(partition_for(BUDGET, 2), BUDGET.encode(), value, headers)
    empty.write([other], PAYMENT_ORDERS)
    refused = asked(empty, "treasury", "import", file)
    assert (UNREACHABLE, True) == (refused.code, "is not that of the copy" in refused.err)
    assert empty.count(SLIPS) == 0


def test_a_copy_is_replaced_by_one_that_holds_as_much_and_by_no_smaller_one(
    cluster: Cluster, empty: Cluster, file: Path
) -> None:
    before = file.read_bytes()
    refused = asked(empty, "treasury", "export", file)
    assert UNREACHABLE == refused.code
    assert "it holds 0 records, and the copy 3" in refused.err
    assert ([file], before) == (list(file.parent.iterdir()), file.read_bytes())
    cluster.write(records([(BUDGET, b"{}")], 3), SLIPS)
    again = object_of(cluster, "treasury", "export", file)["records"]
    assert COUNTS | {SLIPS: COUNTS[SLIPS] + 1} == again
    assert before != file.read_bytes()


def test_a_record_of_somebody_else_is_named(cluster: Cluster, tmp_path: Path) -> None:
    cluster.write([Sent(0, None, b"?")], SLIPS)
    refused = asked(cluster, "treasury", "export", tmp_path / "treasury.jsonl")
    assert (UNREACHABLE, True) == (refused.code, "has no key or no value" in refused.err)
    assert [] == list(tmp_path.iterdir())
