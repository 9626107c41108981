"""Refusals: an enum in order of precedence, with their sentences and facts."""

from enum import StrEnum


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
