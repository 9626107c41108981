"""An accepted record proved: its moves, orders and entries are what its event leads to."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import reduce
from operator import getitem
from typing import Any, Final

from services.verifier.expected import moves as ask
from services.verifier.expected import years
from services.verifier.expected.facts import learn
from services.verifier.expected.flags import prove_flags
from services.verifier.expected.moves import (
    REISSUING,
    Due,
    Moves,
    due,
    find_touched_conventions,
    treasury_facts,
)
from services.verifier.findings import Code
from services.verifier.records import Json, Record, canonical_without_nulls, drop_nulls
from services.verifier.state.books import Books
from services.verifier.state.grants import award_falls
from services.verifier.state.lines import KIND_OF, Line, line_of, show_line
from services.verifier.state.orders import (
    OPEN,
    Order,
    PlannedAmount,
    code_of,
    print_lines,
    read_ordered_lines,
    unpaid_of,
)

EFFECTIVE_ON: Final = {
    "deliberation.adopted": ("act", "date"),
    "convention.signed": ("signed_on",),
    "convention.amended": ("signed_on",),
    "convention.resumed": ("effective_on",),
    "convention.terminated": ("effective_on",),
    "report.received": ("received_on",),
    "fiscal-year.closed": ("closed_on",),
}
"""The member that names the day on which commitments take effect; else the event's day."""

EntryKey = tuple[str, str | None, Line, bytes]
"""Kind, convention, line and act: the key of an entry within a record."""

OF_BENEFICIARIES: Final = frozenset(("convention.signed", "fiscal-year.opened"))
"""Types that may bring a beneficiary's first bank account."""


def apply(books: Books, record: Record) -> None:
    """Apply an accepted record to its books; what does not fit is found."""
    kind, data, row = record.kind, years.data_of(books, record), record.row
    changes = row["payment_orders"] or []
    prove_flags(books, record, data)
    expected = _own_moves(books, kind, data, changes)
    lapsed = years.list_lapsed_entries(books) if kind == "fiscal-year.closed" else []
    siret = data["beneficiary"]["siret"] if kind in OF_BENEFICIARIES else ""
    first_account = siret not in books.accounts and data.get("bank_account") is not None
    signs = kind == "convention.signed" and books.alone(data["grant"]) is not None
    again = kind in REISSUING or (kind == "fiscal-year.opened" and _account_is_newer(books, data))
    learn(books, kind, data)
    names = find_touched_conventions(books, kind, data, first_account)
    orders = list(due(books, names, again, expected))
    _prove_issued(books, record, orders, changes, expected)
    done = ask.moves_done(row["moves"] or [])
    _prove_moves(books, expected, done)
    for move in row["moves"] or ():
        books.move(move, data)
    books.plan_without(expected)
    _prove_entries(books, record, done, lapsed)
    books.prove_touched()
    if signs:
        # What the award held is the convention's now, and no move says so (rules, 13).
        for line in books.conventions[data["convention"]].shares:
            books.touched |= {(data["grant"], line), (data["convention"], line)}


def _account_is_newer(books: Books, internal_event: Json) -> bool:
    """Return whether the new year knew another account before the opening came (rules, 21)."""
    known = books.accounts.get(internal_event["beneficiary"]["siret"])
    return known is not None and known != drop_nulls(internal_event.get("bank_account"))


def _own_moves(books: Books, kind: str, data: Json, changes: list[Json]) -> Moves:
    """Return the event's own moves, and prove the orders that it changes."""
    moves: Moves = {}
    names: list[str] = []
    if kind in OF_ORDERS:
        moves, names = OF_ORDERS[kind](books, data)
    elif kind in MOVES:
        moves = MOVES[kind](books, data)
    elif kind in ask.OF_CONVENTION and data["convention"] in books.conventions:
        moves = ask.OF_CONVENTION[kind](books, books.conventions[data["convention"]], data)
    _prove_changed(books, names, [each for each in changes if "issued_on" not in each])
    return moves


def _apply_payment(books: Books, data: Json) -> tuple[Moves, list[str]]:
    """A payment, and the order that it pays (rules, 20)."""
    order = _open_order(books, data)
    moves = ask.move_payment(order, data["amount_cents"])
    order.paid_cents += data["amount_cents"]
    if order.paid_cents >= order.amount_cents:
        order.state = "paid"
    return moves, [data["payment_order"]]


