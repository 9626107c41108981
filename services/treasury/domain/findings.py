"""Findings: what a return says that is no event, for a person; each is opened once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from events.strict_json import canonical
from events.texts import Day, Euros, Translatable, _
from services.treasury.domain.returned_pieces import ReturnedPiece, ReturnHead, UnreadPiece
from services.treasury.domain.slips import SlipState, TreasuryProblem

NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:ecluse:findings")
"""The namespace of the ids of findings (UUID version 5)."""


class ReturnProblem(TreasuryProblem):
    """A reason for which something cannot be done with returns or findings."""


class UnknownFinding(ReturnProblem):
    """There is no such finding."""


class FindingKind(StrEnum):
    """The kinds of findings, as the tables and programs name them."""

    FILE_REFUSED = "file_refused"
    UNKNOWN_FILE = "unknown_file"
    UNKNOWN_SLIP = "unknown_slip"
    UNKNOWN_PIECE = "unknown_piece"
    UNREAD_PIECE = "unread_piece"
    ACCOUNTANTS_PIECE = "accountants_piece"
    AMOUNT_DIFFERS = "amount_differs"
    PAYMENT_TOTALS_DIFFER = "payment_totals_differ"
    UNKNOWN_STATE = "unknown_state"
    LINE_STATE_DIFFERS = "line_state_differs"
    CANCELLATION_REJECTED = "cancellation_rejected"
    OTHER_PAYER = "other_payer"
    NOT_POSITIVE = "not_positive"
    LESS_PAID = "less_paid"
    OVERTAKEN_PAYMENT = "overtaken_payment"
    MORE_PAID = "more_paid"
    SETTLED_UNPAID = "settled_unpaid"
    ANSWER_DIFFERS = "answer_differs"
    SENT_TWICE = "sent_twice"
    REFUSED_SLIP = "refused_slip"
    EVENT_REFUSED = "event_refused"


TEXTS: Final[dict[FindingKind, Translatable]] = {
    FindingKind.FILE_REFUSED: _("The file {file} was not taken: {why}"),
    FindingKind.UNKNOWN_FILE: _(
        "The gateway answers the file {name} (slip {slip}, post {post}, entity {collectivity},"
        " budget {budget_code}), which was not sent from here: ask whose it is."
    ),
    FindingKind.UNKNOWN_SLIP: _(
        "The accountant names slip {slip} of type {slip_type} ({year}, post {post}, entity"
        " {collectivity}, budget {budget_code}), which is none that was sent: ask whose it is."
    ),
    FindingKind.UNKNOWN_PIECE: _(
        "Piece {piece} of slip {slip} of type {slip_type} ({year}) is none that was sent: ask the"
        " accountant."
    ),
    FindingKind.UNREAD_PIECE: _(
        "Piece {piece} of slip {slip} of a return was passed over: {element} is missing, or not as"
        " the schema asks. Ask the accountant for its state."
    ),
    FindingKind.ACCOUNTANTS_PIECE: _(
        "The accountant asks for an order or a revenue order (slip type {slip_type}, piece type"
        " {piece_type}): the accountant's own piece {piece}, of {amount}. It is none of ours."
    ),
    FindingKind.AMOUNT_DIFFERS: _(
        "Piece {piece} ({order}) has {found} in the return and {expected} here: nothing of it was"
        " taken, neither its state {state} nor {paid} of payments. Have the accountant correct it."
    ),
    FindingKind.PAYMENT_TOTALS_DIFFER: _(
        "Piece {piece} ({order}), line {line}: the return says {count} payments of {total} in all,"
        " and lists {found_count} of {found}. Nothing of this piece was taken, neither its state"
        " {state} nor {paid} of payments. Have the accountant correct it."
    ),
    FindingKind.UNKNOWN_STATE: _(
        "Piece {piece} ({order}) has the state {state}, which no rule names: look it up at the"
        " accountant's."
    ),
    FindingKind.LINE_STATE_DIFFERS: _(
        "Piece {piece} ({order}): its state is {state}, that of its line {line} is {line_state}."
        " The piece's counts; ask the accountant about the line."
    ),
    FindingKind.CANCELLATION_REJECTED: _(
        "The accountant rejected piece {piece}, which takes back the order {order} ({reason}): the"
        " order may still be paid. Call the accountant. Once this is closed the order waits for"
        " another slip that takes it back, if something of it is left."
    ),
    FindingKind.OTHER_PAYER: _(
        "Piece {piece} ({order}), line {line}: {amount} on {day} by payer {payer} (OrgEma), which"
        " is no payment to the beneficiary. Nothing was published of it."
    ),
    FindingKind.NOT_POSITIVE: _(
        "Piece {piece} ({order}), line {line}: a payment of {amount} on {day}. No payment of this"
        " piece was published; look at what was taken back."
    ),
    FindingKind.LESS_PAID: _(
        "Piece {piece} ({order}), line {line}: {amount} on {day} was reported as paid and is no"
        " more. The ledger keeps that payment; of those that may be the same one, {held} in all,"
        " nothing was published."
    ),
    FindingKind.OVERTAKEN_PAYMENT: _(
        "Piece {piece} ({order}), line {line}: an older return has {amount} on {day} as paid, and a"
        " newer one, which was read first, does not. Nothing was published of it; ask the"
        " accountant whether it was paid."
    ),
    FindingKind.MORE_PAID: _(
        "Piece {piece} ({order}): {found} would be paid, and the order is of {expected}. No payment"
        " of this return was published for it."
    ),
    FindingKind.SETTLED_UNPAID: _(
        "Piece {piece} ({order}) is settled, and {found} of {expected} was paid: ask where the rest"
        " went."
    ),
    FindingKind.ANSWER_DIFFERS: _(
        "The gateway says that slip {slip} is {answer}; here it is {slip_state}, and stays so. Ask"
        " the accountant what Hélios has."
    ),
    FindingKind.SENT_TWICE: _(
        "The gateway refused the file of slip {slip} as one that it has already ({code}): the slip"
        " is not refused by that, and may be paid. Ask the accountant whether Hélios has it; where"
        " the number is another program's, cancel the slip and give that as the reason."
    ),
    FindingKind.REFUSED_SLIP: _(
        "The accountant names slip {slip} of type {slip_type} ({year}), which the gateway refused:"
        " Hélios has it, and what the return says of it was taken. Do not cancel it."
    ),
    FindingKind.EVENT_REFUSED: _(
        "The ledger refused what a return says of the order {order} ({code}): the accountant did"
        " it, and the ledger does not have it. The event is {event_id}."
    ),
}
"""The sentence of each kind, with what to do."""

ID_REUSED: Final = "event_id_reused"
"""The ledger's refusal of an event with a known id and other content."""

