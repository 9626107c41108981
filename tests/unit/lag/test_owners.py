"""What coordinators tell of groups: the messages as Kafka writes them, and who owns what."""

from io import BytesIO
from typing import Any

import pytest
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.structs import TopicPartition

from events.topics import Place
from services.lag.group_requests import (
    CommittedOffset,
    ConsumerGroupDescribeRequest,
    DescribeGroupsRequest,
    Group,
    OffsetFetchRequest,
    members_in,
    newer_members_in,
    read_committed,
)
from services.lag.groups import owner_of

NAMED = {
    TopicPartition(f"town.{topic}", number): Place(topic, number)
    for topic in ("events", "deadline_events")
    for number in (0, 1)
}


def an_assignment(**topics: list[int]) -> bytes:
    encoded: bytes = ConsumerProtocolMemberAssignment(0, list(topics.items()), b"").encode()
    return encoded


def a_member(instance: str | None, client: str, assignment: bytes) -> tuple[object, ...]:
    return ("id", instance, client, "/127.0.0.1", b"", assignment, {})


def described(*groups: tuple[object, ...]) -> object:
    """An answer, written and read as it travels."""
    answer = DescribeGroupsRequest(["any"]).prepare({15: (0, 6)}).RESPONSE_TYPE
    return answer.decode(BytesIO(answer(0, list(groups), {}).encode()))


def a_group(
    name: str, state: str, *members: tuple[object, ...], error: int = 0
) -> tuple[object, ...]:
    return (error, name, state, "consumer", "range", list(members), -(2**31), {})


def test_a_member_goes_by_its_instance_or_else_by_its_client() -> None:
    answer = described(
        a_group(
            "g",
            "Stable",
            a_member("ledger-1", "ecluse-ledger-1", an_assignment(events=[0, 2])),
            a_member(None, "faust", an_assignment(events=[1], deadline_events=[1])),
        ),
        a_group("h", "PreparingRebalance", a_member("x", "y", b"")),
        a_group("i", "CompletingRebalance"),
        a_group("j", "Dead"),
        a_group("k", "", error=16),
    )
    owners = {
        TopicPartition("events", 0): "ledger-1",
        TopicPartition("events", 2): "ledger-1",
        TopicPartition("events", 1): "faust",
        TopicPartition("deadline_events", 1): "faust",
    }
    assert [
        ("g", 0, Group("Stable", 2, owners)),
        ("h", 0, Group("PreparingRebalance", 1, {})),
        ("i", 0, Group("CompletingRebalance", 0, {})),
        ("j", 0, Group("Dead", 0, {})),
        ("k", 16, Group("", 0, {})),
    ] == list(members_in(answer))


def test_members_of_the_newer_protocol_are_reported_too() -> None:
    request = ConsumerGroupDescribeRequest(["g", "h"]).prepare({69: (0, 1)})
    answer = request.RESPONSE_TYPE
    assigned: Any = ([(bytes(16), "events", [0, 1], {})], {})
    member: Any = (
        "id",
        None,
        None,
        3,
        "java",
        "/127.0.0.1",
        ["events"],
        None,
        assigned,
        assigned,
        {},
    )
    groups: Any = [
        (0, None, "g", "Reconciling", 3, 3, "uniform", [member], -(2**31), {}),
        (69, "no such group", "h", "", 0, 0, "", [], -(2**31), {}),
    ]
    reported = newer_members_in(answer.decode(BytesIO(answer(0, groups, {}).encode())))
    places = (TopicPartition("events", 0), TopicPartition("events", 1))
    group = Group("Reconciling", 1, dict.fromkeys(places, "java"))
    assert [("g", 0, group), ("h", 69, Group("", 0, {}))] == list(reported)
    assert group.rebalancing


def test_what_is_committed_is_reported_or_why_it_is_not() -> None:
    request = OffsetFetchRequest(["g", "h", "i"]).prepare({9: (1, 9)})
    answer = request.RESPONSE_TYPE
    groups: list[object] = [
        ("g", [("events", [(0, 7, -1, "status", 0, {}), (1, -1, -1, "", 0, {})], {})], 0, {}),
        ("h", [("events", [(0, 7, -1, None, 0, {}), (1, -1, -1, None, 3, {})], {})], 0, {}),
        ("i", [], 14, {}),
    ]
    reported = read_committed(answer.decode(BytesIO(answer(0, groups, {}).encode())))
    assert [
        ("g", 0, {TopicPartition("events", 0): CommittedOffset(7, "status")}),
        ("h", 3, {TopicPartition("events", 0): CommittedOffset(7, None)}),
        ("i", 14, {}),
    ] == list(reported)


@pytest.mark.parametrize(
    ("owners", "place", "owner"),
    [
        ({("town.events", 0): "a", ("town.events", 1): "b"}, ("town.events", 1), "b"),
        # Our workers join with one topic, and read the same numbers of the others.
        ({("town.events", 0): "a", ("town.events", 1): "b"}, ("town.deadline_events", 1), "b"),
        ({("town.events", 0): "a"}, ("town.events", 1), None),
        ({("town.events", 0): "a"}, ("town.deadline_events", 1), None),
        (
            {("town.events", 0): "a", ("town.deadline_events", 1): "b"},
            ("town.deadline_events", 0),
            None,
        ),
        ({}, ("town.events", 0), None),
    ],
)
def test_who_owns_a_partition(
    owners: dict[tuple[str, int], str], place: tuple[str, int], owner: str | None
) -> None:
    named = {TopicPartition(*each): name for each, name in owners.items()}
    assert owner == owner_of(TopicPartition(*place), NAMED, named)
