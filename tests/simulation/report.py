"""The figures of a simulation run: line by line, and as a page of docs/evidence."""

import os
import platform
from collections.abc import Iterator
from typing import Final, NamedTuple

from tests.simulation.reach import (
    AGAIN,
    COUNTED,
    DEAD,
    EVENT,
    FAULT,
    FLAG,
    LATE,
    ORDER,
    OUTCOME,
    REFUSAL,
    STEP,
    WAIT,
)
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


SORTS: Final = {
    OUTCOME: "records of the input topics, by their first outcome",
    AGAIN: "parked events that were decided again",
    EVENT: "events accepted",
    LATE: "events that a closed year accepted",
    REFUSAL: "refusals",
    FLAG: "review flags",
    WAIT: "parked events, by what they wait for",
    DEAD: "dead letters, by reason",
    ORDER: "payment orders, by each state that they reached",
    FAULT: "faults that struck",
    STEP: "of these, workers killed: at which step",
}
"""Each sort of thing that is counted, and what the page calls it."""


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


def page(tally: Tally, asked: Asked, seconds: float) -> str:
    """The same as Markdown, with all that was reached and what was proved."""
    return "\n".join(
        [
            "# A simulation run",
            "",
            "Generated years of several budgets run through the real ledger and partition task,",
            "over a log in memory and on a loop without a clock, while things go wrong.",
            f"`{asked.command}` runs the same histories again,",
            "with the same code to the last millisecond;",
            "`PAGE=docs/evidence/simulation.md` with it writes this page.",
            "How it works: [decision 22](../decisions/0022-simulation.md).",
            "",
            "| the run | |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in figures(tally, asked, seconds)),
            "",
            "## What was reached",
            "",
            "All that the published language, the rules and the simulation have names for;",
            "the command fails when one of them is missing, but for workers killed while they end",
            "a hanging transaction: those are only counted.",
            *(line for sort in SORTS for line in _reached(tally, sort)),
            "",
            _PROVED,
        ]
    )


def _reached(tally: Tally, sort: str) -> Iterator[str]:
    yield ""
    yield f"| {SORTS[sort]} | times | in histories |"
    yield "|---|---|---|"
    for each in sorted(each for each in COUNTED if each.sort == sort):
        name = each.name if sort in {FAULT, STEP, AGAIN} else f"`{each.name}`"
        yield f"| {name} | {tally.reached[each]:,} | {tally.histories_of[each]:,} |"


_PROVED: Final = """\
## What was proved of each history

- **By the verifier**, which shares no code with the ledger: each committed input record is \
journalled once and in order; every chain of hashes, decision, figure, payment order, refusal, \
dead letter, internal event and published balance follows from them, once.
- **Byte for byte**: a ledger that nobody disturbs, run over the same input, writes the same \
journal, and its state is what the state topic holds.
- **At the end** no transaction is open anywhere, each partition has one owner that has read \
everything, and each worker ends when it is asked to. None ended by itself; no \
state was made again unless it was lost, or its maker fenced."""
