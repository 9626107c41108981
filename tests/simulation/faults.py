"""What goes wrong in a simulated history, and when: at the n-th request of a kind."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self


class Op(StrEnum):
    """The steps of a partition task, as its environment sees them."""

    INIT = "fence the former writer"
    DESCRIBE = "ask for open transactions"
    MARKER = "end a hanging transaction"
    CONNECT = "connect a reader"
    BOUNDS = "ask for the bounds of a partition"
    FETCH = "fetch"
    PRODUCE = "write"
    COMMIT = "commit"
    HANDLE = "decide a record"


class Kind(StrEnum):
    """What goes wrong."""

    KILL_BEFORE = "killed before the request arrived"
    KILL_AFTER = "killed before the answer came"
    REFUSED = "the request failed"
    LOST = "done, but the answer was an error"
    LATE = "done seconds later"
    FREEZE_BEFORE = "frozen before the request was sent, and thawed as a zombie"
    FREEZE_AFTER = "frozen before the answer came, and thawed as a zombie"
    MOVE = "the partition moved to another worker"
    PAUSE = "a rebalance that changes nothing"
    AGAIN = "records delivered again"
    FORGET = "an end not written by the broker in some partitions"
    COMPACT = "state and balances compacted"
    LOSE_STATE = "killed, and the state topic lost"
    BUG = "a bug that shows once"
    POISON = "a record that our own code cannot get past"


KILLS: Final = (Kind.KILL_BEFORE, Kind.KILL_AFTER)

REQUESTS: Final = (Op.INIT, Op.DESCRIBE, Op.CONNECT, Op.BOUNDS, Op.FETCH, Op.PRODUCE, Op.COMMIT)

AT: Final[dict[Kind, tuple[Op, ...]]] = {
    Kind.KILL_BEFORE: (*REQUESTS, Op.MARKER),
    Kind.KILL_AFTER: (*REQUESTS, Op.MARKER),
    Kind.REFUSED: (*REQUESTS, Op.MARKER),
    Kind.LOST: (*REQUESTS, Op.MARKER),
    Kind.LATE: (*REQUESTS, Op.MARKER),
    Kind.FREEZE_BEFORE: REQUESTS,
    Kind.FREEZE_AFTER: REQUESTS,
    Kind.MOVE: REQUESTS,
    Kind.PAUSE: REQUESTS,
    Kind.AGAIN: (Op.FETCH,),
    Kind.FORGET: (Op.COMMIT,),
    Kind.COMPACT: (Op.COMMIT, Op.INIT, Op.FETCH),
    Kind.LOSE_STATE: (Op.COMMIT, Op.PRODUCE, Op.FETCH),
    Kind.BUG: (Op.HANDLE,),
    Kind.POISON: (Op.HANDLE,),
}
"""At which steps a fault of each kind may strike."""

USUAL: Final[dict[Op, int]] = {
    Op.INIT: 5,
    Op.DESCRIBE: 50,
    Op.MARKER: 1,
    Op.CONNECT: 7,
    Op.BOUNDS: 28,
    Op.FETCH: 45,
    Op.PRODUCE: 45,
    Op.COMMIT: 12,
    Op.HANDLE: 50,
}
"""About how often each step is taken in a history."""


class Fault(NamedTuple):
    """One fault: what, and at which step of which kind, counted from 1."""

    kind: Kind
    op: Op
    number: int

    def row(self) -> list[Any]:
        return [self.kind.name, self.op.name, self.number]

    @classmethod
    def of(cls, row: list[Any]) -> Self:
        return cls(Kind[row[0]], Op[row[1]], row[2])


class Plan:
    """The faults of one history, and those that struck."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._due: defaultdict[tuple[Op, int], list[Kind]] = defaultdict(list)
        for kind, op, number in faults:
            self._due[op, number].append(kind)
        self.taken: Counter[Op] = Counter()
        self.struck: Counter[tuple[Kind, Op]] = Counter()

    def at(self, op: Op) -> list[Kind]:
        """What strikes at the next step of this kind."""
        self.taken[op] += 1
        due = self._due.get((op, self.taken[op]))
        if due is None:
            return []
        self.struck.update((kind, op) for kind in due)
        return due
