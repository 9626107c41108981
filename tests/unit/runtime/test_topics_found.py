"""Which topics are there, by two questions between which the cluster may change."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import (
    NodeNotReadyError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from services.runtime.kafka import waits
from services.runtime.kafka.topics import Cluster
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from tests.unit.runtime.harness import quickly

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
    found = asyncio.run(Cluster(admin, SETTINGS).find(["one", "two"]))
    assert {"one": (2, 1, {"retention.ms": "7"})} == {
        name: (each.partitions, each.replication_factor, each.config)
        for name, each in found.items()
    }


def test_a_broker_that_does_not_answer_is_not_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Client:
        pass

    class OneAway(Admin):
        """Each question finds a broker away, and the next one at home."""

        def __init__(self) -> None:
            super().__init__(0)
            self._client = Client()
            self.away = {"describe_topics", "describe_configs"}

        async def describe_topics(self, names: None) -> list[dict[str, Any]]:
            self._find("describe_topics")
            return await super().describe_topics(names)

        async def describe_configs(self, asked: list[Any]) -> list[Any]:
            self._find("describe_configs")
            return await super().describe_configs(asked)

        def _find(self, question: str) -> None:
            if question in self.away:
                self.away.remove(question)
                raise NodeNotReadyError

    async def yes(_: str) -> bool:
        return True

    monkeypatch.setattr(waits, "_anybody_listens", yes)
    admin: Any = OneAway()
    found = quickly(Cluster(admin, SETTINGS).find(["one", "two"]))
    assert {"one", "two"} == found.keys()
    assert not admin.away


def test_whatever_else_the_cluster_refuses_is_said() -> None:
    admin: Any = Admin(TopicAuthorizationFailedError.errno)
    with pytest.raises(ClusterError, match=r"t\.two: the cluster refuses"):
        asyncio.run(Cluster(admin, SETTINGS).find(["one", "two"]))
