"""The facts of an answer, with their units."""

from events.sentences import Sentence

MEANINGS: dict[str, Sentence] = {
    "act": Sentence("l'acte : assemblée, numéro, date", "the act: body, number, date"),
    "amount_cents": Sentence("le montant, en centimes", "the amount, in cents"),
    "asked_cents": Sentence("ce que l'événement demande, en centimes", "what it asks, in cents"),
    "available_cents": Sentence("le disponible, en centimes", "what is available, in cents"),
    "award": Sentence("le SIRET de l'attribution", "the award's SIRET"),
    "award_cents": Sentence(
        "ce que l'attribution a encore sur la ligne, en centimes",
        "what the award still has for the line, in cents",
    ),
    "budget": Sentence("le budget", "the budget"),
    "convention": Sentence("le numéro de la convention", "the convention's number"),
    "deliberation": Sentence("l'année que dit l'attribution", "the year that the award says"),
    "document": Sentence("le document : genre, année", "the document: kind, year"),
    "documents": Sentence("les documents : genre, année", "the documents: kind, year"),
    "due_on": Sentence("l'échéance (AAAA-MM-JJ)", "the due date (YYYY-MM-DD)"),
    "event_id": Sentence("l'identifiant de l'événement", "the event's id"),
    "expected": Sentence("le nom attendu", "the name expected"),
    "field": Sentence(
        "name, siret, representative ou signatory", "name, siret, representative or signatory"
    ),
    "found": Sentence("le nom trouvé", "the name found"),
    "from": Sentence("le numéro de l'exercice clos", "its number in the closed year"),
    "grant": Sentence("la référence de la subvention", "the grant's reference"),
    "group": Sentence("les codes du niveau, joints par /", "the level's codes, joined by /"),
    "id": Sentence("son identifiant", "its id"),
    "instalment": Sentence("le versement ; peut manquer", "the instalment; may be absent"),
    "kind": Sentence("ce qui est attendu", "what is awaited"),
    "level": Sentence("chapter, article ou operation", "chapter, article or operation"),
    "limit": Sentence("combien peuvent attendre", "how many may wait"),
    "limit_cents": Sentence("le seuil, en centimes", "the threshold, in cents"),
    "line": Sentence("l'imputation", "the budget line"),
    "names": Sentence("leurs noms", "their names"),
    "of": Sentence("services, total ou instalments", "services, total or instalments"),
    "paid_cents": Sentence("ce qui est déjà payé, en centimes", "what is paid already, in cents"),
    "payment_order": Sentence("la référence du mandat", "the payment order's reference"),
    "payment_orders": Sentence("les mandats en instance", "the orders outstanding"),
    "recovery": Sentence("le numéro du reversement", "the recovery's number"),
    "remaining_cents": Sentence("ce qui n'est pas mandaté, en centimes", "not ordered, in cents"),
    "room_cents": Sentence(
        "ce qui peut encore être reversé, en centimes", "what may still be recovered, in cents"
    ),
    "shortfall_cents": Sentence("ce qui manque, en centimes", "what is lacking, in cents"),
    "siret": Sentence("le SIRET de l'attribution", "the award's SIRET"),
    "state": Sentence("l'état où il ou elle se trouve", "the state it is in"),
    "stated_cents": Sentence("le montant énoncé, en centimes", "the figure stated, in cents"),
    "sum_cents": Sentence("la somme des parts, en centimes", "the sum of the parts, in cents"),
    "to": Sentence("le numéro dans ce budget", "its number in this budget"),
    "total_cents": Sentence(
        "les attributions de l'exercice, en centimes", "the year's awards, in cents"
    ),
}
"""By name, for all answers that have it."""

OWN_MEANINGS: dict[tuple[str, str], Sentence] = {
    ("beneficiary_differs", "convention"): Sentence(
        "le SIRET de la convention", "the convention's SIRET"
    ),
    ("below_ordered", "instalment"): Sentence(
        "le versement qu'un avenant nomme", "the instalment that an amendment names"
    ),
    ("below_ordered", "line"): Sentence("l'imputation qui est réduite", "the line that is reduced"),
    ("condition_year_differs", "convention"): Sentence(
        "les années que dit la convention", "the years that the convention says"
    ),
    ("figures_differ", "line"): Sentence(
        "l'imputation ; peut manquer", "the budget line; may be absent"
    ),
    ("insufficient_credit", "asked_cents"): Sentence(
        "l'effet net de l'événement, en centimes", "the net effect of the event, in cents"
    ),
    ("insufficient_credit", "available_cents"): Sentence(
        "le disponible du niveau avant l'événement, en centimes",
        "what the level has before the event, in cents",
    ),
    ("line_overdrawn", "available_cents"): Sentence(
        "ce que la ligne a après l'événement, en centimes",
        "what the line has after the event, in cents",
    ),
    ("overpayment", "amount_cents"): Sentence(
        "le montant du mandat, en centimes", "the order's amount, in cents"
    ),
    ("recovery_due", "amount_cents"): Sentence(
        "ce qui est à reverser, en centimes", "what is owed back, in cents"
    ),
}
"""The facts with a meaning of their own in one answer."""


def meaning(code: str, fact: str) -> Sentence:
    """The meaning of a fact of an answer.

    Raises:
        KeyError: nobody has said it yet.
    """
    return OWN_MEANINGS.get((code, fact)) or MEANINGS[fact]
