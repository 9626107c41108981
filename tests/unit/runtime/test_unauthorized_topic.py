"""A worker that may not describe its topic, or whose predecessor might not."""

import asyncio

import pytest

from services.runtime.kafka.refusals import REFUSALS_MAX
from services.runtime.ops.errors import ClusterError
from services.runtime.processing.worker import Worker
from tests.unit.runtime.group import Scene
from tests.unit.runtime.harness import TOPIC, until


def test_a_topic_that_it_may_not_describe_for_some_time_ends_it(scene: Scene) -> None:
    async def during(_: Worker) -> None:
        scene.member.unauthorized = {TOPIC}
        scene.member.share()  # Of such a topic a group assigns nothing, and complains of nothing.
        await asyncio.sleep(5)

    with pytest.raises(ClusterError, match=f"this principal has no right to it .*{TOPIC}"):
        scene.play(during)
    assert list(range(1, REFUSALS_MAX + 1)) == [line["count"] for line in scene.reported("refused")]


def test_who_joins_and_is_given_nothing_asks_the_group_once_more(scene: Scene) -> None:
    async def during(worker: Worker) -> None:
        scene.member.share()
        await until(lambda: scene.member.rejoins > 0)
        scene.member.share()
        polls = scene.member.polls
        await until(lambda: scene.member.polls > polls + 2)
        await scene.give(worker, 0)
        scene.member.share()
        polls = scene.member.polls
        await until(lambda: scene.member.polls > polls + 2)

    scene.play(during)
    assert 1 == scene.member.rejoins


def test_a_topic_that_it_may_not_describe_for_a_moment_does_no_harm(scene: Scene) -> None:
    async def during(_: Worker) -> None:
        for _unused in range(REFUSALS_MAX):
            scene.member.unauthorized = {TOPIC}
            polls = scene.member.polls
            await until(lambda: scene.member.polls > polls + 1)  # noqa: B023 # at once
            scene.member.unauthorized = set()
            polls = scene.member.polls
            await until(lambda: scene.member.polls > polls + 1)  # noqa: B023 # at once

    scene.play(during)
    assert scene.reported("refused")
