"""Refusals: an enum in order of precedence, with their sentences and facts."""

from enum import StrEnum

from events.texts import Translatable, _


class Refusal(StrEnum):
    """The reasons for which an event is refused, in order of precedence."""

    FISCAL_YEAR_CLOSED = "fiscal_year_closed"
    EVENT_ID_REUSED = "event_id_reused"
    BUDGET_ALREADY_VOTED = "budget_already_voted"
    UNKNOWN_PAYMENT_ORDER = "unknown_payment_order"
    UNKNOWN_CONVENTION = "unknown_convention"
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


FACTS: dict[Refusal, tuple[str, ...]] = {
    Refusal.FISCAL_YEAR_CLOSED: ("budget",),
    Refusal.EVENT_ID_REUSED: ("event_id",),
    Refusal.BUDGET_ALREADY_VOTED: ("budget",),
    Refusal.UNKNOWN_PAYMENT_ORDER: ("payment_order",),
    Refusal.UNKNOWN_CONVENTION: ("convention",),
    Refusal.GRANT_ALREADY_AWARDED: ("grant",),
    Refusal.GRANT_WITHDRAWN: ("grant",),
    Refusal.CONVENTION_EXISTS: ("convention",),
    Refusal.BENEFICIARY_DIFFERS: ("award", "convention"),
    Refusal.CONVENTION_TERMINATED: ("convention",),
    Refusal.WRONG_STATE: ("convention", "state"),
    Refusal.PAYMENT_ORDER_CLOSED: ("payment_order", "state"),
    Refusal.ORDERS_OUTSTANDING: ("payment_orders",),
    Refusal.OVERPAYMENT: ("payment_order", "amount_cents", "paid_cents", "asked_cents"),
    Refusal.RECOVERY_EXCEEDS: ("convention", "room_cents", "asked_cents"),
    Refusal.EXCEEDS_AWARD: ("convention", "line", "award_cents", "asked_cents"),
    Refusal.BELOW_ORDERED: ("convention", "instalment", "line", "remaining_cents", "asked_cents"),
    Refusal.CONVENTION_REQUIRED: ("siret", "total_cents", "limit_cents"),
    Refusal.INSUFFICIENT_CREDIT: (
        "level",
        "group",
        "available_cents",
        "asked_cents",
        "shortfall_cents",
    ),
    Refusal.DEPENDENCY_MISSING: ("kind", "id"),
    Refusal.TOO_MANY_PARKED: ("budget", "limit"),
}
"""The facts that each refusal carries, in the order in which they are printed.

Of `below_ordered` it is the instalment that an amendment names, or the line that is reduced."""

SENTENCES: dict[Refusal, Translatable] = {
    Refusal.FISCAL_YEAR_CLOSED: _(
        "The fiscal year of budget {budget} is closed: only orders that were taken in charge "
        "then can still be paid or rejected. Send the event to the current year's budget."
    ),
    Refusal.EVENT_ID_REUSED: _(
        "The id {event_id} already stands for other content: send a new id."
    ),
    Refusal.BUDGET_ALREADY_VOTED: _(
        "The budget {budget} already has its initial vote: send a supplementary budget or an "
        "amendment."
    ),
    Refusal.UNKNOWN_PAYMENT_ORDER: _(
        "Écluse never issued the payment order {payment_order}: check its reference."
    ),
    Refusal.UNKNOWN_CONVENTION: _("The budget knows no convention {convention}: check its number."),
    Refusal.GRANT_ALREADY_AWARDED: _(
        "The grant {grant} is already awarded. If this act confirms it, send it as a concurring "
        "deliberation (role: concurring)."
    ),
    Refusal.GRANT_WITHDRAWN: _(
        "The award of grant {grant} was withdrawn or annulled: award a new grant, under another "
        "reference."
    ),
    Refusal.CONVENTION_EXISTS: _(
        "The convention {convention} already exists, or its grant is already ordered: use "
        "another number, or another grant."
    ),
    Refusal.BENEFICIARY_DIFFERS: _(
        "The convention names another body ({convention}) than the award ({award}). Correct "
        "the convention's SIRET."
    ),
    Refusal.CONVENTION_TERMINATED: _(
        "The convention {convention} is terminated, or its award withdrawn: it is changed no "
        "more. Check its number, or sign a new convention."
    ),
    Refusal.WRONG_STATE: _(
        "The convention {convention} is {state}: it cannot be suspended twice, nor resume when "
        "it was not suspended. Check the event before."
    ),
    Refusal.PAYMENT_ORDER_CLOSED: _(
        "The payment order {payment_order} is closed ({state}): it takes no more "
        "acknowledgements and no payment. Check its reference."
    ),
    Refusal.ORDERS_OUTSTANDING: _(
        "The year cannot be closed: the accountant has not taken {payment_orders} in charge. "
        "Send the accountant's answer first."
    ),
    Refusal.OVERPAYMENT: _(
        "The payment order {payment_order} is for {amount_cents}, {paid_cents} already paid: a "
        "payment of {asked_cents} would exceed it. Check the amount of the payment."
    ),
    Refusal.RECOVERY_EXCEEDS: _(
        "Only {room_cents} is left to recover from convention {convention}, and the event asks "
        "for {asked_cents}. Check the amount."
    ),
    Refusal.EXCEEDS_AWARD: _(
        "The award has {award_cents} left on line {line}; {convention} asks for {asked_cents}. "
        "Bring the instalments down to what was awarded; an amendment may cite the act that raises "
        "it."
    ),
    Refusal.BELOW_ORDERED: _(
        "On convention {convention}{where} only {remaining_cents} is not ordered yet, and the "
        "event is about {asked_cents}. Leave what is ordered as it is."
    ),
    Refusal.CONVENTION_REQUIRED: _(
        "The year's grants to {siret} reach {total_cents}: above {limit_cents} a convention is "
        "required (loi 2000-321, article 10). Send the award under a new id, with "
        "requires_convention: true; if it is made already, have a convention signed before it is "
        "raised."
    ),
    Refusal.INSUFFICIENT_CREDIT: _(
        "Not enough credit at {level} {group}: {available_cents} available, {asked_cents} "
        "asked, {shortfall_cents} short. Vote or transfer credits."
    ),
    Refusal.DEPENDENCY_MISSING: _(
        "What the event waited for did not arrive in time ({kind} {id}): send it, then send the "
        "event again under a new id."
    ),
    Refusal.TOO_MANY_PARKED: _(
        "Already {limit} events of budget {budget} wait: first send what they wait for."
    ),
}
"""The sentence for the sender, by refusal: what happened, with its facts, and what to do."""
