"""Rights as code: what the file asks for, by the names of a cluster."""

import pytest

from events import topics
from services.runtime.kafka.acls import (
    Acl,
    Operation,
    Pattern,
    Principal,
    Resource,
    Rights,
    list_wanted,
    read_rights,
)
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.ops.settings import Settings

EVERY = set(read_catalogue().topics)


def of(**rights: object) -> list[Acl]:
    principal = Principal.model_validate({"description": "Somebody.", **rights})
    return list_wanted(Rights(principals={"a": principal}), Settings(topic_prefix="test."))


@pytest.mark.parametrize(
    ("rights", "expected"),
    [
        (
            {"topics": {"t": ["READ", "WRITE"]}},
            [
                (Resource.TOPIC, "test.t", Pattern.LITERAL, Operation.READ),
                (Resource.TOPIC, "test.t", Pattern.LITERAL, Operation.WRITE),
            ],
        ),
        (
            {"groups": {"g": ["DESCRIBE"]}},
            [(Resource.GROUP, "test.g", Pattern.LITERAL, Operation.DESCRIBE)],
        ),
        (
            {"transactional_ids": {"ledger-*": ["WRITE"]}},
            [(Resource.TRANSACTIONAL_ID, "test.ledger-", Pattern.PREFIXED, Operation.WRITE)],
        ),
        ({"topics": {"*": ["ALL"]}}, [(Resource.TOPIC, "test.", Pattern.PREFIXED, Operation.ALL)]),
        (
            {"cluster": ["ALTER"]},
            [(Resource.CLUSTER, "kafka-cluster", Pattern.LITERAL, Operation.ALTER)],
        ),
    ],
)
def test_rights_by_the_names_of_a_cluster(
    rights: dict[str, object], expected: list[tuple[object, ...]]
) -> None:
    assert [("User:a", *each) for each in expected] == of(**rights)


def test_without_a_prefix_all_topics_are_kafkas_own_name_for_all() -> None:
    principal = Principal.model_validate({"description": "x", "topics": {"*": ["ALL"]}})
    (acl,) = list_wanted(Rights(principals={"a": principal}), Settings(), "User:CN=NAME")
    assert ("User:CN=a", "*", Pattern.LITERAL) == (acl.principal, acl.name, acl.pattern)


def test_a_right_that_kafka_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="READS"):
        of(topics={"t": ["READS"]})


def test_a_quota_that_kafka_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="producer_bytes"):
        of(quotas={"producer_bytes": 1})


def test_those_who_send_events_for_others_have_quotas() -> None:
    limited = {name for name, each in read_rights().principals.items() if each.quotas}
    assert {"publisher", "api"} == limited


def test_the_file_names_topics_of_the_catalogue_alone() -> None:
    for name, principal in read_rights().principals.items():
        assert set(principal.topics) <= EVERY | {"*", "ecluse.*"}, name


def test_nobody_but_the_ledger_and_the_operator_has_a_right_on_the_cluster() -> None:
    """ALTER there is the right to give oneself any other, and to change anybody's password."""
    on_cluster = {name: each.cluster for name, each in read_rights().principals.items()}
    assert {"ledger": ["CLUSTER_ACTION"], "operator": ["ALL"]} == {
        name: operations for name, operations in on_cluster.items() if operations
    }


TREASURYS = {topics.SLIPS, topics.ACCOUNTING_ENTRIES}


def writers_of(some: set[str]) -> set[str]:
    return {
        name
        for name, principal in read_rights().principals.items()
        for topic, operations in principal.topics.items()
        if topic in some and "WRITE" in operations
    }


def test_nobody_but_the_ledger_writes_what_the_ledger_writes() -> None:
    ledgers = EVERY - {topics.EVENTS, topics.INTERNAL_EVENTS} - TREASURYS
    assert {"ledger"} == writers_of(ledgers)


def test_nobody_but_the_treasury_writes_slips_and_accounting_entries() -> None:
    assert {"treasury"} == writers_of(TREASURYS)


def test_the_treasury_may_not_even_see_internal_events_nor_the_journal() -> None:
    assert set() == {topics.INTERNAL_EVENTS, topics.JOURNAL} & set(
        read_rights().principals["treasury"].topics
    )
