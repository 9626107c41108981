"""Review flags: an accepted event that a person should check."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from events import parts
from events.texts import Translatable, _
from services.ledger.domain.model.grants import Beneficiary


class FlagCode(StrEnum):
    """The review flags."""

    CONDITION_YEAR_DIFFERS = "condition_year_differs"
    FIGURES_DIFFER = "figures_differ"
    NAME_DIFFERS = "name_differs"
    ACT_NOT_FOUND = "act_not_found"
    INTERESTED_NOT_RECUSED = "interested_not_recused"
    LINE_OVERDRAWN = "line_overdrawn"
    RECOVERY_DUE = "recovery_due"
    CONVENTION_REQUIRED = "convention_required"
    CONCURRING_ACT_WITHDRAWN = "concurring_act_withdrawn"
    REPORT_REJECTED_AFTER_ORDER = "report_rejected_after_order"
    CONVENTION_RENAMED = "convention_renamed"
    RECOVERY_IS_REVENUE = "recovery_is_revenue"
    PAYMENT_LATE = "payment_late"
    REPORT_LATE = "report_late"


FACTS: dict[FlagCode, tuple[str, ...]] = {
    FlagCode.CONDITION_YEAR_DIFFERS: ("deliberation", "convention"),
    FlagCode.FIGURES_DIFFER: ("of", "instalment", "line", "stated_cents", "sum_cents"),
    FlagCode.NAME_DIFFERS: ("field", "expected", "found"),
    FlagCode.ACT_NOT_FOUND: ("grant", "act"),
    FlagCode.INTERESTED_NOT_RECUSED: ("names",),
    FlagCode.LINE_OVERDRAWN: ("line", "available_cents"),
    FlagCode.RECOVERY_DUE: ("convention", "amount_cents"),
    FlagCode.CONVENTION_REQUIRED: ("convention", "siret", "total_cents", "limit_cents"),
    FlagCode.CONCURRING_ACT_WITHDRAWN: ("grant", "act"),
    FlagCode.REPORT_REJECTED_AFTER_ORDER: ("convention", "document", "payment_order"),
    FlagCode.CONVENTION_RENAMED: ("from", "to"),
    FlagCode.RECOVERY_IS_REVENUE: ("convention", "recovery", "amount_cents"),
    FlagCode.PAYMENT_LATE: ("payment_order", "due_on"),
    FlagCode.REPORT_LATE: ("convention", "documents", "due_on"),
}
"""The facts that each flag carries, in the order in which they are printed."""

SENTENCES: dict[FlagCode, Translatable] = {
    FlagCode.CONDITION_YEAR_DIFFERS: _(
        "The year of the documents differs: deliberation {deliberation}, convention "
        "{convention}. Check both acts."
    ),
    FlagCode.FIGURES_DIFFER: _(
        "Figures disagree ({of}{where}): {stated_cents} stated, {sum_cents} in total. Check "
        "the act."
    ),
    FlagCode.NAME_DIFFERS: _(
        "The beneficiary is named in two ways ({field}): “{expected}” and “{found}”. Check that "
        "both are the same."
    ),
    FlagCode.ACT_NOT_FOUND: _(
        "The act cited is not known on grant {grant}: {act}. Check its date, or send the "
        "deliberation."
    ),
    FlagCode.INTERESTED_NOT_RECUSED: _(
        "Interested councillors who were not recused: {names}. Check the minutes."
    ),
    FlagCode.LINE_OVERDRAWN: _(
        "Line {line} is overdrawn: {available_cents}. Vote or transfer credits."
    ),
    FlagCode.RECOVERY_DUE: _(
        "The convention {convention} has had {amount_cents} too much: ask for it back."
    ),
    FlagCode.CONVENTION_REQUIRED: _(
        "The payment order of {convention} is held back: the year's grants to {siret} reach "
        "{total_cents}, above {limit_cents}. Have a convention signed."
    ),
    FlagCode.CONCURRING_ACT_WITHDRAWN: _(
        "A concurring act on grant {grant} was withdrawn or annulled: {act}. Check that the "
        "award stands without it."
    ),
    FlagCode.REPORT_REJECTED_AFTER_ORDER: _(
        "The rejected document ({document}) had set off the payment order {payment_order} of "
        "convention {convention}. Ask the accountant whether to stop it."
    ),
    FlagCode.CONVENTION_RENAMED: _(
        "The number {from} is taken in this budget: the convention carried over goes on as "
        "{to}. Name it so in the events about it."
    ),
    FlagCode.RECOVERY_IS_REVENUE: _(
        "The recovery {recovery} of convention {convention} was collected after its year "
        "({amount_cents}): it is revenue, no credit is reopened. Issue a revenue order."
    ),
    FlagCode.PAYMENT_LATE: _(
        "The payment order {payment_order} was not paid by {due_on}. Ask the accountant."
    ),
    FlagCode.REPORT_LATE: _(
        "Documents due by {due_on} under convention {convention} that have not arrived: "
        "{documents}. Remind the beneficiary."
    ),
}
"""The sentence for the reviewer, by flag."""


class Flag(NamedTuple):
    """A review flag with its facts."""

    code: FlagCode
    facts: dict[str, Any]

    def row(self) -> dict[str, Any]:
        """The flag as a journal record holds it."""
        return {"code": self.code, "facts": self.facts}


def folded(name: str) -> str:
    """A name without what does not count: its case, and how its spaces are cut (rules, 11)."""
    return " ".join(name.split()).casefold()


def names_differ(expected: Beneficiary, found: Beneficiary) -> list[Flag]:
    """A flag for each field in which two acts name one beneficiary otherwise."""
    return [
        _name_flag(field, first, second)
        for field, first, second in (
            ("name", expected.name, found.name),
            ("siret", expected.siret, found.siret),
            ("representative", expected.representative, found.representative),
        )
        if first is not None and second is not None and folded(first) != folded(second)
    ]


def signatory_differs(representative: str | None, signatory: str | None) -> list[Flag]:
    """A flag where the convention is signed by another name than it gives for the beneficiary."""
    if representative is None or signatory is None or folded(representative) == folded(signatory):
        return []
    return [_name_flag("signatory", representative, signatory)]


def _name_flag(field: str, expected: str, found: str) -> Flag:
    return Flag(FlagCode.NAME_DIFFERS, {"field": field, "expected": expected, "found": found})


def figures_differ(of: str, stated_cents: int | None, sum_cents: int, **where: Any) -> list[Flag]:
    """A flag where a figure that an act states is not the sum of its parts."""
    if stated_cents is None or stated_cents == sum_cents:
        return []
    facts = {"of": of, **where, "stated_cents": stated_cents, "sum_cents": sum_cents}
    return [Flag(FlagCode.FIGURES_DIFFER, facts)]


def services_differ(lines: Iterable[parts.LineAmount], **where: Any) -> list[Flag]:
    """A flag for each line whose departments do not add up to it."""
    flags = []
    for each in lines:
        if each.services:
            total = sum(share.amount_cents for share in each.services)
            line = each.line.model_dump()
            flags += figures_differ("services", each.amount_cents, total, **where, line=line)
    return flags
