"""The refusals, explained."""

from collections.abc import Mapping
from typing import Any

from events.texts import _
from services.ledger.domain.model.answers import Refusal
from services.ledger.explain.answers import Answer

CARRIED_OVER = Answer(
    _("convention carried over"),
    (30, 31),
    _(
        "The year is closed, and the event is about the documents of a convention that was carried "
        "over."
    ),
    _(
        "Send it to that budget, with this number; if its year is closed by now, its answer names "
        "the next one."
    ),
    ("budget", "convention"),
    _("The convention was carried over: it goes on in budget {budget}, under number {convention}."),
)
"""`fiscal_year_closed` where the facts say in which budget a convention goes on."""

REFUSALS: dict[Refusal, Answer] = {
    Refusal.FISCAL_YEAR_CLOSED: Answer(
        _("fiscal year closed"),
        (30, 31),
        _(
            "The year is closed, and the event is neither a recovery, nor about the documents of a "
            "convention, nor about an order that was open at closing; or it still waited when the "
            "year was closed."
        ),
        _(
            "Do nothing if the event had been accepted before, or is itself a closing. A document: "
            "check its convention's number, and send it to that convention's budget. Carried-over "
            "money: award and sign it again in the current year. Anything else: send it to the "
            "current year's budget."
        ),
        ("budget",),
        _(
            "The fiscal year of budget {budget} is closed: it only takes payments and rejections "
            "of orders taken in charge before, recoveries, and documents."
        ),
    ),
    Refusal.EVENT_ID_REUSED: Answer(
        _("event id reused"),
        (3, 4),
        _("The same source has sent this id to the same budget already, with other content."),
        _("Send a new id."),
        ("event_id",),
        _("The id {event_id} already stands for other content."),
    ),
    Refusal.BUDGET_ALREADY_VOTED: Answer(
        _("budget already voted"),
        (30,),
        _("The budget has its initial vote already."),
        _("Send a supplementary budget or an amendment (stage)."),
        ("budget",),
        _("The budget {budget} already has its initial vote."),
    ),
    Refusal.UNKNOWN_PAYMENT_ORDER: Answer(
        _("unknown payment order"),
        (20,),
        _("Écluse never issued this order on this budget: nothing makes the event wait for it."),
        _("Check the order's reference, and the budget."),
        ("payment_order",),
        _("Écluse never issued the payment order {payment_order}."),
    ),
    Refusal.UNKNOWN_CONVENTION: Answer(
        _("unknown convention"),
        (30, 31),
        _(
            "A closing, or a recovery or report of a closed year, names a convention that the "
            "budget does not know; other events would wait."
        ),
        _("Check its number."),
        ("convention",),
        _("The budget knows no convention {convention}."),
    ),
    Refusal.UNKNOWN_RECORD: Answer(
        _("unknown record"),
        (38,),
        _("A review names a record that the budget does not have yet."),
        _("Check its number, and the budget."),
        ("sequence",),
        _("The budget has no record {sequence} yet."),
    ),
    Refusal.NOT_PARKED: Answer(
        _("not parked"),
        (39,),
        _("A withdrawal names an event of the budget that does not wait, or no longer does."),
        _("Check its source and id; what was decided meanwhile is put right by further events."),
        ("event_source", "event_id"),
        _("No event {event_id} of {event_source} waits."),
    ),
    Refusal.GRANT_ALREADY_AWARDED: Answer(
        _("grant already awarded"),
        (9, 32),
        _("The grant has its award already, of this year or carried over."),
        _(
            "If this act confirms it, send it as a concurring deliberation (role: concurring); "
            "else give the grant another reference."
        ),
        ("grant",),
        _("The grant {grant} is already awarded."),
    ),
    Refusal.GRANT_WITHDRAWN: Answer(
        _("grant withdrawn"),
        (9, 17),
        _("The award of the grant was withdrawn or annulled."),
        _("Award a new grant, under another reference."),
        ("grant",),
        _("The award of grant {grant} was withdrawn or annulled."),
    ),
    Refusal.CONVENTION_EXISTS: Answer(
        _("convention exists"),
        (10, 13),
        _(
            "The number is taken, or the grant without convention has been ordered, paid or asked "
            "back, and nothing of it is held back above 23,000 €."
        ),
        _("Use another number, or another grant."),
        ("convention",),
        _("The convention {convention} already exists, or its grant is already ordered."),
    ),
    Refusal.BENEFICIARY_DIFFERS: Answer(
        _("beneficiary differs"),
        (11,),
        _("The convention names a body of another SIREN than the award."),
        _("Correct the convention's SIRET."),
        ("award", "convention"),
        _("The convention names another body ({convention}) than the award ({award})."),
    ),
    Refusal.CONVENTION_TERMINATED: Answer(
        _("convention terminated"),
        (17,),
        _("The convention is terminated, or its award fell: it is changed no more."),
        _("Check its number, or sign a new convention."),
        ("convention",),
        _(
            "The convention {convention} is terminated, or its award withdrawn: it is changed no "
            "more."
        ),
    ),
    Refusal.WRONG_STATE: Answer(
        _("wrong state"),
        (17,),
        _("A suspension of a convention that is suspended, or a resumption of one that is not."),
        _("Check the event before."),
        ("convention", "state"),
        _(
            "The convention {convention} is {state}: it cannot be suspended twice, nor resume when"
            " it was not suspended."
        ),
    ),
    Refusal.PAYMENT_ORDER_CLOSED: Answer(
        _("payment order closed"),
        (20,),
        _(
            "The order is paid, rejected or cancelled and takes no more acknowledgements; rejected "
            "or cancelled, no payment either."
        ),
        _("Check its reference; an order issued again has its own (/2, /3)."),
        ("payment_order", "state"),
        _(
            "The payment order {payment_order} is closed ({state}): it takes no more "
            "acknowledgements and no payment."
        ),
    ),
    Refusal.ORDERS_OUTSTANDING: Answer(
        _("orders outstanding"),
        (30,),
        _(
            "The closing finds orders issued or on hold, which the accountant has not taken in "
            "charge."
        ),
        _("Send the accountant's answers first, then the closing under a new id."),
        ("payment_orders",),
        _("The year cannot be closed: the accountant has not taken {payment_orders} in charge."),
    ),
    Refusal.OVERPAYMENT: Answer(
        _("overpayment"),
        (20,),
        _("With this payment the order would be paid above its amount."),
        _("Check the amount of the payment."),
        ("payment_order", "amount_cents", "paid_cents", "asked_cents"),
        _(
            "The payment order {payment_order} is for {amount_cents}, {paid_cents} already paid: a"
            " payment of {asked_cents} would exceed it."
        ),
    ),
    Refusal.RECOVERY_EXCEEDS: Answer(
        _("recovery exceeds"),
        (27, 31),
        _(
            "More is asked back than was paid and not asked back yet, or more came than was asked "
            "back; in all, or on a line."
        ),
        _("Check the amount."),
        ("convention", "room_cents", "asked_cents"),
        _(
            "Only {room_cents} is left to recover from convention {convention}, and the event asks"
            " for {asked_cents}."
        ),
    ),
    Refusal.EXCEEDS_AWARD: Answer(
        _("exceeds award"),
        (10, 13, 15),
        _("The instalments ask more of a line than the award has left for it."),
        _(
            "Bring the instalments down to what was awarded; an amendment may cite the act that "
            "raises it."
        ),
        ("convention", "line", "award_cents", "asked_cents"),
        _("The award has {award_cents} left on line {line}; {convention} asks for {asked_cents}."),
    ),
    Refusal.BELOW_ORDERED: Answer(
        _("below ordered"),
        (15, 16),
        _(
            "An amendment names an instalment that is ordered, or a reduction exceeds what is left "
            "to order on a line."
        ),
        _("Leave what is ordered as it is."),
        ("convention", "instalment", "line", "remaining_cents", "asked_cents"),
        _(
            "On convention {convention}{where} only {remaining_cents} is not ordered yet, and the "
            "event is about {asked_cents}."
        ),
    ),
    Refusal.CONVENTION_REQUIRED: Answer(
        _("convention required"),
        (14,),
        _(
            "The year's awards to this establishment exceed 23,000 € (loi 2000-321, article 10; "
            "décret 2001-495), and this one would have no convention."
        ),
        _(
            "Send the award under a new id, with requires_convention: true; before an amendment "
            "that raises it, have a convention signed."
        ),
        ("siret", "total_cents", "limit_cents"),
        _(
            "The year's grants to {siret} reach {total_cents}: above {limit_cents} a convention is"
            " required (loi 2000-321, article 10)."
        ),
    ),
    Refusal.INSUFFICIENT_CREDIT: Answer(
        _("insufficient credit"),
        (26,),
        _(
            "The vote level's available credit would end below zero, by the net effect of the "
            "whole event."
        ),
        _("Vote or transfer credits, then send the event again under a new id."),
        (
            "level",
            "group",
            "available_cents",
            "asked_cents",
            "shortfall_cents",
        ),
        _(
            "Not enough credit at {level} {group}: {available_cents} available, {asked_cents} "
            "asked, {shortfall_cents} short."
        ),
    ),
    Refusal.DEPENDENCY_MISSING: Answer(
        _("dependency missing"),
        (29, 39),
        _(
            "The event waited, and what it waited for had not come by its deadline, or before the "
            "event was withdrawn."
        ),
        _("Send what was missing, then the event again under a new id."),
        ("kind", "id"),
        _("What the event waited for did not arrive, and nobody waits any more ({kind} {id})."),
    ),
    Refusal.TOO_MANY_PARKED: Answer(
        _("too many parked"),
        (28,),
        _("The event would have to wait, and 1,000 events of the budget wait already."),
        _(
            "First send what they wait for (ecluse parked names them), then the event under a new "
            "id."
        ),
        ("budget", "limit"),
        _("Already {limit} events of budget {budget} wait."),
    ),
}
"""The refusals, in order of precedence."""


def explain_refusal(code: str, facts: Mapping[str, Any]) -> Answer:
    """The answer behind a recorded refusal."""
    if code == Refusal.FISCAL_YEAR_CLOSED and "convention" in facts:
        return CARRIED_OVER
    return REFUSALS[Refusal(code)]


def refusal_row(refusal: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded refusal as the contract prints it."""
    return explain_refusal(refusal["code"], refusal["facts"]).row(refusal)
