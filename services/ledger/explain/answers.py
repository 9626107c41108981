"""Review flags, waits and dead letters explained; refusals are explained in `refusals`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from events.texts import Translatable, _, pgettext
from events.unreadable import Reason
from services.ledger.domain.model.answers import FlagCode, Missing
from services.ledger.domain.model.lines import line_from_row


@dataclass(frozen=True, slots=True)
class Advice:
    """A code explained."""

    term: Translatable
    rules: tuple[int, ...]
    """The numbers in docs/rules.md; none where only its chapter on review flags says it."""
    when: Translatable
    do: Translatable


@dataclass(frozen=True, slots=True)
class Answer(Advice):
    """A code with facts, and the sentence that is published with them."""

    facts: tuple[str, ...]
    """In the order in which they are printed; a decision may lack some of them."""
    sentence: Translatable
    """Statement of what happened; what to do is said behind it."""

    def row(self, recorded: Mapping[str, Any]) -> dict[str, Any]:
        """A recorded code with its facts, in the order in which the contract prints them."""
        facts = {name: recorded["facts"][name] for name in self.facts if name in recorded["facts"]}
        if "line" in facts:
            facts["line"] = line_from_row(facts["line"]).row()
        if "act" in facts:
            facts["act"] = {name: facts["act"][name] for name in ("body", "number", "date")}
        return {"code": recorded["code"], "facts": facts}


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


_NOTHING = _(
    "Nothing, where it is to come: the event resumes by itself. Where the reference is wrong, "
    "correct the event or withdraw it."
)

WAITS: dict[Missing, Answer] = {
    Missing.BUDGET: Answer(
        _("waits for the vote"),
        (28,),
        _("An award, a later vote or a transfer comes before the initial vote."),
        _NOTHING,
        ("kind", "id"),
        _("Waits for the initial vote of budget {id}."),
    ),
    Missing.GRANT: Answer(
        _("waits for the award"),
        (28,),
        _("A convention, or a deliberation withdrawn, names a grant that is not awarded."),
        _NOTHING,
        ("kind", "id"),
        _("Waits for the deliberation that awards grant {id}."),
    ),
    Missing.CONVENTION: Answer(
        _("waits for the convention"),
        (28,),
        _("The event names a convention that is not signed, or that waits itself."),
        _NOTHING,
        ("kind", "id"),
        _("Waits for the signature of convention {id}."),
    ),
    Missing.RECOVERY: Answer(
        _("waits for the recovery"),
        (28,),
        _("A recovery is collected before it was ordered."),
        _NOTHING,
        ("kind", "id"),
        _("Waits for the recovery {id} to be ordered."),
    ),
}
"""By kind."""


_CORRECT = _("Correct the event and send it again; it may keep its id.")

DEAD_LETTERS: dict[Reason, Advice] = {
    Reason.TOO_LARGE: Advice(
        _("too large"),
        (1,),
        _("The event is over 1 MiB."),
        _("Split it into several events."),
    ),
    Reason.WRONG_PARTITION: Advice(
        _("wrong partition"),
        (1, 37),
        _("The event is on another partition than its budget's."),
        _("Set partitioner=murmur2_random in the client."),
    ),
    Reason.BAD_JSON: Advice(
        _("bad JSON"),
        (1,),
        _(
            "It is not a strict JSON object in UTF-8: syntax, a key twice, NaN, more than 64 "
            "levels."
        ),
        _("Correct the program that sends it."),
    ),
    Reason.UNKNOWN_TYPE: Advice(
        _("unknown type"),
        (1, 32),
        _("The type is not in the contract, or is read among internal events only."),
        _("Take a type that /schemas lists (folder schemas/)."),
    ),
    Reason.UNKNOWN_FIELD: Advice(
        _("unknown field"),
        (1,),
        _("A field is not in the contract."),
        _("Remove it or correct its name."),
    ),
    Reason.MISSING_FIELD: Advice(
        _("missing field"),
        (1, 2),
        _("A required field is missing."),
        _("Add it."),
    ),
    Reason.INVALID_VALUE: Advice(
        _("invalid value"),
        (1, 2),
        _("A value is not of the type, form, check digits or range of the contract."),
        _CORRECT,
    ),
    Reason.WRONG_PARTITION_KEY: Advice(
        _("wrong partition key"),
        (1,),
        _("partitionkey, the Kafka key and the event's budget are not the same."),
        _("Make all three the same."),
    ),
    Reason.UNDECODABLE: Advice(
        _("undecodable"),
        (),
        _("Écluse failed to read the event, by a fault of its own."),
        _("Report it."),
    ),
    Reason.QUARANTINED: Advice(
        _("quarantined"),
        (),
        _("An operator set the record aside: it stopped its partition."),
        _("Ask the operators whether it will be redriven."),
    ),
}
"""The reasons of dead letters."""
