"""A budget's state as rows of a store, written and restored.

The same rows go to SQLite and to a compacted topic: one row a changed thing a batch.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

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

EVENTS: Final = frozenset(("event", "recovery"))
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


def _line(key: str) -> Line:
    return Line(*json.loads(key))


def _number(key: str) -> int:
    return int(key, 16)


class Kind(NamedTuple):
    """A kind of rows: where a state has them, by key; how a value and a key are read."""

    of: Callable[[BudgetState], dict[Any, Any]]
    value: Callable[[bytes], Any]
    key: Callable[[str], Any] = str


KINDS: Final = {
    "line": Kind(lambda state: state.book.lines, _unpack(LineMoney), _line),
    "grant": Kind(lambda state: state.book.grants, _unpack(Grant)),
    "convention": Kind(lambda state: state.book.conventions, _unpack(Convention)),
    "order": Kind(lambda state: state.book.orders, _unpack(PaymentOrder)),
    "account": Kind(lambda state: state.book.accounts, _unpack(BankAccount)),
    "parked": Kind(lambda state: state.memory.parked, _unpack(Parked), _number),
    "event": Kind(lambda state: state.memory.remembered, _read_event, _number),
    "recovery": Kind(lambda state: state.memory.remembered, _read_event, _number),
}
"""All kinds but the header; recoveries are remembered among the events, and known apart."""

_read_header: Final = _unpack(Header)


def changed_rows(state: BudgetState) -> Iterator[tuple[StateKey, bytes | None]]:
    """The rows changed since the last call."""
    touched, state.touched = state.touched, set()
    for kind, key in touched:
        yield StateKey(state.book.budget, kind, row_key(key)), _row(state, kind, key)


def all_rows(state: BudgetState) -> Iterator[tuple[StateKey, bytes | None]]:
    """All rows of a budget."""
    memory = state.memory
    state.touched = {("budget", "")}
    for kind, each in KINDS.items():
        if kind not in EVENTS:
            state.touched.update((kind, key) for key in each.of(state))
    state.touched.update(("event", key) for key in memory.remembered.keys() - memory.recoveries)
    state.touched.update(("recovery", key) for key in memory.recoveries)
    return changed_rows(state)


def row_key(key: str | Line | int) -> str:
    """The key of a row: a name, the codes of a line, or a number in 120 bits."""
    if isinstance(key, str):
        return key
    return f"{key:030x}" if isinstance(key, int) else _spell(key).decode()


def _row(state: BudgetState, kind: str, key: Any) -> bytes | None:
    if kind == "budget":
        return _pack(_header(state))
    value = KINDS[kind].of(state).get(key)
    if value is None:
        return None
    if kind not in EVENTS:
        return _pack(value)
    # Within one batch a year may drop an id and a recovery reuse it: it has one row.
    if (kind == "recovery") is not (key in state.memory.recoveries):
        return None
    return int.to_bytes(value, KEPT_BYTES, "big")


def _header(state: BudgetState) -> Header:
    book, memory = state.book, state.memory
    return Header(
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


def _count(state: BudgetState) -> int:
    """The number of a budget's rows beside its header."""
    # Written out: it is asked once a budget and batch.
    book, memory = state.book, state.memory
    money = len(book.lines) + len(book.grants) + len(book.conventions) + len(book.orders)
    return money + len(book.accounts) + len(memory.parked) + len(memory.remembered)


_decode_progress = msgspec.msgpack.Decoder(_Progress).decode


def known_sequences(rows: Iterable[tuple[StateKey, bytes]]) -> dict[str, int]:
    """The last sequence of each budget, from rows of any version; ValueError: a header is none."""
    return {
        key.budget: _decode_progress(value).sequence for key, value in rows if key.kind == "budget"
    }


class Restoring:
    """Budgets restored row by row, so that the caller may yield in between."""

    def __init__(self) -> None:
        self._budgets: dict[str, BudgetState] = {}
        self._expected: dict[str, int] = {}

    def put(self, row: StateKey, value: bytes) -> None:
        """Take the next row, in any order; ValueError where this program did not write it."""
        budget, kind, key = row
        state = self._budgets.get(budget)
        if state is None:
            state = self._budgets[budget] = new_budget(budget)
        if kind == "budget":
            header = _read_header(value)
            self._expected[budget] = header.rows
            _put_header(state, header)
            return
        found = KINDS[kind]
        name = found.key(key)
        found.of(state)[name] = found.value(value)
        if kind == "recovery":
            state.memory.recoveries.add(name)

    def budgets(self) -> Iterator[tuple[str, BudgetState]]:
        """Yield the budgets, with what is derived from rows; ValueError where one is missing."""
        for budget, state in self._budgets.items():
            expected = self._expected.get(budget)
            if _count(state) != expected:
                raise ValueError(f"{budget}: {_count(state)} rows of state, not {expected}")
            _derive(state)
            yield budget, state


def restored(rows: Iterable[tuple[StateKey, bytes]]) -> dict[str, BudgetState]:
    """The budgets of these rows; ValueError where one is missing, or not of this program."""
    restoring = Restoring()
    for key, value in rows:
        restoring.put(key, value)
    return dict(restoring.budgets())


def _put_header(state: BudgetState, header: Header) -> None:
    book, memory = state.book, state.memory
    memory.sequence, memory.head = header.sequence, header.head
    memory.accepted, memory.duplicate = header.accepted, header.duplicate
    memory.refused, book.vote_level = header.refused, header.vote_level
    book.closed, book.closed_out = header.closed, header.closed_out


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
