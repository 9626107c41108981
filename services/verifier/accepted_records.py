"""An accepted record proved: its moves, orders and entries are what its event leads to."""

from collections import Counter
from typing import Any

from services.verifier import expected_moves as ask
from services.verifier import lifecycle
from services.verifier.expected_moves import Moves, moves_done
from services.verifier.expected_orders import REISSUING, Due, due, for_the_treasury, looked_at
from services.verifier.findings import Code
from services.verifier.grants import OPEN, Order, code_of, left_unpaid, order_lines, ordered_lines
from services.verifier.ledger_state import Books
from services.verifier.lines import KIND_OF, Json, Line, line_of, shown
from services.verifier.records import Record, canonical_without_nulls, without_nulls
from services.verifier.years import Lapsed, closed, lapsed_entries, opened

EFFECTIVE_ON = {
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

OF_BENEFICIARIES = frozenset(("convention.signed", "fiscal-year.opened"))
"""Types that may bring a beneficiary's first bank account."""


def kind_of(event: Json) -> str:
    """`convention.signed` of `ecluse.convention.signed.v1`."""
    return str(event["type"]).removeprefix("ecluse.").removesuffix(".v1")


def apply(books: Books, record: Record) -> None:
    """Apply an accepted record to its books; what does not fit is found."""
    kind, data, row = kind_of(record.event), record.event["data"], record.row
    changes = row["payment_orders"] or []
    expected = _asked(books, kind, data, changes)
    lapsed = lapsed_entries(books) if kind == "fiscal-year.closed" else []
    siret = data["beneficiary"]["siret"] if kind in OF_BENEFICIARIES else ""
    first_account = siret not in books.accounts and data.get("bank_account") is not None
    signs = kind == "convention.signed" and books.alone(data["grant"]) is not None
    replaced = data["grant"] if signs else None
    again = kind in REISSUING or (kind == "fiscal-year.opened" and _account_is_newer(books, data))
    books.learn(kind, data, record.sequence)
    lifecycle.learn(books, kind, data)
    names = looked_at(books, kind, data, first_account)
    orders = list(due(books, names, again, expected))
    _prove_issued(books, record, orders, changes, expected)
    moves = row["moves"] or []
    _prove_moves(books, expected, moves_done(moves))
    for move in moves:
        books.move(move, data)
    books.plan_without(expected)
    _prove_entries(books, record, kind, moves, lapsed)
    books.prove_touched()
    if replaced is not None:
        # What the award held is the convention's now, and no move says so (rules, 13).
        for line in books.conventions[data["convention"]].shares:
            books.touched |= {(replaced, line), (data["convention"], line)}


def _account_is_newer(books: Books, internal_event: Json) -> bool:
    """Return whether the new year knew another account before the opening came (rules, 21)."""
    known = books.accounts.get(internal_event["beneficiary"]["siret"])
    return known is not None and known != without_nulls(internal_event.get("bank_account"))


def _asked(books: Books, kind: str, data: Json, changes: list[Json]) -> Moves:
    """Return the event's own moves, and prove the state of the order that it names."""
    changed = [each for each in changes if "issued_on" not in each]
    match kind:
        case "payment.executed" | "payment-order.acknowledged":
            return _order_changed(books, kind, data, changed)
        case "budget.voted":
            moves = ask.voted(data)
        case "credits.transferred":
            moves = ask.transferred(data)
        case "deliberation.adopted" if data["role"] == "award":
            moves = ask.awarded(data)
        case "convention.signed":
            moves = ask.signed(data, books.alone(data["grant"]))
        case "fiscal-year.closed":
            moves = closed(books, data)
        case "fiscal-year.opened":
            moves = opened(books, data)
        case "deliberation.withdrawn":
            moves, cancelled = lifecycle.withdrawn(books, data)
            _prove_changed(books, cancelled, changed)
            return moves
        case _:
            moves = lifecycle.asked(books, kind, data)
    _prove_changed(books, [], changed)
    return moves


_DIFFERS = Code.ORDER_DIFFERS


def _order_changed(books: Books, kind: str, data: Json, changed: list[Json]) -> Moves:
    """The one order that the treasury speaks of, before and after (rules, 20)."""
    name = data["payment_order"]
    order = books.orders[name]
    if order.state not in OPEN:
        facts = {"member": "state", "expected": OPEN, "found": order.state}
        books.find(_DIFFERS, payment_order=name, **facts)
    moves: Moves = {}
    if kind == "payment.executed":
        moves = ask.paid(order, data["amount_cents"])
        order.paid_cents += data["amount_cents"]
        if order.paid_cents >= order.amount_cents:
            order.state = "paid"
    else:
        order.state = data["state"]
        if order.state == "rejected":
            convention = books.conventions[order.holder]
            ended = convention.state == "ended"
            # In a closed year its money ends as that of an ended convention does (rules, 31).
            moves = ask.rejected(order, ended or books.closed)
            if not ended:  # What was left unpaid is planned again.
                instalment = convention.schedule[order.key]
                instalment.lines = left_unpaid(instalment, order)
    _prove_changed(books, [name], changed)
    if order.paid_cents > order.amount_cents:
        books.find(
            _DIFFERS,
            payment_order=name,
            member="paid_cents",
            expected=order.amount_cents,
            found=order.paid_cents,
        )
    return moves


def _prove_changed(books: Books, names: list[str], changed: list[Json]) -> None:
    """The orders that the event changes, as they stand now, and no others."""
    for at, name in enumerate(names):
        order = books.orders[name]
        expected = {
            "payment_order": name,
            "convention": order.convention,
            "instalment": order.instalment,
            "amount_cents": order.amount_cents,
            "paid_cents": order.paid_cents,
            "state": order.state,
            "due_on": order.due_on,
        }
        _compare(books, name, expected, changed[at] if at < len(changed) else {})
    for each in changed[len(names) :]:
        books.find(
            _DIFFERS, payment_order=each["payment_order"], member="state", expected="-", found="+"
        )


def _compare(books: Books, name: str, expected: Json, found: Json) -> None:
    for member, value in expected.items():
        if found.get(member) != value:
            books.find(
                _DIFFERS,
                payment_order=name,
                member=member,
                expected=value,
                found=found.get(member),
            )


def _prove_issued(
    books: Books, record: Record, orders: list[Due], changes: list[Json], expected: Moves
) -> None:
    """Each order that is due is issued here, as it must be, and no other."""
    issued = {each["payment_order"]: each for each in changes if "issued_on" in each}
    names = [each["payment_order"] for each in changes if "issued_on" in each]
    if names != [each.payment_order for each in orders]:
        wanted = [each.payment_order for each in orders]
        twice = [each for each in names if each in books.orders]
        for name in twice:
            books.find(Code.ORDER_ISSUED_TWICE, payment_order=name)
        if not twice:
            books.find(
                _DIFFERS,
                payment_order=", ".join(names) or "-",
                member="payment_orders",
                expected=wanted,
                found=names,
            )
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
    lines = ordered_lines(row["lines"])
    expected: Json = {
        "budget": books.budget,
        "convention": each.convention,
        "instalment": code_of(each.key),
        "amount_cents": sum(planned.cents for planned in each.lines.values()),
        "paid_cents": 0,
        "state": "issued",
        "due_on": each.due_on,
        "previous": each.previous,
    }
    _compare(books, each.payment_order, expected, row)
    if len(lines) != len(row["lines"]) or order_lines(lines) != order_lines(each.lines):
        _compare(books, each.payment_order, {"lines": order_lines(each.lines)}, row)
    carried = for_the_treasury(books, each, record.event["time"][:10])
    _compare(books, each.payment_order, carried, without_nulls(row))


def _keep(books: Books, row: Json, held_by: tuple[str, str], expected: Moves) -> None:
    """Remember the order as the journal has it; the money that it takes is asked for."""
    order = Order(
        convention=row["convention"],
        instalment=row["instalment"],
        holder=held_by[0],
        key=held_by[1],
        amount_cents=row["amount_cents"],
        paid_cents=0,
        state="issued",
        due_on=row["due_on"],
        lines=ordered_lines(row["lines"]),
    )
    instalment = books.conventions[order.holder].schedule[order.key]
    books.orders[row["payment_order"]] = order
    instalment.order = row["payment_order"]
    instalment.orders += 1
    books.conventions[order.holder].last_orders.pop(order.key, None)
    instalment.set_off = False
    cents = {line: each.cents for line, each in order.lines.items()}
    for key, each in ask.of_order(order, cents, ("committed", "ordered")).items():
        ask.add(expected, key, each)


def _prove_moves(books: Books, asked: Moves, done: Moves) -> None:
    expected = {move: cents for move, cents in asked.items() if cents}
    if expected == done:
        return
    for move in expected.keys() | done.keys():
        if expected.get(move, 0) != done.get(move, 0):
            line, convention, instalment, origin, target = move
            named = [each for each in (convention, instalment) if each is not None]
            books.find(
                Code.MOVES_DIFFER,
                what=" ".join([shown(line), *named, f"{origin} → {target}"]),
                expected=expected.get(move, 0),
                found=done.get(move, 0),
            )


def _prove_entries(
    books: Books, record: Record, kind: str, moves: list[Json], lapsed: list[Lapsed]
) -> None:
    """Rule 34: one entry a kind, line, convention and act, of what the moves add up to."""
    data = record.event["data"]
    raised = data.get("act") if kind == "convention.amended" else None
    expected = _entries_of(books, moves, data, lapsed, raised)
    effective_on: Any = record.event["time"][:10]
    if kind in EFFECTIVE_ON:
        effective_on = data
        for member in EFFECTIVE_ON[kind]:
            effective_on = effective_on[member]
    for index, each in enumerate(record.row["commitment_entries"] or (), start=1):
        derived = {
            "entry_id": f"{books.budget}/{record.sequence}/{index}",
            "effective_on": effective_on,
        }
        for member, value in derived.items():
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
            what = " ".join(name for name in (entry, convention, shown(line)) if name is not None)
            books.find(Code.ENTRIES_DIFFER, what=what, expected=cents, found=None)


def _entries_of(
    books: Books, moves: list[Json], data: Json, lapsed: list[Lapsed], raised: Json | None
) -> dict[EntryKey, list[int]]:
    totals: Counter[EntryKey] = Counter()
    for (line, convention, _, origin, target), cents in moves_done(moves).items():
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
