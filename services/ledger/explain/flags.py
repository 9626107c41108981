"""The review flags, explained."""

from collections.abc import Mapping
from typing import Any

from events.texts import _, pgettext
from services.ledger.domain.model.flags import FlagCode
from services.ledger.explain.answer import Answer

FLAGS: dict[FlagCode, Answer] = {
    FlagCode.CONDITION_YEAR_DIFFERS: Answer(
        _("condition year differs"),
        (),
        _(
            "The award and the text of the convention name more than one year for the documents "
            "that are owed, or one for which the schedule does not wait."
        ),
        _("Check both acts."),
        ("deliberation", "convention"),
        _(
            "The year of the documents differs: deliberation {deliberation}, convention "
            "{convention}."
        ),
    ),
    FlagCode.FIGURES_DIFFER: Answer(
        _("figures differ"),
        (13,),
        _(
            "A stated figure is not the sum of its parts: services of a line, lines of an act, "
            "instalments of a grant without convention."
        ),
        _("Check the act."),
        ("of", "instalment", "line", "stated_cents", "sum_cents"),
        _("Figures disagree ({of}{where}): {stated_cents} stated, {sum_cents} in total."),
    ),
    FlagCode.NAME_DIFFERS: Answer(
        _("name differs"),
        (9, 11),
        _(
            "Two acts name the beneficiary otherwise: name, SIRET of the same SIREN, "
            "representative or signatory."
        ),
        _("Check that both are the same."),
        ("field", "expected", "found"),
        _("The beneficiary is named in two ways ({field}): “{expected}” and “{found}”."),
    ),
    FlagCode.ACT_NOT_FOUND: Answer(
        _("act not found"),
        (10, 17),
        _("No act of the grant has the body and the date of the act that is cited."),
        _("Check its date, or send the deliberation."),
        ("grant", "act"),
        _("The act cited is not known on grant {grant}: {act}."),
    ),
    FlagCode.INTERESTED_NOT_RECUSED: Answer(
        _("interested, not recused"),
        (),
        _("An interested councillor is not among those who were recused."),
        _("Check the minutes."),
        ("names",),
        _("Interested councillors who were not recused: {names}."),
    ),
    FlagCode.LINE_OVERDRAWN: Answer(
        _("line overdrawn"),
        (26,),
        _("The event lowers a line and leaves it below zero, inside a vote level that is not."),
        _("Vote or transfer credits."),
        ("line", "available_cents"),
        _("Line {line} is overdrawn: {available_cents}."),
    ),
    FlagCode.RECOVERY_DUE: Answer(
        _("recovery due"),
        (17, 22),
        _(
            "A ceiling leaves nothing of an instalment to pay, and more was ordered or paid than "
            "the eligible cost; a cost that comes once it was ordered or released is not "
            "compared. Or an award falls after a payment."
        ),
        _("Ask for the money back."),
        ("convention", "amount_cents"),
        _("The convention {convention} has had {amount_cents} too much."),
    ),
    FlagCode.CONVENTION_REQUIRED: Answer(
        pgettext("review flag", "convention required"),
        (14,),
        _(
            "The event would issue an order of a grant without convention, and the year's awards "
            "exceed 23,000 €: it is held back."
        ),
        _("Have a convention signed."),
        ("convention", "siret", "total_cents", "limit_cents"),
        _(
            "The payment order of {convention} is held back: the year's grants to {siret} reach "
            "{total_cents}, above {limit_cents}."
        ),
    ),
    FlagCode.CONCURRING_ACT_WITHDRAWN: Answer(
        _("concurring act withdrawn"),
        (17,),
        _("An act of the grant, other than its award, was withdrawn or annulled."),
        _("Check that the award stands without it."),
        ("grant", "act"),
        _("A concurring act on grant {grant} was withdrawn or annulled: {act}."),
    ),
    FlagCode.REPORT_REJECTED_AFTER_ORDER: Answer(
        _("report rejected after order"),
        (24,),
        _("The rejected document had set off an order that is open, or was paid."),
        _("Ask the accountant whether to stop it."),
        ("convention", "document", "payment_order"),
        _(
            "The rejected document ({document}) had set off the payment order {payment_order} of "
            "convention {convention}."
        ),
    ),
    FlagCode.CONVENTION_RENAMED: Answer(
        _("convention renamed"),
        (32,),
        _(
            "The new year has the number of the convention carried over already: there it has the "
            "closed year behind its number."
        ),
        _("Name the new number in the events about it."),
        ("from", "to"),
        _(
            "The number {from} is taken in this budget: the convention carried over goes on as "
            "{to}."
        ),
    ),
    FlagCode.RECOVERY_IS_REVENUE: Answer(
        _("recovery is revenue"),
        (27, 31),
        _(
            "The recovery was collected after the budget's year: it is revenue (account 773), no "
            "credit is reopened."
        ),
        _("Issue a revenue order."),
        ("convention", "recovery", "amount_cents"),
        _(
            "The recovery {recovery} of convention {convention} was collected after its year "
            "({amount_cents}): it is revenue, no credit is reopened."
        ),
    ),
    FlagCode.PAYMENT_LATE: Answer(
        _("payment late"),
        (29,),
        _("The order was not paid by its due date."),
        _("Ask the accountant."),
        ("payment_order", "due_on"),
        _("The payment order {payment_order} was not paid by {due_on}."),
    ),
    FlagCode.REPORT_LATE: Answer(
        _("report late"),
        (29,),
        _("Documents that were due by that day have not come."),
        _("Remind the beneficiary."),
        ("convention", "documents", "due_on"),
        _(
            "Documents due by {due_on} under convention {convention} that have not arrived: "
            "{documents}."
        ),
    ),
}
"""The review flags."""


def flag_row(flag: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded review flag as the contract prints it."""
    return FLAGS[FlagCode(flag["code"])].row(flag)
