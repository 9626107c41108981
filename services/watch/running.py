"""Running the watch in this process, as Faust's own command line does."""

from typing import NoReturn

import faust
from mode.loop import use


def run(app: faust.App) -> NoReturn:
    """Work until SIGTERM or SIGINT, then exit 0; exit 1 where it failed."""
    use("uvloop")
    worker = faust.Worker(app, loglevel="WARN", quiet=True)
    worker.spinner = None  # It writes to the terminal, where our own lines go.
    worker.execute_from_commandline()
