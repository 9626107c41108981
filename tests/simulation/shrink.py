"""From a history that fails to a small one that fails in the same way.

Whatever can be left out is: public entities, faults, chunks, single records, pauses. What is left
is data, so it fails again wherever it is run.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from tests.simulation.cases import Case, Chunk, How

TRIES: Final = 600
LIMIT_S: Final = 120.0
"""How many smaller histories are tried at most, and for how long."""

SHOWN_MAX: Final = 60
"""How many lines of a history are shown."""

Item = TypeVar("Item")

Fails = Callable[[Case], bool]


class Shrinking:
    """One history that fails, and whether a smaller one still does."""

    def __init__(self, case: Case, fails: Fails, tries: int = TRIES) -> None:
        self.case = case
        self.tried = 0
        self._fails = fails
        self._tries = tries
        self._until_s = time.monotonic() + LIMIT_S

    def run(self) -> Case:
        """The smallest that was found."""
        steps = (
            self._entities,
            self._faults,
            self._chunks,
            self._sendings,
            self._plainly,
            self._sooner,
        )
        before = None
        while before is not self.case:
            before = self.case
            for step in steps:
                step()
        return self.case

    def _try(self, case: Case) -> bool:
        if self.tried >= self._tries or time.monotonic() > self._until_s:
            return False
        self.tried += 1
        if not self._fails(case):
            return False
        self.case = case
        return True

    def _entities(self) -> None:
        for entity in sorted({each.entity for each in self.case.sendings()}):
            self._try(_kept(self.case, lambda each, out=entity: each.entity != out))

    def _faults(self) -> None:
        for fault in self.case.faults:
            left = tuple(each for each in self.case.faults if each is not fault)
            self._try(replace(self.case, faults=left))

    def _chunks(self) -> None:
        self._halve(lambda: self.case.chunks, self.case.without)

    def _sendings(self) -> None:
        def places() -> list[tuple[int, int]]:
            chunks = enumerate(self.case.chunks)
            return [(at, each) for at, chunk in chunks for each in range(len(chunk.sendings))]

        def only(kept: Sequence[tuple[int, int]]) -> Case:
            wanted = set(kept)
            return self.case.without(
                chunk._replace(
                    sendings=tuple(
                        each for number, each in enumerate(chunk.sendings) if (at, number) in wanted
                    )
                )
                for at, chunk in enumerate(self.case.chunks)
            )

        self._halve(places, only)

    def _plainly(self) -> None:
        """Without pauses, and outside of transactions."""
        for at, chunk in enumerate(self.case.chunks):
            for plainer in (chunk._replace(how=How.PLAIN), chunk._replace(gap_ms=0)):
                if plainer != chunk and chunk.how is not How.ABORTED:
                    chunks = [*self.case.chunks]
                    chunks[at] = plainer
                    self._try(self.case.without(chunks))

    def _sooner(self) -> None:
        """Faults strike at an earlier step."""
        for at, fault in enumerate(self.case.faults):
            for number in (1, 2, 3, fault.number // 2, fault.number - 1):
                if 0 < number < self.case.faults[at].number:
                    faults = [*self.case.faults]
                    faults[at] = fault._replace(number=number)
                    self._try(replace(self.case, faults=tuple(faults)))

    def _halve(
        self, items: Callable[[], Sequence[Item]], only: Callable[[Sequence[Item]], Case]
    ) -> None:
        """Leave out runs of items: half of them, a quarter, … one (Zeller's delta debugging)."""
        size = len(items()) // 2
        while size:
            start = 0
            while start < len(items()):
                present = items()
                if not self._try(only([*present[:start], *present[start + size :]])):
                    start += size
            size //= 2


def _kept(case: Case, wanted: Callable[..., bool]) -> Case:
    return case.without(
        Chunk(gap_ms, how, tuple(each for each in sendings if wanted(each)))
        for gap_ms, how, sendings in case.chunks
    )


def shown(case: Case) -> Iterator[str]:
    """A history for people: what goes wrong, and what is sent when; a long one in part."""
    lines = list(_lines(case))
    yield from lines[:SHOWN_MAX]
    if len(lines) > SHOWN_MAX:
        yield f"… and {len(lines) - SHOWN_MAX} lines more"


def _lines(case: Case) -> Iterator[str]:
    for fault in case.faults:
        yield f"at step {fault.number} of “{fault.op}”: {fault.kind}"
    for gap_ms, how, sendings in case.chunks:
        yield f"after {gap_ms} ms, {how}:"
        for topic, partition, key, value, _ in sendings:
            text = (value or b"").decode(errors="replace")
            yield f"  {topic}/{partition} {(key or b'-').decode(errors='replace')} {text[:400]}"
