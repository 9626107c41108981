"""Refusals while a process runs, by the cluster or by a consumer group: counted, and in words.

A password was changed, or a right taken away; a coordinator does not take a session's time-out, or
another process joins by the same name.
"""

import asyncio
from collections import deque
from typing import Final

import structlog
from aiokafka.errors import InvalidSessionTimeoutError, KafkaError

from events.texts import _
from services.runtime.kafka.clients import REQUEST_TIMEOUT_S
from services.runtime.kafka.security import NO_RIGHTS, Refusal, refusal, text_of
from services.runtime.kafka.topics import connect
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings

REFUSALS_MAX: Final = 5
"""The most refusals in a row. One may pass: a password reaches one broker before the others."""

log: Final = structlog.stdlib.get_logger("ecluse.runtime")


class Refusals:
    """Counts how often in a row the cluster refused TLS, login or a right of this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._count = 0

    async def note_failure(self, error: Exception) -> None:
        """Count a failure, if it is a refusal.

        Raises:
            ClusterError: it is the last of `REFUSALS_MAX`; the text says who refused what.
        """
        refused = self._right_refused(error)
        if refused is None and self._settings.asks_who_we_are:
            refused = await refusal(self._settings)
        if refused is None:
            self._count = 0
            return
        self._count += 1
        stop = ClusterError(refused.broker, refused.what)
        log.warning("refused", error=str(stop), count=self._count, limit=REFUSALS_MAX)
        if self._count >= REFUSALS_MAX:
            raise stop from error

    def note_success(self) -> None:
        """Begin to count anew."""
        self._count = 0

    def _right_refused(self, error: BaseException | None) -> Refusal | None:
        while error is not None:
            if isinstance(error, NO_RIGHTS):
                return Refusal(self._settings.bootstrap_servers, text_of(error))
            error = error.__cause__
        return None


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
        """Raise ClusterError once another static member has our name.

        Raises:
            ClusterError: another keeps joining under it.
        """
        times_s = self._joined_s
        window_s = 3 * self._settings.session_timeout_s
        if len(times_s) == JOINS_MAX and times_s[-1] - times_s[0] < window_s:
            raise ClusterError("Kafka", SAME_NAME.render({"instance": self._settings.instance}))


async def explanation(settings: Settings, error: Exception) -> ClusterError | None:
    """The meaning of a group's error of which aiokafka gives the name alone; else None."""
    if InvalidSessionTimeoutError.__name__ in str(error):
        return await _describe_bounds(settings)
    return None


async def group_error(settings: Settings, error: KafkaError) -> ClusterError:
    """An error of the group that ends a process."""
    text = GROUP_LOST.render({"error": text_of(error)})
    return await explanation(settings, error) or ClusterError("Kafka", text)


async def _describe_bounds(settings: Settings) -> ClusterError:
    facts = {"milliseconds": int(settings.session_timeout_s * 1000)}
    text = OUT_OF_UNKNOWN_BOUNDS.render(facts)
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_S), connect(settings) as cluster:
            config = await cluster.config_of(min(cluster.brokers))
        text = OUT_OF_BOUNDS.render(facts | {"least": config[LEAST], "most": config[MOST]})
    except (ClusterError, TimeoutError):
        pass  # Few principals have a right to a broker's settings.
    return ClusterError(settings.bootstrap_servers, text)
