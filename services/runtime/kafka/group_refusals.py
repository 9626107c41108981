"""Refusals of a consumer group in words: what its coordinator does not take, and what to do."""

import asyncio
from collections import deque
from typing import Final

from aiokafka.errors import InvalidSessionTimeoutError, KafkaError

from events.texts import _
from services.runtime.kafka.clients import REQUEST_TIMEOUT_S
from services.runtime.kafka.security import text_of
from services.runtime.kafka.topics import connected
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings

LEAST: Final = "group.min.session.timeout.ms"
MOST: Final = "group.max.session.timeout.ms"

JOINS_MAX: Final = 6
"""The most joins under a new member id within three sessions: more means two processes of one
name."""

BURST_S: Final = 1.0
"""Joins within this time count as one. A member that is cut off from its broker joins several times
at once; two processes of one name go on joining."""

SAME_NAME = _(
    "another process keeps joining the group under the name {instance}: give each its own "
    "(--instance, ECLUSE_INSTANCE)"
)
GROUP_LOST = _("the group is lost: {error}")
OUT_OF_BOUNDS = _(
    "it refuses the session timeout of {milliseconds} ms (ECLUSE_SESSION_TIMEOUT_S): its brokers "
    "allow {least} to {most} ms (group.min.session.timeout.ms, group.max.session.timeout.ms)"
)
OUT_OF_UNKNOWN_BOUNDS = _(
    "it refuses the session timeout of {milliseconds} ms (ECLUSE_SESSION_TIMEOUT_S): its brokers "
    "allow what their group.min.session.timeout.ms and group.max.session.timeout.ms say, 6000 to "
    "1800000 ms by default"
)


class JoinAttempts:
    """The joins of a member under new ids: two processes of one name fence each other for ever."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._member_id: str | None = None
        self._joined_s: deque[float] = deque(maxlen=JOINS_MAX)

    def note(self, member_id: str | None, now_s: float) -> bool:
        """Take note of the member's id at an instant; return whether it has joined anew."""
        if not member_id or member_id == self._member_id:
            return False
        self._member_id = member_id
        if not self._joined_s or now_s - self._joined_s[-1] >= BURST_S:
            self._joined_s.append(now_s)
        return True

    def check(self) -> None:
        """Nothing, while no other static member has our name.

        Raises:
            ClusterError: another keeps joining under it.
        """
        times_s = self._joined_s
        window_s = 3 * self._settings.session_timeout_s
        if len(times_s) == JOINS_MAX and times_s[-1] - times_s[0] < window_s:
            raise ClusterError("Kafka", SAME_NAME.render({"instance": self._settings.instance}))


async def explanation(settings: Settings, error: Exception) -> ClusterError | None:
    """What an error of the group means, of which aiokafka gives the name alone; else None."""
    if InvalidSessionTimeoutError.__name__ in str(error):
        return await _out_of_bounds(settings)
    return None


async def group_error(settings: Settings, error: KafkaError) -> ClusterError:
    """An error of the group that ends a process."""
    text = GROUP_LOST.render({"error": text_of(error)})
    return await explanation(settings, error) or ClusterError("Kafka", text)


async def _out_of_bounds(settings: Settings) -> ClusterError:
    facts = {"milliseconds": int(settings.session_timeout_s * 1000)}
    text = OUT_OF_UNKNOWN_BOUNDS.render(facts)
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_S), connected(settings) as cluster:
            config = await cluster.config_of(min(cluster.brokers))
        text = OUT_OF_BOUNDS.render(facts | {"least": config[LEAST], "most": config[MOST]})
    except (ClusterError, TimeoutError):
        pass  # Few principals have a right to a broker's settings.
    return ClusterError(settings.bootstrap_servers, text)
