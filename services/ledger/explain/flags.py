"""The review flags, explained."""

from events.texts import _, pgettext
from services.ledger.domain.model.flags import FlagCode
from services.ledger.explain.code_help import Advice

FLAGS: dict[FlagCode, Advice] = {
    FlagCode.CONDITION_YEAR_DIFFERS: Advice(
        _("condition year differs"),
        (),
        _(
            "At the signature the award, the schedule and the text name more than one year for the "
            "documents that are owed."
        ),
        _("Check both acts."),
    ),
    FlagCode.FIGURES_DIFFER: Advice(
        _("figures differ"),
        (13,),
        _(
            "A stated figure is not the sum of its parts: services of a line, lines of an act, "
            "instalments of a grant without convention."
        ),
        _("Check the act."),
    ),
    FlagCode.NAME_DIFFERS: Advice(
        _("name differs"),
        (9, 11),
        _(
            "Two acts name the beneficiary otherwise: name, SIRET of the same SIREN, "
            "representative or signatory."
        ),
        _("Check that both are the same."),
    ),
    FlagCode.ACT_NOT_FOUND: Advice(
        _("act not found"),
        (10, 17),
        _("No act of the grant has the body and the date of the act that is cited."),
        _("Check its date, or send the act."),
    ),
    FlagCode.INTERESTED_NOT_RECUSED: Advice(
        _("interested, not recused"),
        (),
        _("An interested councillor is not among those who were recused."),
        _("Check the minutes."),
    ),
    FlagCode.LINE_OVERDRAWN: Advice(
        _("line overdrawn"),
        (26,),
        _("The event lowers a line and leaves it below zero, inside a vote level that is not."),
        _("Vote or transfer credits."),
    ),
    FlagCode.RECOVERY_DUE: Advice(
        _("recovery due"),
        (17, 22),
        _("More is ordered or paid than the eligible cost, or an award falls after a payment."),
        _("Ask for the money back."),
    ),
    FlagCode.CONVENTION_REQUIRED: Advice(
        pgettext("review flag", "convention required"),
        (14,),
        _(
            "The event would issue an order of a grant without convention, and the year's awards "
            "exceed 23,000 €: it is held back."
        ),
        _("Have a convention signed."),
    ),
    FlagCode.CONCURRING_ACT_WITHDRAWN: Advice(
        _("concurring act withdrawn"),
        (17,),
        _("An act of the grant, other than its award, was withdrawn or annulled."),
        _("Check that the award stands without it."),
    ),
    FlagCode.REPORT_REJECTED_AFTER_ORDER: Advice(
        _("report rejected after order"),
        (24,),
        _("The rejected document had set off an order that is open, or was paid."),
        _("Ask the accountant whether to stop it."),
    ),
    FlagCode.CONVENTION_RENAMED: Advice(
        _("convention renamed"),
        (32,),
        _(
            "The new year has the number of the convention carried over already: there it has the "
            "closed year behind its number."
        ),
        _("Name the new number in the events about it."),
    ),
    FlagCode.RECOVERY_IS_REVENUE: Advice(
        _("recovery is revenue"),
        (27, 31),
        _(
            "The recovery was collected after the budget's year: it is revenue (account 773), no "
            "credit is reopened."
        ),
        _("Issue a revenue order."),
    ),
    FlagCode.PAYMENT_LATE: Advice(
        _("payment late"),
        (29,),
        _("The order was not paid by its due date."),
        _("Ask the accountant."),
    ),
    FlagCode.REPORT_LATE: Advice(
        _("report late"),
        (29,),
        _("Documents that were due by that day have not come."),
        _("Remind the beneficiary."),
    ),
}
"""The review flags."""