TWO_EVENTS: Final = _(
    "Two events with the id {event_id} say different things of the order {order}: the ledger took"
    " the first, and refused the other. The reconciliation says whether it has what the accountant"
    " did; have the operator find out who else sends events in the treasury's name."
)

REFUSED_STATE: Final = _(
    "The ledger refused that the order {order} is {state} since {day}, as a return has it: so it is"
    " with the accountant, and the ledger does not have it. The order's page says why."
)

REFUSED_PAYMENT: Final = _(
    "The ledger refused the payment of {amount} on {day} of the order {order}, which a return has:"
    " the accountant paid it, and the ledger does not have it. The order's page says why."
)

PIECE_STATES: Final[dict[str, Translatable]] = {
    "on_hold": _("on hold"),
    "taken_in_charge": _("taken in charge"),
    "rejected": _("rejected"),
}
"""The states of events, as people call them."""

SLIP_STATES: Final[dict[str, Translatable]] = {
    SlipState.PREPARED: _("draft"),
    SlipState.ISSUED: _("issued"),
    SlipState.ACCEPTED: _("accepted"),
    SlipState.REFUSED: _("refused"),
    SlipState.CANCELLED: _("cancelled"),
}
"""The states of a slip, as people call them."""

StoredText = dict[str, Any]
"""A text as a table keeps it: its message and its facts."""


def keep_text(text: Translatable) -> StoredText:
    """A text for a table; its facts are texts and numbers."""
    return {"message": text.msgid, "facts": dict(text.facts)}


def text_of(of_table: StoredText) -> Translatable:
    """The text that was kept."""
    return Translatable(of_table["message"], of_table["facts"])


UNKNOWN: Final = "—"
"""A number that is not there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding: its facts are what was found, never the file in which it was."""

    kind: FindingKind
    facts: dict[str, Any] = field(default_factory=dict)
    budget: str | None = None
    slip_id: str | None = None
    payment_order: str | None = None

    @property
    def finding_id(self) -> str:
        """The id: another of the same kind and facts is the same finding."""
        found = [self.kind, self.budget, self.slip_id, self.payment_order, self.facts]
        return str(uuid5(NAMESPACE, canonical(found).decode()))


