"""Review flags: an accepted event that a person should check."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from events import parts
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
            line = msgspec.structs.asdict(each.line)
            flags += figures_differ("services", each.amount_cents, total, **where, line=line)
    return flags
