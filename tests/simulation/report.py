"""The figures of a simulation run, line by line."""

import os
import platform
from collections.abc import Iterator
from typing import NamedTuple

from tests.simulation.reach import FAULT
from tests.simulation.runs import COMPLETE, Tally


class Asked(NamedTuple):
    """Which histories were run."""

    seed: int
    first: int
    histories: int
    jobs: int
    commit: str | None = None
    """Of which code; None where nobody knows."""

    @property
    def command(self) -> str:
        first = f" FIRST={self.first}" if self.first else ""
        return f"make simulate SEED={self.seed} HISTORIES={self.histories}{first}"


def figures(tally: Tally, asked: Asked, seconds: float) -> Iterator[tuple[str, str]]:
    """What was run, and what it came to."""
    yield "histories", f"{tally.histories:,}"
    yield "records of the input topics, each with its outcome", f"{tally.events:,}"
    yield "records that the verifier read, of all topics", f"{tally.records:,}"
    yield "budgets, next years included", f"{tally.budgets:,}"
    faults = sum(count for each, count in tally.reached.items() if each.sort == FAULT)
    yield "faults that struck", f"{faults:,}"
    for name, count in sorted(tally.figures.items()):
        yield name, f"{count:,}"
    yield "simulated time", f"{tally.virtual_s / 3600:,.1f} hours"
    yield "took", f"{seconds:,.0f} s on {asked.jobs} of {os.cpu_count()} cores"
    if asked.commit is not None:
        yield "commit", asked.commit
    yield "machine", f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    yield "histories in which anything was wrong", f"{len(tally.failures)}"


def table(tally: Tally, asked: Asked, seconds: float) -> str:
    """The figures, and what was not reached."""
    lines = list(figures(tally, asked, seconds))
    if tally.histories >= COMPLETE:
        lines += [(f"not reached: {each.sort}", each.name) for each in tally.missing]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines)
