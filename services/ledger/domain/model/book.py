"""The state of one budget: its money, what the ledger remembers beside it, and events that wait."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from events.codec import identity_of
from events.parts import EventReference
from services.ledger.domain.model.answers import Missing
from services.ledger.domain.model.conventions import Convention
from services.ledger.domain.model.grants import Award, BankAccount, Grant
from services.ledger.domain.model.lines import Line, LineMoney, share_line
from services.ledger.domain.model.orders import PaymentOrder

DEFAULT_LEVEL = "chapter"
"""The level at which a council votes credits, unless it says otherwise (CGCT L2312-2)."""

YEAR_DIGITS = 4
"""A budget's id ends with its year."""

FIRST_HASH = "0" * 64
"""The previous hash of the first record of a budget."""

Touched = defaultdict[str, set[str | Line | int]]
"""The keys of pieces of state, by kind."""


@dataclass(slots=True)
class Book:
    """The money of a budget and all that decides over it. A refusal leaves it as it was."""

    budget: str
    vote_level: str | None = None
    lines: dict[Line, LineMoney] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    conventions: dict[str, Convention] = field(default_factory=dict)
    orders: dict[str, PaymentOrder] = field(default_factory=dict)
    accounts: dict[str, BankAccount] = field(default_factory=dict)
    # Sums that could be added up again at any time, kept because every award asks for them.
    group_available_cents: dict[str, int] = field(default_factory=dict)
    awarded_cents: dict[str, int] = field(default_factory=dict)
    closed: bool = False
    """True once the year was closed (rules, 30)."""
    closed_out: bool = False
    """True once no order of the closed year is open, and all else was dropped (rules, 31)."""

    @property
    def control_level(self) -> str:
        """The level at which credit may not be exceeded; before the vote, the default one."""
        return self.vote_level or DEFAULT_LEVEL

    def line(self, line: Line) -> LineMoney:
        """The money of a line, opened at zero when it is first named."""
        money = self.lines.get(line)
        if money is None:
            money = self.lines[share_line(line)] = LineMoney()
        return money

    def award_under(self, convention: Convention) -> Award | None:
        """The award on which a convention stands; a closed-out year keeps none."""
        grant = self.grants.get(convention.grant)
        return None if grant is None else grant.award

    def award_alone_of(self, grant: str) -> Convention | None:
        """The award without convention of a grant; None once one was signed for it."""
        convention = self.conventions.get(grant)
        if convention is None or not convention.is_award_alone or convention.grant != grant:
            return None  # One of an earlier year may have been renamed to the id of a grant.
        return convention

    def is_taken(self, name: str) -> bool:
        """True where orders under this name exist or may exist: their ids must be unique."""
        if name in self.conventions:
            return True
        grant = self.grants.get(name)
        if grant is not None and grant.award is not None and not grant.award.requires_convention:
            return True
        # Of a grant that an earlier year renamed, only the orders bear the name.
        return "@" in name and any(each.formerly == name for each in self.conventions.values())

    def recoverable_convention(self, name: str) -> Convention | None:
        """The convention that a recovery names, by its number or by the grant's name.

        The latter where it was signed for the rest of a grant without convention (rules, 13).
        """
        convention = self.conventions.get(name)
        if convention is None:
            others = (each for each in self.conventions.values() if each.also_recovered_as == name)
            convention = next(others, None)
        return convention

    def place_of(self, order: PaymentOrder) -> tuple[Convention, str]:
        """The convention in whose figures an order counts, and its instalment there."""
        convention = self.conventions.get(order.convention)
        if convention is not None:
            return convention, order.instalment
        named = (each for each in self.conventions.values() if each.formerly == order.convention)
        convention = next(named, None)
        assert convention is not None, f"order {order.payment_order} is of no convention"
        return convention, f"{order.convention}/{order.instalment}"


class Want(NamedTuple):
    """A thing that a parked event waits for, or anything else that is still to come."""

    kind: str
    """Of a parked event, one of `Missing`."""
    id: str


class ParkedRecord(NamedTuple):
    """An event that waits, as it was received and where."""

    raw: bytes
    want: Want
    topic: str
    partition: int
    offset: int
    identity: bytes
    """The hash of its source and id, cut to 120 bits."""


