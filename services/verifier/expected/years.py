"""A year closed and the next one opened.

What lapses, what is carried over, what internal events say.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from services.verifier.expected.flags import resting_order
from services.verifier.expected.moves import Moves, add, release_remaining
from services.verifier.findings import Code
from services.verifier.records import LEDGER, Json, Record, drop_nulls
from services.verifier.state.books import Books
from services.verifier.state.grants import (
    Award,
    Convention,
    Document,
    Grant,
    Instalment,
    document_of,
    schedule_of,
)
from services.verifier.state.lines import Line, amounts_of, line_row, sort_key
from services.verifier.state.orders import OPEN, name_order

INTERNAL_EVENT: Final = "ecluse.fiscal-year.opened.v1"
NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:ecluse:letters")
"""Of the ids of internal events (contract, 2)."""

OUTSTANDING: Final = frozenset(("issued", "on_hold"))
"""States of an order that keep a year open (rules, 30)."""

RECOVERIES: Final = frozenset(("recovery.ordered", "recovery.collected"))

REPORTS: Final = frozenset(("report.received", "report.rejected"))

OF_ORDERS: Final = frozenset(("payment-order.acknowledged", "payment.executed"))
"""Types still decided in a closed year (rules, 31)."""


Lapsed = tuple[Line, int, Json]
"""Cents that a grant had reserved on a line at the closing, and the act that gave them."""


def data_of(books: Books, record: Record) -> Json:
    """The data of an event; a recovery of a grant is of the convention for its rest (13)."""
    data: Json = record.event["data"]
    if record.kind not in RECOVERIES:
        return data
    return data | {"convention": books.holder_of(data["convention"])}


def is_of_report(kind: str, data: Json) -> bool:
    """Return whether an event is about documents that a convention owes."""
    return kind in REPORTS or (kind == "deadline.passed" and data["kind"] == "report_due")


def is_outliving(kind: str, data: Json) -> bool:
    """Return whether a closed year may still decide such events, and keeps their ids (31, 38)."""
    return kind in RECOVERIES or kind == "record.reviewed" or is_of_report(kind, data)


def state_closed(books: Books, kind: str, data: Json) -> Json | None:
    """The facts with which a closed year refuses an event; None where it decides it (31)."""
    if not books.closed:
        return None
    if is_of_report(kind, data) and data["convention"] in books.carried_over:
        return {"budget": next_year(books.budget), "convention": data["convention"]}
    of_an_order = kind in OF_ORDERS and data["payment_order"] in books.open_at_closing
    is_decided = is_outliving(kind, data) or (of_an_order and not is_over(books))
    return None if is_decided else {"budget": books.budget}


def is_over(books: Books) -> bool:
    """Return whether the year is closed out: no order of it is open any more."""
    left = (books.orders[name].state for name in books.open_at_closing)
    return books.closed and all(state not in OPEN for state in left)


def move_closing(books: Books, data: Json) -> Moves:
    """Moves of a closing: all committed and reserved money leaves (rules, 30)."""
    outstanding = sorted(name for name, o in books.orders.items() if o.state in OUTSTANDING)
    if outstanding:
        books.find(Code.CLOSED_TOO_EARLY, payment_orders=", ".join(outstanding))
    moves: Moves = {}
    carried = find_carried_over(books, data)
    for name, convention in books.conventions.items():
        to = "carried_over" if name in carried else "available"
        moves |= release_remaining(name, convention, to)
    for (_, line), cents in books.reserved.items():
        if cents:
            add(moves, (line, None, None, "reserved", "available"), cents)
    return moves


def find_carried_over(books: Books, data: Json) -> frozenset[str]:
    """The conventions that a closing carries over: something of them remains.

    Raises:
        KeyError: one of them is unknown.
    """
    wish = data["carry_over"]
    if isinstance(wish, list):
        names = [each["convention"] for each in wish]
    else:
        names = [*books.conventions] if wish == "all" else []
    return frozenset(name for name in names if books.conventions[name].remaining())


def move_opening(books: Books, data: Json) -> Moves:
    """Moves of an opening: carried-over money is committed in the next year (32)."""
    name = books.goes_on_as(data, data["convention"], of_grant=data["stands_alone"])
    grant = books.grants.get(data["grant"])
    moves: Moves = {}
    for line, cents in amounts_of(data["lines"]).items():
        moves[line, name, None, None, "committed"] = cents
        if grant is not None and grant.withdrawn:
            moves[line, name, None, "committed", "available"] = cents
    return moves


def learn_closed(books: Books, data: Json) -> None:
    """Hardly more is decided than of the orders that are open now."""
    books.closed, books.carried_over = True, find_carried_over(books, data)
    books.reserved.clear()
    names = (name for name, order in books.orders.items() if order.state in OPEN)
    books.open_at_closing = frozenset(names)


def learn_opened(books: Books, data: Json) -> None:
    """A convention goes on, with its grant and its award."""
    books.opened_as = books.goes_on_as(data, data["convention"], of_grant=data["stands_alone"])
    formerly = data.get("replaced") or _grant_of_instalments(data["instalments"])
    if formerly is not None:
        formerly = books.goes_on_as(data, formerly, of_grant=True, own=books.opened_as)
    grant = books.grants.setdefault(data["grant"], Grant())
    acts = drop_nulls(data["acts"])
    grant.acts += [act for act in acts if act not in grant.acts]
    if grant.award is None:
        grant.award = read_carried_award(data)
    for line, cents in amounts_of(data["lines"]).items():
        grant.award.lines[line] = grant.award.lines.get(line, 0) + cents
        grant.award.carried_cents += cents
    if data.get("bank_account") is not None:
        siret, account = data["beneficiary"]["siret"], drop_nulls(data["bank_account"])
        books.accounts.setdefault(siret, account)
    convention = read_carried_convention(data, books.opened_as, formerly)
    if grant.withdrawn:
        convention.state = "ended"
    books.open(books.opened_as, convention)


def read_carried_award(data: Json) -> Award:
    """The award of an earlier year behind a convention that goes on, before what is carried."""
    award = drop_nulls(data["award"])
    return Award(
        award["act"],
        award["title"],
        award["beneficiary"],
        not award["requires_convention"],
        award.get("conditions_year"),
        {},
        year_cents=award["year_awards_cents"],
    )


def split_instalment(row: Json) -> tuple[str, str]:
    """The grant that had an instalment before its convention, and the instalment (rules, 13)."""
    grant, _, code = str(row["instalment"]).rpartition("/")
    return grant, code


def _grant_of_instalments(rows: list[Json]) -> str | None:
    """The replaced grant as instalments bear it: an opening need not say it beside them."""
    return next((grant for grant, _ in map(split_instalment, rows) if grant), None)


def read_carried_convention(data: Json, number: str, formerly: str | None) -> Convention:
    """A convention that goes on from an earlier year, and under which names (rules, 32)."""
    schedule: dict[str, Instalment] = {}
    last_orders: dict[str, str] = {}
    for row in (*data["instalments"], *data["former_instalments"]):
        grant, code = split_instalment(row)
        key = f"{formerly}/{code}" if grant else code
        last = row.get("order") or name_order(data["convention"], row["instalment"], row["orders"])
        if row["orders"] and last != name_order(number, key, row["orders"]):
            last_orders[key] = last
        if "lines" not in row:
            continue
        [instalment] = schedule_of([row]).values()
        schedule[key] = instalment
        instalment.orders = instalment.orders_before = row["orders"]
        instalment.signed_on = row.get("amended_on")
        instalment.ordered_before = not row["lines"] and not row.get("settled")
        instalment.due_again_on = row.get("due_again_on")
        instalment.paid_order = row.get("paid_order")
    beneficiary = drop_nulls(data["beneficiary"])
    convention = Convention(data["grant"], beneficiary, data["signed_on"], schedule)
    convention.formerly, convention.last_orders = formerly, last_orders
    convention.is_for_rest = formerly is not None
    convention.stands_alone = data["stands_alone"]
    if convention.stands_alone:
        convention.year_cents = data["award"]["year_awards_cents"]
    convention.state = data["state"]
    convention.obligations = drop_nulls(data["obligations"])
    convention.counts = {each["instalment"]: each["orders"] for each in data["former_instalments"]}
    convention.notified_on = data.get("notified_on")
    convention.earlier = {"paid": data["paid_cents"], "ordered": data["ordered_cents"]}
    for rank, row in enumerate(data["documents"], start=-len(data["documents"])):
        document = document_of(row["document"])
        convention.received[document] = row["received_on"]
        if (cost := row.get("eligible_cost_cents")) is not None:
            convention.costs[document] = (rank, cost)
    convention.rejected = dict.fromkeys(map(document_of, data.get("rejected") or ()))
    return convention


def list_lapsed_entries(books: Books) -> list[Lapsed]:
    """Line, cents and act of each entry of what was only reserved, before the year is closed."""
    return [
        (line, cents, books.grants[grant].awarded.act)
        for (grant, line), cents in books.reserved.items()
        if cents
    ]


def next_year(budget: str) -> str:
    """The budget of the year after."""
    return f"{budget[:-4]}{int(budget[-4:]) + 1}"


def opening_id(closed_budget: str, closing_source: str, closing_id: str, convention: str) -> str:
    """The id of the internal event by which a convention goes on in the next year."""
    who = f"{closed_budget}\0{closing_source}\0{closing_id}\0{convention}"
    return str(uuid5(NAMESPACE, who))


def internal_events(books: Books, record: Record) -> Iterator[Json]:
    """The internal events that a closing must lead to; `books` as they stand before it."""
    event, data = record.event, record.event["data"]
    budget = next_year(record.budget)
    for name in find_carried_over(books, data):
        convention = books.conventions[name]
        yield {
            "specversion": "1.0",
            "id": opening_id(record.budget, event["source"], event["id"], name),
            "source": LEDGER,
            "type": INTERNAL_EVENT,
            "time": event["time"],
            "partitionkey": budget,
            "datacontenttype": "application/json",
            "correlationid": event.get("correlationid"),
            "traceparent": event.get("traceparent"),
            "causationid": event["id"],
            "data": {
                "budget": budget,
                "closed_budget": record.budget,
                "closing": {"source": event["source"], "id": event["id"]},
                "closed_on": data["closed_on"],
                **_describe_carried(books, name, convention),
            },
        }


def _describe_carried(books: Books, name: str, convention: Convention) -> Json:
    grant, cents = books.grants[convention.grant], convention.remaining()
    award = grant.awarded
    year_cents = award.year_cents if convention.year_cents is None else convention.year_cents
    return {
        "grant": convention.grant,
        "award": {
            "act": award.act,
            "title": award.title,
            "beneficiary": award.beneficiary,
            "requires_convention": not award.stands_alone,
            "conditions_year": award.conditions_year,
            "year_awards_cents": books.awarded[award.siret] if year_cents is None else year_cents,
        },
        "acts": grant.acts,
        "convention": name,
        "replaced": convention.formerly if convention.is_for_rest else None,
        "stands_alone": convention.stands_alone,
        "state": convention.state,
        "beneficiary": convention.beneficiary,
        "bank_account": books.accounts.get(convention.beneficiary["siret"]),
        "signed_on": convention.signed_on,
        "notified_on": convention.notified_on,
        "paid_cents": convention.paid_cents,
        "ordered_cents": convention.ordered_cents,
        "lines": [_line(line, cents[line]) for line in sorted(cents, key=sort_key)],
        "instalments": [
            _instalment(books, name, key, each)
            for key, each in convention.schedule.items()
            if _goes_on(books, each)
        ],
        "former_instalments": _former(books, convention),
        "documents": _documents(convention),
        "rejected": _documents_of(convention.rejected) or None,
        "obligations": convention.obligations,
    }


def _line(line: Line, cents: int, services: Any = None) -> Json:
    row: Json = {"line": drop_nulls(line_row(line)), "amount_cents": cents}
    if services is not None:
        row["services"] = services
    return row


def _documents_of(documents: Iterable[Document]) -> list[Json]:
    return [{"kind": kind, "year": year} for kind, year in documents]


def _goes_on(books: Books, instalment: Instalment) -> bool:
    """Return whether more of an instalment goes on than its count of orders."""
    return bool(instalment.cents or instalment.documents) or books.is_held(instalment)


def _former(books: Books, convention: Convention) -> list[Json]:
    """Instalments of which only the count of orders is left, by their names."""
    counts = dict(convention.counts)
    for key, each in convention.schedule.items():
        if each.orders and not _goes_on(books, each) and "/" not in key:
            counts[key] = each.orders
    return [
        {"instalment": key, "orders": counts[key], "order": convention.last_orders.get(key)}
        for key in sorted(counts)
    ]


def _instalment(books: Books, name: str, key: str, instalment: Instalment) -> Json:
    held = books.is_held(instalment)
    settled = not held and not instalment.cents
    again_on = instalment.due_again_on
    if instalment.order is not None:
        again_on = books.orders[instalment.order].due_on
    lines = {} if held else instalment.lines
    return {
        "instalment": key,
        "trigger": instalment.trigger,
        "documents": _documents_of(instalment.documents) or None,
        "ceiling": instalment.ceiling,
        "lines": [
            _line(line, each.cents, each.services) for line, each in lines.items() if each.cents
        ],
        "orders": instalment.orders,
        "amended_on": instalment.signed_on,
        "due_again_on": None if held or settled else again_on,
        "order": books.conventions[name].last_orders.get(key),
        "settled": settled or None,
        "paid_order": None if held else resting_order(books, name, key, instalment),
    }


def _documents(convention: Convention) -> list[Json]:
    """Documents without a cost first, others in the order in which they last gave one."""
    known = sorted(
        convention.received,
        key=lambda each: (each in convention.costs, convention.costs.get(each, (0, 0))[0], each),
    )
    return [
        {
            "document": {"kind": kind, "year": year},
            "received_on": convention.received[kind, year],
            "eligible_cost_cents": convention.costs.get((kind, year), (0, None))[1],
        }
        for kind, year in known
    ]
