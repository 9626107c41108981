"""A budget's state as rows of a store, written and restored.

The same rows go to SQLite and to a compacted topic: one row a changed thing a batch. What changes
with each payment stands apart from what was agreed and from what was ordered.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from struct import Struct
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from services.ledger.application.ports import StateKey
from services.ledger.domain.invariants import group_sums, sum_awards
from services.ledger.domain.model.book import (
    KEPT_BYTES,
    Book,
    BudgetState,
    Memory,
    ParkedRecord,
    new_budget,
)
from services.ledger.domain.model.conventions import (
    Convention,
    ConventionMoney,
    DocumentKey,
    DocumentReceipt,
)
from services.ledger.domain.model.grants import BankAccount, Grant
from services.ledger.domain.model.lines import EMPTY, Line, LineMoney, share_line
from services.ledger.domain.model.orders import OrderState, PaymentOrder
from services.ledger.domain.model.schedules import order_of, with_shared_parts

STATE_VERSION = 7
"""The version of the rows' shape: raised when older rows can no longer be read."""

IDENTITIES_MAX: Final = 1_000
"""The most remembered events of one row."""

_spell = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode
_remembered = Struct(f"?{KEPT_BYTES}s{KEPT_BYTES}s")
"""A remembered event: true where its year keeps it for ever, its identity, the digest of its
content."""


class Header(msgspec.Struct):
    """The one-off facts of a budget: its chain, its counts, its vote level."""

    pieces: int
    """The number of things that its other rows hold, to notice a lost row."""
    sequence: int
    head: str
    accepted: int
    duplicate: int
    refused: int
    vote_level: str | None
    closed: bool
    closed_out: bool


class _Sequence(msgspec.Struct):
    """The member of a header that every version has."""

    sequence: int


class ConventionProgress(NamedTuple):
    """The progress of a convention."""

    lines: tuple[ConventionMoney, ...]
    documents: Mapping[DocumentKey, DocumentReceipt]
    rejected: tuple[DocumentKey, ...]


class OrderProgress(NamedTuple):
    """The progress of a payment order."""

    paid_cents: int
    state: OrderState
    open_at_closing: bool


def _select_agreed(convention: Convention) -> Convention:
    return replace(convention, lines=(), documents=EMPTY, rejected=())


def _as_issued(order: PaymentOrder) -> PaymentOrder:
    return replace(order, paid_cents=0, state=OrderState.ISSUED, open_at_closing=False)


def _unpack(kind: Any) -> Callable[[bytes], Any]:
    return msgspec.msgpack.Decoder(kind).decode


def _line(key: str) -> Line:
    return share_line(Line(*json.loads(key)))


class Kind(NamedTuple):
    """A kind of rows: where a state has what they hold, by key, and how they are read."""

    of: Callable[[BudgetState], dict[Any, Any]]
    value: Callable[[bytes], Any]
    key: Callable[[str], Any] = str
    part: Callable[[Any], Any] | None = None
    """The part that the row holds; None where it holds the whole."""


KINDS: Final = {
    "line": Kind(lambda state: state.book.lines, _unpack(LineMoney), _line),
    "grant": Kind(lambda state: state.book.grants, _unpack(Grant)),
    "convention": Kind(
        lambda state: state.book.conventions, _unpack(Convention), part=_select_agreed
    ),
    "convention_progress": Kind(
        lambda state: state.book.conventions,
        _unpack(ConventionProgress),
        part=lambda each: (each.lines, each.documents, each.rejected),
    ),
    "order": Kind(lambda state: state.book.orders, _unpack(PaymentOrder), part=_as_issued),
    "order_progress": Kind(
        lambda state: state.book.orders,
        _unpack(OrderProgress),
        part=lambda each: (each.paid_cents, each.state, each.open_at_closing),
    ),
    "account": Kind(lambda state: state.book.accounts, _unpack(BankAccount)),
    "parked": Kind(lambda state: state.memory.parked, _unpack(ParkedRecord), int),
}
"""All kinds but the header and the remembered events."""

_read_header: Final = _unpack(Header)


def take_changed_rows(state: BudgetState) -> Iterator[tuple[StateKey, bytes | None]]:
    """The header, and the rows changed since the last call."""
    budget = state.book.budget
    yield StateKey(budget, "budget", ""), _pack(_header(state))
    touched = state.touched
    state.touched = defaultdict(set)
    # Of a year that is closed out; what it keeps is written below, from the first number on.
    for number in touched.pop("remembered", ()):
        yield StateKey(budget, "remembered", row_key(number)), None
    for kind, keys in touched.items():
        of, part = KINDS[kind].of(state), KINDS[kind].part
        for key in keys:
            value = of.get(key)
            if value is not None and part is not None:
                value = part(value)
            yield StateKey(budget, kind, row_key(key)), None if value is None else _pack(value)
    memory, identities, state.new_identities = state.memory, state.new_identities, []
    for first in range(0, len(identities), IDENTITIES_MAX):
        row = StateKey(budget, "remembered", row_key(memory.remembered_rows))
        memory.remembered_rows += 1
        yield row, _pack_remembered(memory, identities[first : first + IDENTITIES_MAX])