def sentence_of(
    kind: str, facts: dict[str, Any], payment_order: str | None, file_name: str | None
) -> Translatable:
    """A finding in one sentence, by its facts as they are kept."""
    named = {"order": payment_order or UNKNOWN, "file": file_name}
    shown: dict[str, object] = {**facts, **named}
    for name in ("amount", "found", "expected", "total", "paid", "held"):
        if f"{name}_cents" in facts:
            shown[name] = Euros(facts[f"{name}_cents"])
    if "on" in facts:
        shown["day"] = Day(facts["on"])
    if "why" in facts:
        shown["why"] = text_of(facts["why"])
    if "answer" in facts:
        shown |= {name: SLIP_STATES[facts[name]] for name in ("answer", "slip_state")}
    if kind == FindingKind.EVENT_REFUSED:
        return _explain_refusal(facts, shown)
    return TEXTS[FindingKind(kind)].render(shown)


def _explain_refusal(facts: dict[str, Any], shown: dict[str, object]) -> Translatable:
    if facts["code"] == ID_REUSED:
        return TWO_EVENTS.render(shown)
    if "amount_cents" in facts:
        return REFUSED_PAYMENT.render(shown)
    if "state" in facts:
        return REFUSED_STATE.render(shown | {"state": PIECE_STATES[facts["state"]]})
    return TEXTS[FindingKind.EVENT_REFUSED].render(shown)


def report_refused_slip(piece: ReturnedPiece, budget: str, slip_id: str) -> Finding:
    """A return names a slip that the gateway refused."""
    slip = {"year": piece.slip.year, "slip_type": piece.slip.slip_type}
    facts = slip | {"slip": _number_text(piece.slip.number)}
    return Finding(FindingKind.REFUSED_SLIP, facts, budget, slip_id)


def event_refused(
    event_id: str,
    refusal: dict[str, Any],
    budget: str,
    payment_order: str | None,
    happened: Mapping[str, Any],
) -> Finding:
    """The ledger refused an own event; `refusal` is what it answered, with its code.

    The order is None, and the facts of what happened are empty, where the event is of lost tables:
    what a return says names it again.
    """
    facts = {"event_id": event_id, "code": refusal["code"], "refusal": refusal}
    named = ("state", "amount_cents", "on")
    facts |= {name: happened[name] for name in named if name in happened}
    return Finding(FindingKind.EVENT_REFUSED, facts, budget, None, payment_order)


def accountants_piece(piece: ReturnedPiece, budget: str | None) -> Finding:
    """The accountant asks for an order or a revenue order."""
    facts = {
        "year": piece.slip.year,
        "slip_type": piece.slip.slip_type,
        "piece_type": piece.piece_type,
        "piece": _number_text(piece.number),
        "amount_cents": sum(each.amount_cents for each in piece.lines),
    }
    return Finding(FindingKind.ACCOUNTANTS_PIECE, facts, budget)


def unknown_piece(
    piece: ReturnedPiece, head: ReturnHead, budget: str | None, slip_id: str | None
) -> Finding:
    """A piece that is none of ours; of an unknown slip, which may have many, the slip alone."""
    facts = {
        "year": piece.slip.year,
        "slip_type": piece.slip.slip_type,
        "slip": _number_text(piece.slip.number),
    }
    if slip_id is not None:
        named = {**facts, "piece": _number_text(piece.number)}
        return Finding(FindingKind.UNKNOWN_PIECE, named, budget, slip_id)
    codes = {
        "post": head.post,
        "collectivity": head.collectivity,
        "budget_code": head.budget_code,
    }
    return Finding(FindingKind.UNKNOWN_SLIP, facts | codes, budget)


def unread_piece(piece: UnreadPiece, head: ReturnHead, budget: str) -> Finding:
    """A piece of which something cannot be read."""
    facts = {
        "post": head.post,
        "budget_code": head.budget_code,
        "year": None if piece.slip is None else piece.slip.year,
        "slip": _number_text(None if piece.slip is None else piece.slip.number),
        "piece": piece.number or UNKNOWN,
        "element": piece.element,
    }
    return Finding(FindingKind.UNREAD_PIECE, facts, budget)


def _number_text(number: int | None) -> str:
    return UNKNOWN if number is None else str(number)
