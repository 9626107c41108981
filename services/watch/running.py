"""Run of the watch in this process, as Faust's own command line does it."""

from signal import Signals
from typing import NoReturn

import faust
from mode.loop import use

from services.runtime.ops.forced_exit import END_S, leave_after


class _Worker(faust.Worker):
    """Faust's worker; on a signal it ends within a limit, whatever it waits for."""

    def _schedule_shutdown(self, signal: Signals) -> None:
        leave_after(END_S, 0)
        super()._schedule_shutdown(signal)


def run(app: faust.App) -> NoReturn:
    """Work until SIGTERM or SIGINT, then exit 0; exit 1 where it failed."""
    use("uvloop")
    worker = _Worker(app, loglevel="WARN", quiet=True)
    worker.spinner = None  # It writes to the terminal, where our own lines go.
    worker.execute_from_commandline()
