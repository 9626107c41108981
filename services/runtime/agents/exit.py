"""End of an agent: the process exits before Faust acks an unfinished record."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import wraps
from typing import Final, NoReturn, ParamSpec

import structlog

from services.runtime.ops.errors import Stop
from services.runtime.ops.forced_exit import exit_now
from services.texts.translation import both

EXIT_FAILED: Final = 1
EXIT_STOPPED: Final = 3
"""The exit code of all services where a dependency cannot be reached, or refuses us."""

Arguments = ParamSpec("Arguments")


def stop(role: str, error: Stop) -> NoReturn:
    """Exit at once: a dependency cannot be reached, or refuses us."""
    structlog.get_logger().error(f"{role}_cannot_go_on", **asdict(both(error.text)))
    exit_now(EXIT_STOPPED)


def ends_the_process(
    role: str,
    is_stopping: Callable[[], bool],
) -> Callable[[Callable[Arguments, Awaitable[None]]], Callable[Arguments, Awaitable[None]]]:
    """Exit the process at once when the coroutine fails or is cancelled.

    Faust acks the record at which an agent fails or is cancelled, and continues behind it. The
    exit code is 0 where the process was asked to stop, 3 where a dependency stops it, else 1: then
    a supervisor starts it again, and it goes on at the place that its own tables hold.

    Args:
        role: the service, in the names of its log's events.
        is_stopping: True once the process was asked to stop.
    """

    def decorate(
        body: Callable[Arguments, Awaitable[None]],
    ) -> Callable[Arguments, Awaitable[None]]:
        @wraps(body)
        async def whole(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
            try:
                await body(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 # CancelledError is the case in point.
                stopping = is_stopping()
                if isinstance(error, Stop) and not stopping:
                    stop(role, error)
                if not stopping:
                    structlog.get_logger().error(f"{role}_failed", exc_info=error)
                exit_now(0 if stopping else EXIT_FAILED)

        return whole

    return decorate
