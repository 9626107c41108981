"""Many histories, one after the other or on all cores, and what they come to."""

import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple, Self

from services.ledger.kafka.partition import LedgerProcessor
from tests.simulation.cases import Case
from tests.simulation.draw import a_case
from tests.simulation.proof import prove
from tests.simulation.reach import WANTED, Reached, reached
from tests.simulation.simulator import MakeWork, simulate

COMPLETE: Final = 250
"""So many histories from the first on reach everything: each directed one is among them."""

CHUNK: Final = 20
"""How many histories a process is given at a time."""


class Failure(NamedTuple):
    """A history in which something is wrong."""

    number: int
    wrong: list[str]


@dataclass
class Tally:
    """What some histories come to."""

    histories: int = 0
    events: int = 0
    """Records of the input topics, each with its outcome."""
    records: int = 0
    """Records that the verifier read, of all topics."""
    budgets: int = 0
    virtual_s: float = 0.0
    reached: Counter[Reached] = field(default_factory=Counter)
    histories_of: Counter[Reached] = field(default_factory=Counter)
    """In how many histories each was reached."""
    figures: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def __iadd__(self, other: "Tally") -> Self:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self

    def row(self) -> dict[str, Any]:
        """All of it for JSON."""
        rows = [[*each, count, self.histories_of[each]] for each, count in self.reached.items()]
        return vars(self) | {"reached": rows, "histories_of": None, "missing": self.missing}

    @property
    def missing(self) -> list[Reached]:
        """What none of them reached."""
        return sorted(WANTED - set(self.reached))


def tally_of(case: Case, number: int, make_processor: MakeWork = LedgerProcessor) -> Tally:
    """Run one history, and prove it; whatever the simulation itself cannot bear is a failure."""
    try:
        return _tally_of(case, number, make_processor)
    except Exception:  # noqa: BLE001 # a long run ends with the number of the history
        return Tally(1, failures=[Failure(number, [f"simulation: {traceback.format_exc()}"])])


def _tally_of(case: Case, number: int, make_processor: MakeWork) -> Tally:
    outcome = simulate(case, make_processor)
    proof = prove(outcome, case.partitions)
    found = reached(outcome)
    broker = outcome.broker
    figures = outcome.figures + Counter(
        {
            "writers started": outcome.opened,
            "writers that were fenced": broker.fenced,
            "transactions left open by who was killed or fenced": broker.left_open,
            "transactions that timed out": broker.timed_out,
            "ends that the broker forgot, in how many partitions": broker.hanging,
            "ends that the broker forgot, written by the ledger": outcome.logged[
                "hanging_transaction_completed"
            ],
            "states made again from the journal": outcome.logged["state_rebuilt"],
            "partitions held before a record": outcome.logged["partition_held"],
            "openings tried again after an error of a dependency": outcome.logged[
                "partition_retried"
            ],
        }
    )
    failures = [Failure(number, proof.wrong)] if proof.wrong else []
    return Tally(
        1,
        sum(proof.figures["outcomes"].values()),
        sum(len(partition.entries) for partition in broker.partitions.values()),
        len(proof.figures["heads"]),
        outcome.virtual_s,
        found,
        Counter(found.keys()),
        figures,
        failures,
    )


def run(seed: int, first: int, count: int) -> Tally:
    """So many histories in a row; the first that fails is the last."""
    tally = Tally()
    for number in range(first, first + count):
        tally += tally_of(a_case(seed, number), number)
        if tally.failures:
            break
    return tally


def run_on_cores(seed: int, first: int, count: int, jobs: int) -> Iterator[Tally]:
    """The same on several cores, piece by piece as they come; it ends behind a failure."""
    pieces = (
        (seed, at, min(CHUNK, first + count - at)) for at in range(first, first + count, CHUNK)
    )
    if jobs == 1:
        for piece in pieces:
            tally = run(*piece)
            yield tally
            if tally.failures:
                return
        return
    with ProcessPoolExecutor(jobs) as pool:
        running: set[Future[Tally]] = {
            pool.submit(run, *piece) for piece in islice(pieces, 2 * jobs)
        }
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for each in done:
                yield each.result()
            if any(each.result().failures for each in done):
                return
            running |= {pool.submit(run, *piece) for piece in islice(pieces, len(done))}
