"""Reads what a ledger left as the watch does: each topic in its own order, offset by offset."""

from collections.abc import Sequence

import msgspec

from events.journal import read_record
from events.topics import BALANCES, JOURNAL
from services.watch.tables.balances import Fault, LiveBalances
from services.watch.tables.budget_balance import Difference
from tests.builders import Json
from tests.unit.watch.ledger_output import Out, in_batches, transactions


class Reader:
    """Reads what was written, each topic from its beginning, as offsets count it."""

    def __init__(self) -> None:
        self.live = LiveBalances()
        self.found: list[Difference | Fault] = []
        self._next = {JOURNAL: 0, BALANCES: 0}

    def read(self, out: Out) -> None:
        offset = self._next[out.topic]
        self._next[out.topic] += 1
        self.read_at(offset, out)

    def read_at(self, offset: int, out: Out) -> None:
        if out.topic == BALANCES:
            self.found += self.live.publish(out.partition, offset, out.key, out.value)
            return
        record, why = None, ""
        try:
            record = read_record(out.value or b"")
        except msgspec.MsgspecError as error:
            why = str(error)
        found = self.live.add(out.partition, offset, out.key, record, why)
        self.found += [found] if isinstance(found, Fault) else found

    def tables(self) -> Json:
        """What the table holds, as the ledger prints it."""
        budgets = [self.live.budgets[name] for name in sorted(self.live.budgets)]
        return {
            "lines": [row for budget in budgets for row in budget.line_rows()],
            "conventions": [row for budget in budgets for row in budget.convention_rows()],
        }


def written(history: Sequence[bytes], batches: Sequence[int] = (5,) * 50) -> list[list[Out]]:
    return list(transactions(in_batches(history, batches)))


def of_topic(outs: Sequence[Sequence[Out]], topic: str) -> list[Out]:
    return [out for batch in outs for out in batch if out.topic == topic]
