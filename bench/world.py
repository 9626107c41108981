"""A made-up year: 500 budgets, 5,000 conventions, and the payments and reports that follow."""

import json
from collections.abc import Iterator
from typing import Any, Final
from zlib import crc32

from stdnum import luhn

from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.domain.journal import Source

BUDGETS = 500
CONVENTIONS_OF_A_BUDGET = 10
Services = tuple[int, ...]
SERVICES_OF_A_LINE: Services = (3, 1, 1)  # As in the Lille Avenirs case: three lines, five shares.
LINES_OF_A_CONVENTION = len(SERVICES_OF_A_LINE)
PAYMENTS_OF_A_CONVENTION = 10
REPORTS_OF_A_CONVENTION = 10
ADVANCE_CENTS = 1_000_000
"""What an advance pays on each line, before what tells conventions apart."""

CONVENTIONS = BUDGETS * CONVENTIONS_OF_A_BUDGET
STREAM = BUDGETS * CONVENTIONS_OF_A_BUDGET * (PAYMENTS_OF_A_CONVENTION + REPORTS_OF_A_CONVENTION)

KEY: Final = b'"partitionkey":"'

Json = dict[str, Any]


def siret(number: int) -> str:
    """A made-up SIRET with its keys."""
    body = f"{number:08d}"
    siren = body + luhn.calc_check_digit(body)
    establishment = siren + "0001"
    return establishment + luhn.calc_check_digit(establishment)


def event_bytes(budget: str, type_: str, event_id: str, data: Json) -> bytes:
    """An event as a sender spells it."""
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": "urn:bench:erp",
        "type": f"ecluse.{type_}.v1",
        "time": _time(budget + event_id),
        "subject": event_id,
        "partitionkey": budget,
        "datacontenttype": "application/json",
        "data": {"budget": budget, **data},
    }
    return json.dumps(event, separators=(",", ":")).encode()


def _time(event: str) -> str:
    """A second of the day, by the event's name.

    With one time for all, caches would make the events cheaper to read than real ones.
    """
    minutes, second = divmod(crc32(event.encode()) % 86_400, 60)
    return f"2023-06-30T{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}+02:00"


def _amounts(amount_cents: int, services: Services) -> list[Json]:
    return [
        {
            "line": {
                "chapter": "65",
                "article": "65748",
                "function": "61",
                "operation": str(operation),
            },
            "amount_cents": amount_cents,
            "services": _services(amount_cents, count),
        }
        for operation, count in enumerate(services)
    ]


def _services(amount_cents: int, count: int) -> list[Json]:
    share_cents = amount_cents // count
    first_cents = amount_cents - (count - 1) * share_cents
    return [
        {"code": f"DELEGATION-{n}", "amount_cents": share_cents if n else first_cents}
        for n in range(count)
    ]


def advance_cents(number: int, each: int) -> int:
    """What a convention's advance pays on a line: no two conventions the same."""
    return ADVANCE_CENTS + number * CONVENTIONS_OF_A_BUDGET + each


def budget_id(number: int) -> str:
    """The budgets of the made-up year."""
    return f"{siret(number)}-00-2023"


def budget_of(event: bytes) -> bytes:
    """The budget that an event names as its key."""
    start = event.index(KEY) + len(KEY)
    return event[start : event.index(b'"', start)]


def opening(
    services: Services = SERVICES_OF_A_LINE, conventions: int = CONVENTIONS_OF_A_BUDGET
) -> Iterator[bytes]:
    """Votes, awards and conventions of each budget: what stands before the stream."""
    act = {"body": "Conseil municipal", "date": "2023-02-03"}
    for number in range(BUDGETS):
        budget = budget_id(number)
        voted = [
            {"line": each["line"], "amount_cents": each["amount_cents"]}
            for each in _amounts(3 * ADVANCE_CENTS * conventions, services)
        ]
        vote = {"stage": "initial", "vote_level": "chapter", "act": act, "appropriations": voted}
        yield event_bytes(budget, "budget.voted", "vote", vote)
        for each in range(conventions):
            yield from _grant(budget, number, each, act, services)


def _grant(budget: str, number: int, each: int, act: Json, services: Services) -> Iterator[bytes]:
    paid_cents = advance_cents(number, each)
    grant, convention = f"GRANT-{each:03d}", f"CONV-{each:03d}"
    beneficiary = {
        "name": f"Association {each}",
        "siret": siret(10_000 + number * CONVENTIONS_OF_A_BUDGET + each),
    }
    award = {
        "act": act,
        "grant": grant,
        "role": "award",
        "title": "Subvention 2023",
        "beneficiary": beneficiary,
        "lines": _amounts(2 * paid_cents, services),
    }
    yield event_bytes(budget, "deliberation.adopted", f"award-{each}", award)
    documents = [
        {"kind": "activity_report", "year": 2022},
        {"kind": "certified_accounts", "year": 2022},
    ]
    signed = {
        "convention": convention,
        "grant": grant,
        "acts": [act],
        "signed_on": "2023-03-01",
        "starts_on": "2023-01-01",
        "ends_on": "2023-12-31",
        "beneficiary": beneficiary,
        "bank_account": {"iban": "FR7610278027150004578690110", "holder": "Association"},
        "instalments": [
            {
                "instalment": "advance",
                "trigger": "signature",
                "ceiling": False,
                "lines": _amounts(paid_cents, services),
            },
            {
                "instalment": "balance",
                "trigger": "reports",
                "documents": documents,
                "ceiling": True,
                "lines": _amounts(paid_cents, services),
            },
        ],
    }
    yield event_bytes(budget, "convention.signed", f"convention-{each}", signed)


def stream(
    conventions: int = CONVENTIONS_OF_A_BUDGET, turns: int = PAYMENTS_OF_A_CONVENTION
) -> list[bytes]:
    """Partial payments of each advance, and activity reports that complete nothing.

    Budgets take turns, event by event: the hardest order for caches and for batches.
    """
    events = []
    part_cents = LINES_OF_A_CONVENTION * ADVANCE_CENTS // PAYMENTS_OF_A_CONVENTION
    budgets = [budget_id(number) for number in range(BUDGETS)]
    for turn in range(turns):
        for each in range(conventions):
            for budget in budgets:
                payment = {
                    "payment_order": f"CONV-{each:03d}/advance",
                    "amount_cents": part_cents,
                    "executed_on": "2023-06-30",
                    "bank_reference": f"VIR-{turn:06d}",
                }
                events.append(
                    event_bytes(budget, "payment.executed", f"pay-{each}-{turn}", payment)
                )
                report = {
                    "convention": f"CONV-{each:03d}",
                    "document": {"kind": "activity_report", "year": 2022},
                    "received_on": "2023-06-30",
                    "eligible_cost_cents": 5 * ADVANCE_CENTS,
                }
                events.append(
                    event_bytes(budget, "report.received", f"report-{each}-{turn}", report)
                )
    assert len(events) == 2 * BUDGETS * conventions * turns, "a payment and a report a turn"
    return events


def opened(conventions: int = CONVENTIONS_OF_A_BUDGET) -> Ledger:
    """A ledger in which the year is open, and nothing waits to be committed."""
    ledger = Ledger()
    for offset, event in enumerate(opening(conventions=conventions)):
        (record,) = ledger.handle(RawRecord(event, Source("bench", 0, offset)))
        assert record.outcome == "accepted", f"the opening is refused: {record.refusal}"
    ledger.commit_batch([])
    return ledger
