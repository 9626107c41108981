"""The facts of an answer, with their units."""

from events.texts import Translatable, _

MEANINGS: dict[str, Translatable] = {
    "act": _("the act: body, number, date"),
    "amount_cents": _("the amount, in cents"),
    "asked_cents": _("what it asks, in cents"),
    "available_cents": _("what is available, in cents"),
    "award": _("the award's SIRET"),
    "award_cents": _("what the award still has for the line, in cents"),
    "budget": _("the budget"),
    "convention": _("the convention's number"),
    "deliberation": _("the year that the award says"),
    "document": _("the document: kind, year"),
    "documents": _("the documents: kind, year"),
    "due_on": _("the due date (YYYY-MM-DD)"),
    "event_id": _("the event's id"),
    "event_source": _("the event's source"),
    "expected": _("the name expected"),
    "field": _("name, siret, representative or signatory"),
    "found": _("the name found"),
    "from": _("its number in the closed year"),
    "grant": _("the grant's reference"),
    "group": _("the level's codes, joined by /"),
    "id": _("its id"),
    "instalment": _("the instalment; may be absent"),
    "kind": _("what is awaited"),
    "level": _("chapter, article or operation"),
    "limit": _("how many may wait"),
    "limit_cents": _("the threshold, in cents"),
    "line": _("the budget line"),
    "names": _("their names"),
    "of": _("services, total or instalments"),
    "paid_cents": _("what is paid already, in cents"),
    "payment_order": _("the payment order's reference"),
    "payment_orders": _("the orders outstanding"),
    "recovery": _("the recovery's number"),
    "remaining_cents": _("not ordered, in cents"),
    "room_cents": _("what may still be recovered, in cents"),
    "sequence": _("the record's number"),
    "shortfall_cents": _("what is lacking, in cents"),
    "siret": _("the award's SIRET"),
    "state": _("the state it is in"),
    "stated_cents": _("the figure stated, in cents"),
    "sum_cents": _("the sum of the parts, in cents"),
    "to": _("its number in this budget"),
    "total_cents": _("the year's awards, in cents"),
}
"""By name, for all answers that have it."""

OWN_MEANINGS: dict[tuple[str, str], Translatable] = {
    ("beneficiary_differs", "convention"): _("the convention's SIRET"),
    ("below_ordered", "instalment"): _("the instalment that an amendment names"),
    ("below_ordered", "line"): _("the line that is reduced"),
    ("condition_year_differs", "convention"): _("the years that the convention says"),
    ("figures_differ", "line"): _("the budget line; may be absent"),
    ("insufficient_credit", "asked_cents"): _("the net effect of the event, in cents"),
    ("insufficient_credit", "available_cents"): _("what the level has before the event, in cents"),
    ("line_overdrawn", "available_cents"): _("what the line has after the event, in cents"),
    ("overpayment", "amount_cents"): _("the order's amount, in cents"),
    ("recovery_due", "amount_cents"): _("what is owed back, in cents"),
}
"""The facts with a meaning of their own in one answer."""


def meaning(code: str, fact: str) -> Translatable:
    """The meaning of a fact of an answer; KeyError where nobody has said it yet."""
    return OWN_MEANINGS.get((code, fact)) or MEANINGS[fact]
