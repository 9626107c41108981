"""End of an agent: the process exits before Faust acks an unfinished record."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final, ParamSpec

import structlog

from services.runtime.ops.forced_exit import leave

EXIT_FAILED: Final = 1

Arguments = ParamSpec("Arguments")


def ends_the_process(
    is_stopping: Callable[[], bool],
) -> Callable[[Callable[Arguments, Awaitable[None]]], Callable[Arguments, Awaitable[None]]]:
    """Exit the process at once when the coroutine fails or is cancelled.

    Faust acks the record at which an agent fails or is cancelled, and continues behind it. The
    exit code is 0 where the process was asked to stop, else 1: then a supervisor starts it again,
    and its tables are made anew.
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
                if not stopping:
                    structlog.get_logger().error("watch_failed", exc_info=error)
                leave(0 if stopping else EXIT_FAILED)

        return whole

    return decorate
