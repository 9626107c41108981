"""Refusals while a process runs: a password that was changed, a right that was taken away."""

from typing import Final

import structlog

from services.runtime.kafka.security import NO_RIGHTS, Refusal, refusal, text_of
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

    async def failed(self, error: Exception) -> None:
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

    def succeeded(self) -> None:
        """Begin to count anew."""
        self._count = 0

    def _right_refused(self, error: BaseException | None) -> Refusal | None:
        while error is not None:
            if isinstance(error, NO_RIGHTS):
                return Refusal(self._settings.bootstrap_servers, text_of(error))
            error = error.__cause__
        return None
