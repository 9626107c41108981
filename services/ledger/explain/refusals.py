"""The refusals, explained."""

from events.texts import _
from services.ledger.domain.model.refusals import Refusal
from services.ledger.explain.code_help import Advice

REFUSALS: dict[Refusal, Advice] = {
    Refusal.FISCAL_YEAR_CLOSED: Advice(
        _("fiscal year closed"),
        (30, 31),
        _(
            "The year is closed, and the event is neither a recovery nor about an order that was "
            "open at closing; or it still waited when the year was closed."
        ),
        _("Send the event to the current year's budget."),
    ),
    Refusal.EVENT_ID_REUSED: Advice(
        _("event id reused"),
        (3, 4),
        _("The same source has sent this id to the same budget already, with other content."),
        _("Send a new id."),
    ),
    Refusal.BUDGET_ALREADY_VOTED: Advice(
        _("budget already voted"),
        (30,),
        _("The budget has its initial vote already."),
        _("Send a supplementary budget or an amendment (stage)."),
    ),
    Refusal.UNKNOWN_PAYMENT_ORDER: Advice(
        _("unknown payment order"),
        (20,),
        _("Écluse never issued this order on this budget: nothing makes the event wait for it."),
        _("Check the order's reference, and the budget."),
    ),
    Refusal.UNKNOWN_CONVENTION: Advice(
        _("unknown convention"),
        (30, 31),
        _(
            "A closing, or a recovery of a closed year, names a convention that the budget does "
            "not know; other events would wait."
        ),
        _("Check its number."),
    ),
    Refusal.GRANT_ALREADY_AWARDED: Advice(
        _("grant already awarded"),
        (9, 32),
        _("The grant has its award already, of this year or carried over."),
        _(
            "If this act confirms it, send it as a concurring deliberation (role: concurring); "
            "else give the grant another reference."
        ),
    ),
    Refusal.GRANT_WITHDRAWN: Advice(
        _("grant withdrawn"),
        (9, 17),
        _("The award of the grant was withdrawn or annulled."),
        _("Award a new grant, under another reference."),
    ),
    Refusal.CONVENTION_EXISTS: Advice(
        _("convention exists"),
        (10, 13),
        _(
            "The number is taken, or the grant without convention has been ordered, paid or asked "
            "back, and nothing of it is held back above 23,000 €."
        ),
        _("Use another number."),
    ),
    Refusal.BENEFICIARY_DIFFERS: Advice(
        _("beneficiary differs"),
        (11,),
        _("The convention names a body of another SIREN than the award."),
        _("Correct the convention's SIRET."),
    ),
    Refusal.CONVENTION_TERMINATED: Advice(
        _("convention terminated"),
        (17,),
        _("The convention is terminated, or its award fell: it is changed no more."),
        _("Check its number, or sign a new convention."),
    ),
    Refusal.WRONG_STATE: Advice(
        _("wrong state"),
        (17,),
        _("A suspension of a convention that is suspended, or a resumption of one that is not."),
        _("Check the event before."),
    ),
    Refusal.PAYMENT_ORDER_CLOSED: Advice(
        _("payment order closed"),
        (20,),
        _(
            "The order is paid, rejected or cancelled and takes no more acknowledgements; rejected "
            "or cancelled, no payment either."
        ),
        _("Check its reference; an order issued again has its own (/2, /3)."),
    ),
    Refusal.ORDERS_OUTSTANDING: Advice(
        _("orders outstanding"),
        (30,),
        _(
            "The closing finds orders issued or on hold, which the accountant has not taken in "
            "charge."
        ),
        _("Send the accountant's answers first, then the closing under a new id."),
    ),
    Refusal.OVERPAYMENT: Advice(
        _("overpayment"),
        (20,),
        _("With this payment the order would be paid above its amount."),
        _("Check the amount of the payment."),
    ),
    Refusal.RECOVERY_EXCEEDS: Advice(
        _("recovery exceeds"),
        (27, 31),
        _(
            "More is asked back than was paid and not asked back yet, or more came than was asked "
            "back; in all, or on a line."
        ),
        _("Check the amount."),
    ),
    Refusal.EXCEEDS_AWARD: Advice(
        _("exceeds award"),
        (10, 13, 15),
        _("The instalments ask more of a line than the award has left for it."),
        _(
            "Bring the instalments down to what was awarded; an amendment may cite the act that "
            "raises it."
        ),
    ),
    Refusal.BELOW_ORDERED: Advice(
        _("below ordered"),
        (15, 16),
        _(
            "An amendment names an instalment that is ordered, or a reduction exceeds what is left "
            "to order on a line."
        ),
        _("Leave what is ordered as it is."),
    ),
    Refusal.CONVENTION_REQUIRED: Advice(
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
    ),
    Refusal.INSUFFICIENT_CREDIT: Advice(
        _("insufficient credit"),
        (26,),
        _(
            "The vote level's available credit would end below zero, by the net effect of the "
            "whole event."
        ),
        _("Vote or transfer credits, then send the event again under a new id."),
    ),
    Refusal.DEPENDENCY_MISSING: Advice(
        _("dependency missing"),
        (29,),
        _("The event waited, and what it waited for had not come by its deadline."),
        _("Send what was missing, then the event again under a new id."),
    ),
    Refusal.TOO_MANY_PARKED: Advice(
        _("too many parked"),
        (28,),
        _("The event would have to wait, and 1,000 events of the budget wait already."),
        _(
            "First send what they wait for (ecluse parked names them), then the event under a new "
            "id."
        ),
    ),
}
"""The refusals, in order of precedence."""