def _apply_acknowledgement(books: Books, data: Json) -> tuple[Moves, list[str]]:
    """The accountant's decision on an order (rules, 20 and 21)."""
    order, moves = _open_order(books, data), {}
    order.state = data["state"]
    if order.state == "rejected":
        convention = books.conventions[order.holder]
        ended = convention.state == "ended"
        # In a closed year its money ends as that of an ended convention does (rules, 31).
        moves = ask.move_rejection(order, ended=ended or books.closed)
        if not ended:  # What was left unpaid is planned again.
            instalment = convention.schedule[order.key]
            left = unpaid_of(order.lines, order.paid_cents)
            # No line loses its place (rules, 27).
            instalment.lines = {
                each: left.get(each, PlannedAmount(0, None)) for each in instalment.lines
            }
    return moves, [data["payment_order"]]


def _open_order(books: Books, data: Json) -> Order:
    order = books.orders[data["payment_order"]]
    if order.state not in OPEN:
        _differs(books, data["payment_order"], "state", OPEN, order.state)
    return order


def _apply_withdrawal(books: Books, data: Json) -> tuple[Moves, list[str]]:
    """A withdrawn or annulled act, and the orders that it cancels (rules, 17)."""
    grant = books.grants[data["grant"]]
    if grant.withdrawn:
        books.find(Code.NUMBER_TWICE, what=data["grant"])
    if not award_falls(grant, data):
        return {}, []
    moves, cancelled = ask.release_reserved(books, data["grant"]), []
    for name, convention in books.conventions.items():
        if convention.grant != data["grant"]:
            continue
        moves |= ask.release_remaining(name, convention)
        for instalment in convention.schedule.values():
            order = books.orders.get(instalment.order or "")
            if order is not None and order.state in OPEN:
                moves |= ask.move_rejection(order, ended=True)
                order.state = "cancelled"
                cancelled.append(instalment.order or "")
    return moves, cancelled


MOVES: Final[Mapping[str, Callable[[Books, Json], Moves]]] = {
    "budget.voted": ask.move_vote,
    "credits.transferred": ask.move_transfer,
    "deliberation.adopted": ask.move_award,
    "convention.signed": ask.move_signature,
    "fiscal-year.closed": years.move_closing,
    "fiscal-year.opened": years.move_opening,
}
OF_ORDERS: Final[Mapping[str, Callable[[Books, Json], tuple[Moves, list[str]]]]] = {
    "payment.executed": _apply_payment,
    "payment-order.acknowledged": _apply_acknowledgement,
    "deliberation.withdrawn": _apply_withdrawal,
}
"""Types that change orders: their moves, and the names of those orders."""


def _prove_changed(books: Books, names: list[str], changed: list[Json]) -> None:
    """The orders that the event changes, as they stand now, and no others."""
    for at, name in enumerate(names):
        order = books.orders[name]
        _compare(books, name, order.figures(name), changed[at] if at < len(changed) else {})
        if order.paid_cents > order.amount_cents:
            _differs(books, name, "paid_cents", order.amount_cents, order.paid_cents)
    for each in changed[len(names) :]:
        _differs(books, each["payment_order"], "state", "-", "+")


def _differs(books: Books, name: str, member: str, expected: Any, actual: Any) -> None:
    facts = {"member": member, "expected": expected, "found": actual}
    books.find(Code.ORDER_DIFFERS, payment_order=name, **facts)


def _compare(books: Books, name: str, expected: Json, actual: Json) -> None:
    for member, value in expected.items():
        if actual.get(member) != value:
            _differs(books, name, member, value, actual.get(member))


def _prove_issued(
    books: Books, record: Record, orders: list[Due], changes: list[Json], expected: Moves
) -> None:
    """Each order that is due is issued here, as it must be, and no other."""
    rows = [each for each in changes if "issued_on" in each]
    names, wanted = (
        [each["payment_order"] for each in rows],
        [each.payment_order for each in orders],
    )
    if names != wanted:
        twice = [each for each in names if each in books.orders]
        for name in twice:
            books.find(Code.ORDER_ISSUED_TWICE, payment_order=name)
        if not twice:
            _differs(books, ", ".join(names) or "-", "payment_orders", wanted, names)
    issued = dict(zip(names, rows, strict=True))
    for each in orders:
        row = issued.pop(each.payment_order, None)
        if row is not None:
            _prove_issue(books, record, each, row)
            _keep(books, row, (each.holder, each.key), expected)
    for row in issued.values():
        # Not due, and found above; what follows is compared with what the journal says.
        if row["payment_order"] not in books.orders:
            _keep(books, row, (row["convention"], row["instalment"]), expected)


def _prove_issue(books: Books, record: Record, each: Due, row: Json) -> None:
    expected: Json = {
        "budget": books.budget,
        "convention": each.payment_order.partition("/")[0],
        "instalment": code_of(each.key),
        "amount_cents": sum(planned.cents for planned in each.lines.values()),
        "paid_cents": 0,
        "state": "issued",
        "due_on": each.due_on,
        "previous": each.previous,
    }
    _compare(books, each.payment_order, expected, row)
    wanted, found = _name_parts(print_lines(each.lines)), _name_parts(row["lines"])
    for part in dict.fromkeys((*wanted, *found)):
        if wanted.get(part) != found.get(part):
            _differs(books, each.payment_order, part, wanted.get(part), found.get(part))
    carried = treasury_facts(books, each, record.event["time"][:10])
    _compare(books, each.payment_order, carried, drop_nulls(row))


