"""Commands in processes of their own, forked from one that has read them: a second less for each.

What a forked process runs stands here and in `delivering`, apart from what starts it and watches
it: each would otherwise read pytest and the container engine's client before it does anything.
"""

import multiprocessing
import os
import sys
from pathlib import Path
from typing import Final

ECLUSE: Final = "ecluse"

FORKS: Final = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "tests.kafka.forked",
        "tests.kafka.delivering",
        "tests.kafka.planted",
        "services.cli.app",
        "services.cli.commands.processes",
        "services.ledger.kafka.worker",
        "services.projector.rebuild",
        "services.projector.processor",
        # Faust too; the app itself is made of each one's environment.
        "services.watch.building",
        "services.treasury.process.building",
    ]
)


def run(
    command: tuple[str, ...],
    environment: dict[str, str],
    folder: Path,
    log: Path,
    out: Path,
    fault: str | None = None,
) -> None:
    """In a process of its own: our command as it is, another program in its place."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as logged, out.open("ab") as printed:
        os.dup2(logged.fileno(), sys.stderr.fileno())
        os.dup2(printed.fileno(), sys.stdout.fileno())
    if command[0] != ECLUSE:
        os.execv(command[0], command)
    from services.cli.app import main  # noqa: PLC0415 # not in the process that tests

    if fault is not None:
        from tests.kafka.planted import plant  # noqa: PLC0415 # the same

        plant(fault)
    sys.argv = list(command)
    main()