@dataclass(slots=True)
class Memory:
    """The state of a budget beside its money: the chain, the ids of events, those that wait."""

    sequence: int = 0
    head: str = FIRST_HASH
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    remembered: dict[int, int] = field(default_factory=dict)
    """Content digests by identity, both cut to 120 bits: see docs/decisions/0005."""
    lasting: dict[int, None] = field(default_factory=dict)
    """The identities of recoveries, reports and reviews: a closed-out year drops all others
    (rules, 31 and 38)."""
    remembered_rows: int = 0
    """The number of rows in which a store holds remembered events: one more each commit."""
    parked: dict[int, ParkedRecord] = field(default_factory=dict)
    """By the sequence of the record that parked them."""
    waiting: dict[Want, list[int]] = field(default_factory=dict)


@dataclass(slots=True)
class BudgetState:
    """Everything the ledger holds of one budget."""

    book: Book
    memory: Memory = field(default_factory=Memory)
    touched: Touched = field(default_factory=lambda: defaultdict(set))
    """The pieces of state that changed since the last commit, but for remembered events."""
    new_identities: list[int] = field(default_factory=list)
    """The events remembered since the last commit."""

    def keep_convention(self, convention: Convention) -> None:
        """Put a convention that is new, or was made anew, into the book."""
        convention.share_parts(self.book.award_under(convention))
        self.book.conventions[convention.convention] = convention
        self.touch_whole_convention(convention.convention)

    def touch_convention(self, name: str) -> Convention:
        """The convention, to be changed in place: anything but its money and documents."""
        self.touched["convention"].add(name)
        return self.book.conventions[name]

    def touch_progress(self, name: str) -> Convention:
        """The convention, its money or its documents to be changed in place."""
        self.touched["convention_progress"].add(name)
        return self.book.conventions[name]

    def touch_whole_convention(self, name: str) -> None:
        """Note a convention that is new, was made anew or is gone."""
        self.touched["convention"].add(name)
        self.touched["convention_progress"].add(name)

    def discard_changes(self) -> None:
        """Forget what changed: nothing of it will be stored."""
        self.touched.clear()
        self.new_identities.clear()


def new_budget(budget: str) -> BudgetState:
    """The state of a budget before its first event."""
    return BudgetState(Book(budget))


KEPT_BYTES = 15
"""120 bits of SHA-256: no two events of a budget share them by chance, in half the memory."""


def brief(digest: bytes) -> bytes:
    """The part of a SHA-256 that the ledger remembers."""
    return digest[:KEPT_BYTES]


def shorten(digest: bytes) -> int:
    """The same as a number: what is remembered a million times must be small."""
    return int.from_bytes(digest[:KEPT_BYTES], "big")


PARKED_MAX = 1000
"""The largest number of events of a budget that wait at once (rules, 28)."""


def is_met(book: Book, want: Want) -> bool:
    """True if what an event waited for is still there when the event is decided again.

    Once a convention is signed for the rest of a grant, the grant's reference names it to
    recoveries alone (rules, 13): other events that wait for that go on waiting when decided.
    """
    match Missing(want.kind):
        case Missing.BUDGET:
            return book.vote_level is not None
        case Missing.GRANT:
            grant = book.grants.get(want.id)
            return grant is not None and grant.award is not None
        case Missing.RECOVERY:
            name, recovery = want.id.split("/", 1)
            convention = book.recoverable_convention(name)
            return convention is not None and recovery in convention.recoveries
        case _:  # Missing.CONVENTION
            return book.recoverable_convention(want.id) is not None


def names_of(book: Book, arrived: Want) -> Iterator[Want]:
    """All names by which a thing that has arrived may be awaited (rules, 13).

    A convention for the rest of a grant brings the recoveries that it takes over, and recoveries
    may be awaited of it or of the grant.
    """
    yield arrived
    if arrived.kind == Missing.CONVENTION:
        convention = book.conventions.get(arrived.id)
        if convention is not None and convention.also_recovered_as is not None:
            yield Want(Missing.CONVENTION, convention.also_recovered_as)
            for number in convention.recoveries:
                yield Want(Missing.RECOVERY, recovery_id(arrived.id, number))
    elif arrived.kind == Missing.RECOVERY:
        name, number = arrived.id.split("/", 1)
        convention = book.recoverable_convention(name)
        if convention is not None and convention.also_recovered_as is not None:
            yield Want(Missing.RECOVERY, recovery_id(convention.convention, number))
            yield Want(Missing.RECOVERY, recovery_id(convention.also_recovered_as, number))


def recovery_id(convention: str, recovery: str) -> str:
    """The name under which a recovery is awaited: its number is its convention's own."""
    return f"{convention}/{recovery}"


def find_parked(memory: Memory, event: EventReference) -> int | None:
    """The record that parked an event; None where it does not wait."""
    identity = brief(identity_of(event.source, event.id))
    found = (number for number, each in memory.parked.items() if each.identity == identity)
    return next(found, None)
