"""Pieces as a return tells of them; a test names only what it is about."""

from collections import Counter
from datetime import date
from typing import Any, Final

from services.treasury.domain.returned_pieces import (
    Disbursement,
    KnownPiece,
    ListedPayments,
    Payment,
    PieceState,
    ReturnedLine,
    ReturnedPiece,
    ReturnHead,
    SlipReference,
)
from services.treasury.domain.slips import SlipType
from services.treasury.returns.rules import PieceOutcome, judge_piece

BUDGET: Final = "21590350100017-00-2023"
ORDER: Final = "CONV-2023-EMPLOI/1"
SLIP: Final = f"{BUDGET}/01/12"
AMOUNT_CENTS: Final = 113_180_000
LINE_CENTS: Final = (67_780_000, 37_850_000, 7_550_000)
TAKEN_ON: Final = date(2023, 5, 22)
PAID_ON: Final = date(2023, 6, 2)
HEAD: Final = ReturnHead("059035", "123", "00", date(2023, 6, 5))


def a_head(day: date) -> ReturnHead:
    """The head of a return of that day."""
    return ReturnHead(HEAD.post, HEAD.collectivity, HEAD.budget_code, day)


def paid(cents: int, on: date = PAID_ON, payer: str = "01") -> Disbursement:
    return Disbursement(payer, on, cents)


def a_line(number: int, *payments: Disbursement, **more: Any) -> ReturnedLine:
    given: dict[str, Any] = {
        "state": "",
        "amount_cents": LINE_CENTS[number - 1],
        "disbursements": payments,
        "count": len(payments),
        "total_cents": sum(each.amount_cents for each in payments),
    }
    return ReturnedLine(number, **given | more)


def a_piece(*lines: ReturnedLine, **more: Any) -> ReturnedPiece:
    """The advance of the Lille Avenirs year, in charge; lines that are not given are not paid."""
    given = {each.number: each for each in lines}
    all_lines = tuple(given.get(each) or a_line(each) for each in (1, 2, 3))
    values: dict[str, Any] = {
        "slip": SlipReference(2023, "01", 12),
        "number": 34,
        "piece_type": "01",
        "state": "02",
        "lines": all_lines,
        "taken_on": TAKEN_ON,
    }
    return ReturnedPiece(**values | more)


def fully_paid(**more: Any) -> ReturnedPiece:
    lines = (a_line(number, paid(cents)) for number, cents in enumerate(LINE_CENTS, 1))
    return a_piece(*lines, **more)


def known(**more: Any) -> KnownPiece:
    values: dict[str, Any] = {
        "slip_id": SLIP,
        "slip_type": SlipType.PAYMENT,
        "budget": BUDGET,
        "number": 34,
        "payment_order": ORDER,
        "amount_cents": AMOUNT_CENTS,
    }
    return KnownPiece(**values | more)


def known_by_returns(*payments: Payment, published: bool = True) -> KnownPiece:
    """The piece with what a return of the day of `HEAD` said of its lines, published or not."""
    listed = {each[0]: ListedPayments(HEAD.dated_on, Counter({each: 1})) for each in payments}
    return known(
        state=in_charge(), listed=listed, paid=dict.fromkeys(payments, 1) if published else {}
    )


def in_charge(file_on: date = HEAD.dated_on) -> PieceState:
    return PieceState("taken_in_charge", file_on, TAKEN_ON)


def outcome(
    piece: ReturnedPiece, before: KnownPiece | None = None, head: ReturnHead = HEAD
) -> PieceOutcome:
    return judge_piece(piece, head, before or known(), frozenset({"01"}))


def published(found: PieceOutcome) -> list[tuple[Any, ...]]:
    """The events in short: states with their day, payments with their cents and their day."""
    short: list[tuple[Any, ...]] = []
    for each in found.events:
        data = each.data
        if "state" in data:
            short.append((data["state"], data["on"]))
        else:
            short.append((data["amount_cents"], data["executed_on"]))
    return short


def kinds(found: PieceOutcome) -> list[str]:
    return [each.kind.value for each in found.findings]