def row_key(key: str | Line | int) -> str:
    """The key of a row: a name, a number, or the codes of a line."""
    if isinstance(key, str):
        return key
    return str(key) if isinstance(key, int) else _spell(key).decode()


def _pack_remembered(memory: Memory, identities: Iterable[int]) -> bytes:
    """Remembered events, one behind the other."""
    known, lasting = memory.remembered, memory.lasting
    return b"".join(
        [
            _remembered.pack(
                each in lasting,
                each.to_bytes(KEPT_BYTES, "big"),
                known[each].to_bytes(KEPT_BYTES, "big"),
            )
            for each in identities
        ]
    )


def _put_remembered(memory: Memory, value: bytes) -> None:
    if len(value) % _remembered.size:
        raise ValueError(f"{len(value)} bytes are no remembered events")
    for lasts, identity, digest in _remembered.iter_unpack(value):
        name = int.from_bytes(identity, "big")
        memory.remembered[name] = int.from_bytes(digest, "big")
        if lasts:
            memory.lasting[name] = None


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
    """The number of things that a budget's rows hold."""
    # Written out: it is asked once a budget and batch.
    book, memory = state.book, state.memory
    money = len(book.lines) + len(book.grants) + len(book.conventions) + len(book.orders)
    return money + len(book.accounts) + len(memory.parked) + len(memory.remembered)


_decode_sequence = msgspec.msgpack.Decoder(_Sequence).decode


def read_sequences(rows: Iterable[tuple[StateKey, bytes]]) -> dict[str, int]:
    """The last sequence of each budget, from rows of any version; ValueError: a header is none."""
    return {
        key.budget: _decode_sequence(value).sequence for key, value in rows if key.kind == "budget"
    }


@dataclass(slots=True)
class _Parts:
    """The parts of one budget that were read so far."""

    state: BudgetState
    pieces: int | None = None
    """The number that its header gives."""
    progress: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"convention_progress": {}, "order_progress": {}}
    )


class Restoring:
    """Budgets restored row by row, so that the caller may yield in between."""

    def __init__(self) -> None:
        self._budgets: dict[str, _Parts] = {}

    def put(self, row: StateKey, value: bytes) -> None:
        """Take the next row, in any order; ValueError where this program did not write it."""
        budget, kind, key = row
        parts = self._budgets.get(budget)
        if parts is None:
            parts = self._budgets[budget] = _Parts(new_budget(budget))
        state = parts.state
        if kind == "budget":
            header = _read_header(value)
            parts.pieces = header.pieces
            _put_header(state, header)
        elif kind == "remembered":
            _put_remembered(state.memory, value)
            state.memory.remembered_rows += 1
        else:
            found = KINDS[kind]
            progress = parts.progress.get(kind)
            into = found.of(state) if progress is None else progress
            into[found.key(key)] = found.value(value)

    def budgets(self) -> Iterator[tuple[str, BudgetState]]:
        """Yield the budgets, with what is derived from rows; ValueError where one is missing."""
        for budget, parts in self._budgets.items():
            state = parts.state
            if _count(state) != parts.pieces:
                raise ValueError(f"{budget}: {_count(state)} pieces of state, not {parts.pieces}")
            _join(state.book, parts.progress)
            _derive(state)
            yield budget, state


def restore_budgets(rows: Iterable[tuple[StateKey, bytes]]) -> dict[str, BudgetState]:
    """The budgets of these rows; ValueError where one is missing, or not of this program."""
    restoring = Restoring()
    for key, value in rows:
        restoring.put(key, value)
    return dict(restoring.budgets())


def _join(book: Book, progress: dict[str, dict[str, Any]]) -> None:
    """Put what has become of conventions and orders into them."""
    conventions, orders = progress["convention_progress"], progress["order_progress"]
    if (conventions.keys(), orders.keys()) != (book.conventions.keys(), book.orders.keys()):
        raise ValueError(f"{book.budget}: parts of conventions or orders are missing")
    for grant in book.grants.values():
        grant.share_parts()
    for name, convention in book.conventions.items():
        convention.lines, convention.documents, convention.rejected = conventions[name]
        convention.share_parts(book.award_under(convention))
    for name, order in book.orders.items():
        paid_cents, state, open_at_closing = orders[name]
        book.orders[name] = replace(
            order, paid_cents=paid_cents, state=state, open_at_closing=open_at_closing
        )
    for convention in book.conventions.values():
        for instalment in convention.schedule:
            latest = order_of(book, instalment)
            if latest is not None:
                shared = with_shared_parts(latest, convention, instalment)
                book.orders[latest.payment_order] = shared


def _put_header(state: BudgetState, header: Header) -> None:
    book, memory = state.book, state.memory
    memory.sequence, memory.head = header.sequence, header.head
    memory.accepted, memory.duplicate = header.accepted, header.duplicate
    memory.refused, book.vote_level = header.refused, header.vote_level
    book.closed, book.closed_out = header.closed, header.closed_out


def _derive(state: BudgetState) -> None:
    book, memory = state.book, state.memory
    book.group_available_cents = group_sums(book)
    book.awarded_cents = sum_awards(book)
    memory.parked = dict(sorted(memory.parked.items()))
    for sequence, parked in memory.parked.items():
        memory.waiting.setdefault(parked.want, []).append(sequence)
