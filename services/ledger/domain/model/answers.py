"""Codes of answers that are no plain yes: refusals, what an event may wait for, review flags."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from events import parts
from services.ledger.domain.model.grants import Beneficiary


class Refusal(StrEnum):
    """The reasons for which an event is refused, in order of precedence."""

    FISCAL_YEAR_CLOSED = "fiscal_year_closed"
    EVENT_ID_REUSED = "event_id_reused"
    BUDGET_ALREADY_VOTED = "budget_already_voted"
    UNKNOWN_PAYMENT_ORDER = "unknown_payment_order"
    UNKNOWN_CONVENTION = "unknown_convention"
    UNKNOWN_RECORD = "unknown_record"
    NOT_PARKED = "not_parked"
    GRANT_ALREADY_AWARDED = "grant_already_awarded"
    GRANT_WITHDRAWN = "grant_withdrawn"
    CONVENTION_EXISTS = "convention_exists"
    BENEFICIARY_DIFFERS = "beneficiary_differs"
    CONVENTION_TERMINATED = "convention_terminated"
    WRONG_STATE = "wrong_state"
    PAYMENT_ORDER_CLOSED = "payment_order_closed"
    ORDERS_OUTSTANDING = "orders_outstanding"
    OVERPAYMENT = "overpayment"
    RECOVERY_EXCEEDS = "recovery_exceeds"
    EXCEEDS_AWARD = "exceeds_award"
    BELOW_ORDERED = "below_ordered"
    CONVENTION_REQUIRED = "convention_required"
    INSUFFICIENT_CREDIT = "insufficient_credit"
    DEPENDENCY_MISSING = "dependency_missing"
    TOO_MANY_PARKED = "too_many_parked"


class Missing(StrEnum):
    """The things that an event may wait for: it is decided as soon as one is there (rules, 28)."""

    BUDGET = "budget"
    GRANT = "grant"
    CONVENTION = "convention"
    RECOVERY = "recovery"


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


def fold_name(name: str) -> str:
    """A name without what does not count: its case, and how its spaces are cut (rules, 11)."""
    return " ".join(name.split()).casefold()


def names_differ(expected: Beneficiary, actual: Beneficiary) -> list[Flag]:
    """A flag for each field in which two acts name one beneficiary otherwise."""
    return [
        _name_flag(field, first, second)
        for field, first, second in (
            ("name", expected.name, actual.name),
            ("siret", expected.siret, actual.siret),
            ("representative", expected.representative, actual.representative),
        )
        if first is not None and second is not None and fold_name(first) != fold_name(second)
    ]


def signatory_differs(representative: str | None, signatory: str | None) -> list[Flag]:
    """A flag where the convention is signed by another name than it gives for the beneficiary."""
    if (
        representative is None
        or signatory is None
        or fold_name(representative) == fold_name(signatory)
    ):
        return []
    return [_name_flag("signatory", representative, signatory)]


def _name_flag(field: str, expected: str, actual: str) -> Flag:
    return Flag(FlagCode.NAME_DIFFERS, {"field": field, "expected": expected, "found": actual})


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
