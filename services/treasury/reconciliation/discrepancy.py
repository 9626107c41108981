"""A difference as it is reported: what is compared, both amounts, and the records behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

from events.texts import Day, Euros, Translatable, _
from services.ledger.explain.sentences import line_label

Key = TypeVar("Key")
Value = TypeVar("Value")

Codes = tuple[str, str, str, str]
"""Chapter, article, function and operation of a budget line; '' for one that it does not have."""

NAMES: Final = ("chapter", "article", "function", "operation")


def list_differing(
    expected: Mapping[Key, Value], actual: Mapping[Key, Value], absent: Value
) -> set[Key]:
    """The keys under which two sets hold other values; what one lacks counts as `absent`."""
    keys = expected.keys() | actual.keys()
    return {each for each in keys if expected.get(each, absent) != actual.get(each, absent)}


class DiscrepancyKind(StrEnum):
    """The kinds of differences."""

    EXPENSE_DIFFERS = "expense_differs"
    CREDITORS_DIFFER = "creditors_differ"
    TREASURY_DIFFERS = "treasury_differs"
    DEBTORS_DIFFER = "debtors_differ"
    UNBALANCED = "unbalanced"
    ENTRY_DIFFERS = "entry_differs"
    ENTRY_MISSING = "entry_missing"
    ENTRY_UNKNOWN = "entry_unknown"
    MORE_ENTRIES_DIFFER = "more_entries_differ"
    OTHER_JOURNAL = "other_journal"
    ON_NO_SLIP = "on_no_slip"
    ON_SEVERAL_SLIPS = "on_several_slips"
    UNKNOWN_ON_SLIP = "unknown_on_slip"
    SLIP_AMOUNT_DIFFERS = "slip_amount_differs"
    NOT_TAKEN_BACK = "not_taken_back"
    TAKEN_BACK_DIFFERS = "taken_back_differs"
    SLIP_TOTAL_DIFFERS = "slip_total_differs"
    YEAR_TOTAL_DIFFERS = "year_total_differs"
    NOT_IN_LEDGER = "not_in_ledger"
    IN_NO_RETURN = "in_no_return"
    PAID_ON_ANOTHER_LINE = "paid_on_another_line"
    FOREIGN_EVENT = "foreign_event"
    EVENT_DIFFERS = "event_differs"
    ERP_DIFFERS = "erp_differs"


TEXTS: Final = {
    DiscrepancyKind.EXPENSE_DIFFERS: _(
        "Line {line}: {found} of expense in the entries, {expected} in the ledger (ordered and "
        "paid, less what is asked back in the year and has not come)"
    ),
    DiscrepancyKind.CREDITORS_DIFFER: _(
        "Line {line}: {found} owed to creditors in the entries, {expected} ordered in the ledger"
    ),
    DiscrepancyKind.TREASURY_DIFFERS: _(
        "Line {line}: {found} paid in the entries, {expected} in the ledger (paid, less what came "
        "back in a later year)"
    ),
    DiscrepancyKind.DEBTORS_DIFFER: _(
        "Line {line}: {found} owed by beneficiaries in the entries, {expected} in the ledger "
        "(asked back, and not come)"
    ),
    DiscrepancyKind.UNBALANCED: _(
        "The debits of a record are {found}, its credits {expected}: entries were changed"
    ),
    DiscrepancyKind.ENTRY_DIFFERS: _(
        "Entry {entry} is not what its record and the settings lead to: {changes}"
    ),
    DiscrepancyKind.ENTRY_MISSING: _(
        "Entry {entry} is missing: account {account}, {side}, {expected} on line {line}"
    ),
    DiscrepancyKind.ENTRY_UNKNOWN: _(
        "No record leads to entry {entry}: account {account}, {side}, {found} on line {line}"
    ),
    DiscrepancyKind.MORE_ENTRIES_DIFFER: _(
        "More entries than are named here are not what their records lead to"
    ),
    DiscrepancyKind.OTHER_JOURNAL: _(
        "Entries were made of more records than the read model has: it was made of another "
        "journal, or has lost records; have the operator make it again"
    ),
    DiscrepancyKind.ON_NO_SLIP: _(
        "Order {payment_order} should stand on a slip and stands on none: its own row, a piece, a "
        "return, or what was sent after it says so"
    ),
    DiscrepancyKind.ON_SEVERAL_SLIPS: _("Order {payment_order} stands on several slips"),
    DiscrepancyKind.UNKNOWN_ON_SLIP: _(
        "Order {payment_order} stands on a slip, and the ledger never issued it"
    ),
    DiscrepancyKind.SLIP_AMOUNT_DIFFERS: _(
        "Order {payment_order}: {found} on its slip, {expected} in the ledger"
    ),
    DiscrepancyKind.NOT_TAKEN_BACK: _(
        "Order {payment_order} was cancelled after its slip was sent, and {expected} of it stand "
        "on no slip of type 02: the accountant still pays them; `ecluse slips waiting` says what "
        "the order waits for"
    ),
    DiscrepancyKind.TAKEN_BACK_DIFFERS: _(
        "Order {payment_order}: its slip of type 02 takes back {found}, which is not what is "
        "unpaid of each line, {expected} in all"
    ),
    DiscrepancyKind.SLIP_TOTAL_DIFFERS: _(
        "Slip {slip}: {found} in all, and its pieces add up to {expected}"
    ),
    DiscrepancyKind.YEAR_TOTAL_DIFFERS: _(
        "Slip {slip}: {found} as the total of the year, and the slips up to it add up to {expected}"
    ),
    DiscrepancyKind.NOT_IN_LEDGER: _(
        "Order {payment_order}: a return has a payment of {found} that the ledger has not"
    ),
    DiscrepancyKind.IN_NO_RETURN: _(
        "Order {payment_order}: the ledger has a payment of {expected} that no return has"
    ),
    DiscrepancyKind.PAID_ON_ANOTHER_LINE: _(
        "Order {payment_order}, line {line}: the accountant paid {found} on it, the ledger, which "
        "fills lines in their order, {expected}"
    ),
    DiscrepancyKind.FOREIGN_EVENT: _(
        "Order {payment_order}: the ledger has an event in the treasury's name that no return has. "
        "Another program wrote it, or that return was lost with the tables"
    ),
    DiscrepancyKind.EVENT_DIFFERS: _(
        "Order {payment_order}: the ledger has an event with the id of the treasury's and other "
        "content. Another program wrote it, and the treasury's was refused"
    ),
    DiscrepancyKind.ERP_DIFFERS: _(
        "Account {account}, {side}: {found} in the ERP, {expected} in the entries"
    ),
}
"""A sentence of each kind."""

ERP_LINE_DIFFERS: Final = _(
    "Account {account}, line {line}, {side}: {found} in the ERP, {expected} in the entries"
)

DEBIT: Final = "debit"
CREDIT: Final = "credit"
SIDES: Final = {DEBIT: _("debit"), CREDIT: _("credit")}

MEMBERS: Final = {
    "booked_on": _("day"),
    "kind": _("kind"),
    "role": _("role"),
    "account": _("account"),
    "debit_cents": SIDES[DEBIT],
    "credit_cents": SIDES[CREDIT],
    "chapter": _("chapter"),
    "article": _("article"),
    "function": _("function"),
    "operation": _("operation"),
    "convention": _("convention"),
    "payment_order": _("payment order"),
    "recovery": _("recovery"),
}
"""The members of an entry that are compared, by their names in its message."""

CHANGED: Final = _("{member} {found} instead of {expected}")
NO_VALUE: Final = _("none")


class Change(NamedTuple):
    """A member of an entry that is not what its record leads to; amounts are cents, days ISO."""

    member: str
    expected: str | int | None
    actual: str | int | None

    @property
    def text(self) -> Translatable:
        """The change in a phrase."""
        facts = {"expected": self._fact(self.expected), "found": self._fact(self.actual)}
        return CHANGED.render({"member": MEMBERS[self.member], **facts})

    def _fact(self, value: str | int | None) -> object:
        if isinstance(value, int):
            return Euros(value)
        if not value:
            return NO_VALUE
        return Day(value) if self.member == "booked_on" else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """A difference; `expected_cents` is what the ledger has, of the ERP what the entries have."""

    kind: DiscrepancyKind
    budget: str
    expected_cents: int | None = None
    found_cents: int | None = None
    codes: Codes | None = None
    account: str | None = None
    side: str | None = None
    """Of an account: debit or credit."""
    payment_order: str | None = None
    slip_id: str | None = None
    entry_id: str | None = None
    """`<budget>/<sequence>/<item>`."""
    changes: tuple[Change, ...] = ()
    """Of an entry that differs: by what."""
    records: tuple[int, ...] = ()
    """Records of the budget's journal."""

    @property
    def line(self) -> dict[str, str | None] | None:
        """The budget line by the names of its codes."""
        if self.codes is None:
            return None
        return dict(zip(NAMES, (each or None for each in self.codes), strict=True))

    @property
    def text(self) -> Translatable:
        """The difference in a sentence."""
        line = self.line
        of_line = self.kind is DiscrepancyKind.ERP_DIFFERS and line is not None
        facts: dict[str, Any] = {
            "line": None if line is None else line_label(line),
            "payment_order": self.payment_order,
            "slip": self.slip_id,
            "account": self.account,
            "entry": self.entry_id,
            "changes": tuple(each.text for each in self.changes),
            "side": None if self.side is None else SIDES[self.side],
            "expected": None if self.expected_cents is None else Euros(self.expected_cents),
            "found": None if self.found_cents is None else Euros(self.found_cents),
        }
        return (ERP_LINE_DIFFERS if of_line else TEXTS[self.kind]).render(facts)