def _name_parts(lines: list[Json]) -> dict[str, object]:
    """The lines of an order and their services, each by its place: one of them may differ."""
    parts: dict[str, object] = {}
    for at, each in enumerate(lines, start=1):
        name, services = f"line {at}", each["services"]
        parts[name] = line_of(each["line"])
        parts[f"{name}, amount_cents"] = each["amount_cents"]
        parts[f"{name}, services"] = services and len(services)
        for number, of in enumerate(services or (), start=1):
            parts[f"{name}, service {number}"] = (of["code"], of["amount_cents"])
    return parts


def _keep(books: Books, row: Json, held_by: tuple[str, str], expected: Moves) -> None:
    """Remember the order as the journal has it; the money that it takes is asked for."""
    lines, name = read_ordered_lines(row["lines"]), row["payment_order"]
    named = (row["convention"], row["instalment"], *held_by)
    order = Order(*named, row["amount_cents"], 0, "issued", row["due_on"], lines)
    convention = books.conventions[order.holder]
    instalment = convention.schedule[order.key]
    books.orders[name] = order
    instalment.order, instalment.set_off = name, False
    instalment.orders += 1
    convention.last_orders.pop(order.key, None)
    cents = {line: each.cents for line, each in lines.items()}
    for key, each in ask.move_order(order, cents, ("committed", "ordered")).items():
        ask.add(expected, key, each)


def _prove_moves(books: Books, moves: Moves, done: Moves) -> None:
    expected = {move: cents for move, cents in moves.items() if cents}
    if expected == done:
        return
    for move in expected.keys() | done.keys():
        wanted, found = expected.get(move, 0), done.get(move, 0)
        if wanted != found:
            line, convention, instalment, origin, target = move
            named = [each for each in (convention, instalment) if each is not None]
            what = " ".join([show_line(line), *named, f"{origin} → {target}"])
            books.find(Code.MOVES_DIFFER, what=what, expected=wanted, found=found)


def _prove_entries(books: Books, record: Record, done: Moves, lapsed: list[years.Lapsed]) -> None:
    """Rule 34: one entry a kind, line, convention and act, of what the moves add up to."""
    kind, data = record.kind, record.event["data"]
    expected = _entries_of(books, record, done, lapsed)
    effective_on: Any = record.event["time"][:10]
    if kind in EFFECTIVE_ON:
        effective_on = reduce(getitem, EFFECTIVE_ON[kind], data)
    for index, each in enumerate(record.row["commitment_entries"] or (), start=1):
        entry_id = f"{books.budget}/{record.sequence}/{index}"
        for member, value in (("entry_id", entry_id), ("effective_on", effective_on)):
            if each[member] != value:
                what = f"{each['entry_id']}, {member}"
                books.find(Code.ENTRIES_DIFFER, what=what, expected=value, found=each[member])
        act = canonical_without_nulls(each["act"])
        amounts = expected.get((each["kind"], each["convention"], line_of(each["line"]), act), [])
        if each["amount_cents"] in amounts:
            amounts.remove(each["amount_cents"])
        else:
            facts = {"expected": amounts or None, "found": each["amount_cents"]}
            books.find(Code.ENTRIES_DIFFER, what=each["entry_id"], **facts)
    for (entry, convention, line, _), amounts in expected.items():
        for cents in amounts:
            what = " ".join(
                name for name in (entry, convention, show_line(line)) if name is not None
            )
            books.find(Code.ENTRIES_DIFFER, what=what, expected=cents, found=None)


def _entries_of(
    books: Books, record: Record, done: Moves, lapsed: list[years.Lapsed]
) -> dict[EntryKey, list[int]]:
    data = record.event["data"]
    raised = data.get("act") if record.kind == "convention.amended" else None
    totals: Counter[EntryKey] = Counter()
    for (line, convention, _, origin, target), cents in done.items():
        entry = KIND_OF.get((origin or "", target or ""))
        if entry is None or (convention is None and lapsed):
            continue  # What lapses with a year is distinguished by its acts, below.
        grant = books.grants[books.grant_of(data, convention)]
        act = canonical_without_nulls(raised or grant.awarded.act)
        totals[entry, convention, line, act] += cents
    expected = {key: [cents] for key, cents in totals.items()}
    for line, cents, given_by in lapsed:
        key = ("decommitment", None, line, canonical_without_nulls(given_by))
        expected.setdefault(key, []).append(cents)
    return expected
