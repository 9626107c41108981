"""A budget's state as rows of a store, written and restored.

The same rows go to SQLite and to a compacted topic: one row a changed thing a batch.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from services.ledger.application.ports import StateKey
from services.ledger.domain.invariants import awarded_sums, group_sums
from services.ledger.domain.model.book import KEPT_BYTES, BudgetState, Parked, new_budget
from services.ledger.domain.model.conventions import Convention
from services.ledger.domain.model.grants import BankAccount, Grant
from services.ledger.domain.model.interning import with_own_lines, with_shared_parts
from services.ledger.domain.model.lines import Line, LineMoney
from services.ledger.domain.model.orders import PaymentOrder

STATE_VERSION = 4
"""The version of the rows' shape: raised when older rows can no longer be read."""

EVENTS = ("event", "recovery")
"""Event identities; those of recoveries apart, since a closed-out year keeps them (rules, 31)."""

_spell = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode


@dataclass(slots=True)
class Header:
    """The one-off facts of a budget: its chain, its counts, its vote level."""

    rows: int
    """The number of its other rows, to notice a lost one."""
    sequence: int
    head: str
    accepted: int
    duplicate: int
    refused: int
    vote_level: str | None
    closed: bool
    closed_out: bool


class _Progress(msgspec.Struct):
    """The member of a header that every version has."""

    sequence: int


def _read_event(value: bytes) -> int:
    if len(value) != KEPT_BYTES:
        raise ValueError(f"{len(value)} bytes of a remembered event, not {KEPT_BYTES}")
    return int.from_bytes(value, "big")


def _unpack(kind: Any) -> Callable[[bytes], Any]:
    return msgspec.msgpack.Decoder(kind).decode


_UNPACK: dict[str, Callable[[bytes], Any]] = {
    "budget": _unpack(Header),
    "line": _unpack(LineMoney),
    "grant": _unpack(Grant),
    "convention": _unpack(Convention),
    "order": _unpack(PaymentOrder),
    "account": _unpack(BankAccount),
    "parked": _unpack(Parked),
    "event": _read_event,
    "recovery": _read_event,
}


def changed_rows(state: BudgetState) -> Iterator[tuple[StateKey, bytes | None]]:
    """The rows changed since the last call."""
    touched, state.touched = state.touched, set()
    for kind, key in touched:
        yield StateKey(state.book.budget, kind, row_key(key)), _row(state, kind, key)


def all_rows(state: BudgetState) -> Iterator[tuple[StateKey, bytes | None]]:
    """All rows of a budget."""
    book, memory = state.book, state.memory
    state.touched = {("budget", "")}
    keyed: tuple[tuple[str, Iterable[str | Line | int]], ...] = (
        ("line", book.lines),
        ("grant", book.grants),
        ("convention", book.conventions),
        ("order", book.orders),
        ("account", book.accounts),
        ("parked", memory.parked),
        ("event", memory.remembered.keys() - memory.recoveries),
        ("recovery", memory.recoveries),
    )
    for kind, keys in keyed:
        state.touched.update((kind, key) for key in keys)
    return changed_rows(state)


def row_key(key: str | Line | int) -> str:
    """The key of a row: a name, the codes of a line, or a number in 120 bits."""
    if isinstance(key, str):
        return key
    return f"{key:030x}" if isinstance(key, int) else _spell(key).decode()


def _row(state: BudgetState, kind: str, key: Any) -> bytes | None:
    book, memory = state.book, state.memory
    value: Any
    match kind:
        case "budget":
            value = Header(
                _count(state),
                memory.sequence,
                memory.head,
                memory.accepted,
                memory.duplicate,
                memory.refused,
                book.vote_level,
                book.closed,
                book.closed_out,
            )
        case "line":
            value = book.lines.get(key)
        case "grant":
            value = book.grants.get(key)
        case "convention":
            value = book.conventions.get(key)
        case "order":
            value = book.orders.get(key)
        case "account":
            value = book.accounts.get(key)
        case "parked":
            value = memory.parked.get(key)
        case other:
            assert other in EVENTS, f"no row is made for a {other}"
            digest = memory.remembered.get(key)
            # Within one batch a year may drop an id and a recovery reuse it: it has one row.
            if digest is None or (other == "recovery") is not (key in memory.recoveries):
                return None
            return digest.to_bytes(KEPT_BYTES, "big")
    return None if value is None else _pack(value)


