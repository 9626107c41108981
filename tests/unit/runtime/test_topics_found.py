"""Which topics are there, by two questions between which the cluster may change."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import TopicAuthorizationFailedError, UnknownTopicOrPartitionError

from services.runtime.errors import ClusterError
from services.runtime.settings import Settings
from services.runtime.topics import _find

SETTINGS = Settings(topic_prefix="t.")
SETTING = ("retention.ms", "7", False, 1, False)


class Admin:
    """A cluster with two topics, which says something else of the second when asked again."""

    def __init__(self, code: int) -> None:
        self._code = code

    async def describe_topics(self, _: None) -> list[dict[str, Any]]:
        partitions = [{"replicas": [1]}, {"replicas": [1]}]
        return [{"topic": name, "partitions": partitions} for name in ("t.one", "t.two", "other")]

    async def describe_configs(self, asked: list[Any]) -> list[Any]:
        assert ["t.one", "t.two"] == [each.name for each in asked]
        answers = [(0, None, 2, "t.one", [SETTING]), (self._code, None, 2, "t.two", [])]
        return [SimpleNamespace(resources=answers)]


def test_a_topic_deleted_between_the_two_questions_is_missing() -> None:
    admin: Any = Admin(UnknownTopicOrPartitionError.errno)
    found = asyncio.run(_find(admin, ["one", "two"], SETTINGS))
    assert {"one": (2, 1, {"retention.ms": "7"})} == {
        name: (each.partitions, each.replication_factor, each.config)
        for name, each in found.items()
    }


def test_whatever_else_the_cluster_refuses_is_said() -> None:
    admin: Any = Admin(TopicAuthorizationFailedError.errno)
    with pytest.raises(ClusterError, match=r"t\.two: the cluster refuses"):
        asyncio.run(_find(admin, ["one", "two"], SETTINGS))