def _count(state: BudgetState) -> int:
    """The number of a budget's rows beside its header."""
    book, memory = state.book, state.memory
    money = len(book.lines) + len(book.grants) + len(book.conventions) + len(book.orders)
    return money + len(book.accounts) + len(memory.parked) + len(memory.remembered)


_decode_progress = msgspec.msgpack.Decoder(_Progress).decode


def known_sequences(rows: Iterable[tuple[StateKey, bytes]]) -> dict[str, int]:
    """The last sequence of each budget, from state rows of any version.

    Raises:
        ValueError: a header is none.
    """
    return {
        key.budget: _decode_progress(value).sequence for key, value in rows if key.kind == "budget"
    }


class Restoring:
    """Budgets restored row by row, so that the caller may yield in between."""

    def __init__(self) -> None:
        self._budgets: dict[str, BudgetState] = {}
        self._expected: dict[str, int] = {}

    def put(self, row: StateKey, value: bytes) -> None:
        """Take the next row, in any order.

        Raises:
            ValueError: it is not one that this program wrote.
        """
        budget, kind, key = row
        state = self._budgets.get(budget)
        if state is None:
            state = self._budgets[budget] = new_budget(budget)
        unpacked = _UNPACK[kind](value)
        if kind == "budget":
            self._expected[budget] = unpacked.rows
        _put(state, kind, key, unpacked)

    def budgets(self) -> Iterator[tuple[str, BudgetState]]:
        """Yield the budgets, with everything derived from their rows.

        Raises:
            ValueError: a row is missing.
        """
        for budget, state in self._budgets.items():
            expected = self._expected.get(budget)
            if _count(state) != expected:
                raise ValueError(f"{budget}: {_count(state)} rows of state, not {expected}")
            _derive(state)
            yield budget, state


def restored(rows: Iterable[tuple[StateKey, bytes]]) -> dict[str, BudgetState]:
    """The budgets of these rows, with everything derived from them.

    Raises:
        ValueError: a row is missing, or is not one that this program wrote.
    """
    restoring = Restoring()
    for key, value in rows:
        restoring.put(key, value)
    return dict(restoring.budgets())


def _put(state: BudgetState, kind: str, key: str, value: Any) -> None:
    book, memory = state.book, state.memory
    match kind:
        case "budget":
            memory.sequence, memory.head = value.sequence, value.head
            memory.accepted, memory.duplicate = value.accepted, value.duplicate
            memory.refused, book.vote_level = value.refused, value.vote_level
            book.closed, book.closed_out = value.closed, value.closed_out
        case "line":
            book.lines[Line(*json.loads(key))] = value
        case "grant":
            book.grants[key] = value
        case "convention":
            book.conventions[key] = value
        case "order":
            book.orders[key] = value
        case "account":
            book.accounts[key] = value
        case "parked":
            memory.parked[int(key, 16)] = value
        case other:
            assert other in EVENTS, f"no row is known for a {other}"
            memory.remembered[int(key, 16)] = value
            if other == "recovery":
                memory.recoveries.add(int(key, 16))


def _derive(state: BudgetState) -> None:
    book, memory = state.book, state.memory
    book.group_available_cents = group_sums(book)
    book.awarded_cents = awarded_sums(book)
    memory.parked = dict(sorted(memory.parked.items()))
    for sequence, parked in memory.parked.items():
        memory.waiting.setdefault(parked.want, []).append(sequence)
    book.own_lines = {line: line for line in book.lines}
    for grant in book.grants.values():
        if grant.award is not None:
            grant.award = with_own_lines(grant.award, book.own_lines)
    for convention in book.conventions.values():
        with_shared_parts(convention, book.own_lines)
