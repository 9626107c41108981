"""Texts of decisions: their sentences, with the facts formatted."""

from collections.abc import Mapping
from typing import Any

from events.sentences import Sentence
from services.ledger.domain import flags, refusals
from services.ledger.domain.flags import FlagCode
from services.ledger.domain.refusals import Missing, Refusal

PARKED: dict[Missing, Sentence] = {
    Missing.BUDGET: Sentence(
        fr="En attente du vote initial du budget {id}.",
        en="Waits for the initial vote of budget {id}.",
    ),
    Missing.GRANT: Sentence(
        fr="En attente de la délibération qui attribue la subvention {id}.",
        en="Waits for the deliberation that awards grant {id}.",
    ),
    Missing.CONVENTION: Sentence(
        fr="En attente de la signature de la convention {id}.",
        en="Waits for the signature of convention {id}.",
    ),
    Missing.RECOVERY: Sentence(
        fr="En attente de l'ordre de reversement {id}.",
        en="Waits for the recovery {id} to be ordered.",
    ),
}
"""The text of a parked event, by the kind of its missing dependency."""


CODE_TEXTS: dict[str, dict[str, Sentence]] = {
    "level": {
        "chapter": Sentence("du chapitre", "chapter"),
        "article": Sentence("de l'article", "article"),
        "operation": Sentence("de l'opération", "operation"),
    },
    "state": {
        "paid": Sentence("payé", "paid"),
        "rejected": Sentence("rejeté", "rejected"),
        "cancelled": Sentence("annulé", "cancelled"),
        "in_force": Sentence("en vigueur", "in force"),
        "suspended": Sentence("suspendue", "suspended"),
    },
    "kind": {
        "budget": Sentence("budget", "budget"),
        "grant": Sentence("subvention", "grant"),
        "convention": Sentence("convention", "convention"),
        "recovery": Sentence("reversement", "recovery"),
    },
    "of": {
        "services": Sentence("délégations", "services"),
        "total": Sentence("total de l'acte", "total of the act"),
        "instalments": Sentence("échéancier", "instalments"),
    },
    "field": {
        "name": Sentence("nom", "name"),
        "siret": Sentence("SIRET", "SIRET"),
        "representative": Sentence("représentant", "representative"),
        "signatory": Sentence("signataire", "signatory"),
    },
}
"""The texts of facts that are codes."""

DOCUMENTS: dict[str, Sentence] = {
    "activity_report": Sentence("rapport d'activité", "activity report"),
    "certified_accounts": Sentence("comptes certifiés", "certified accounts"),
    "financial_report": Sentence("compte rendu financier", "financial report"),
    "territorial_report": Sentence("bilan territorial", "territorial report"),
    "evaluation": Sentence("évaluation", "evaluation"),
}
"""The texts of the documents that beneficiaries owe."""

PLACES: dict[str, Sentence] = {
    "instalment": Sentence(", versement {instalment}", ", instalment {instalment}"),
    "line": Sentence(", ligne {line}", ", line {line}"),
}
"""Facts that a flag may lack: its `{where}` is made of those present."""


LISTED_MAX = 10
"""The most items of a list in a sentence: a message must stay short, facts need not."""


def refusal_sentence(code: str, facts: Mapping[str, Any]) -> Sentence:
    """The reason of a refusal, and what to do."""
    return _rendered(refusals.SENTENCES[Refusal(code)], facts)


def flag_sentence(code: str, facts: Mapping[str, Any]) -> Sentence:
    """The text of a review flag."""
    return _rendered(flags.SENTENCES[FlagCode(code)], facts)


def parked_sentence(waits_for: Mapping[str, str]) -> Sentence:
    """The text of a parked event."""
    return PARKED[Missing(waits_for["kind"])].render(waits_for)


def euros_fr(amount_cents: int) -> str:
    """`1 355 600,00 €`, with non-breaking spaces."""
    return _grouped(amount_cents, "\u202f", ",") + "\u00a0€"


def euros_en(amount_cents: int) -> str:
    """`€1,355,600.00`."""
    sign = "-" if amount_cents < 0 else ""
    return f"{sign}€{_grouped(abs(amount_cents), ',', '.')}"


def line_label(line: Mapping[str, str | None]) -> str:
    """`65/65748/61/489`: the codes of a line, absent ones as a dash."""
    members = ("chapter", "article", "function", "operation")
    return "/".join(line[member] or "–" for member in members)


def _grouped(amount_cents: int, thousands: str, decimal: str) -> str:
    euros, cents = divmod(abs(amount_cents), 100)
    sign = "-" if amount_cents < 0 else ""
    return f"{sign}{euros:,}".replace(",", thousands) + f"{decimal}{cents:02d}"


def _rendered(sentence: Sentence, facts: Mapping[str, Any]) -> Sentence:
    rendered = {name: _fact(name, each) for name, each in facts.items()}
    french = {name: each.fr for name, each in rendered.items()}
    english = {name: each.en for name, each in rendered.items()}
    places = [place for name, place in PLACES.items() if facts.get(name) is not None]
    french["where"] = "".join(place.fr.format_map(french) for place in places)
    english["where"] = "".join(place.en.format_map(english) for place in places)
    return Sentence(fr=sentence.fr.format_map(french), en=sentence.en.format_map(english))


def _fact(name: str, fact: Any) -> Sentence:
    if fact is None:
        return Sentence("–", "–")
    if name in CODE_TEXTS:
        return CODE_TEXTS[name][fact]
    if name.endswith("_cents"):
        return Sentence(euros_fr(fact), euros_en(fact))
    if name == "document":
        kind = DOCUMENTS[fact["kind"]]
        return Sentence(f"{kind.fr} {fact['year']}", f"{kind.en} {fact['year']}")
    if name == "documents":
        named = [_fact("document", each) for each in fact]
        french, english = [each.fr for each in named], [each.en for each in named]
        return Sentence(_listed(french, "et"), _listed(english, "and"))
    if isinstance(fact, list):
        return Sentence(_listed(fact, "et"), _listed(fact, "and"))
    if name == "due_on":
        return Sentence("/".join(reversed(fact.split("-"))), fact)
    if name == "line":
        rendered = line_label(fact)
    elif isinstance(fact, dict):
        rendered = ", ".join(str(each) for each in fact.values() if each is not None)
    else:
        rendered = str(fact)
    return Sentence(rendered, rendered)


def _listed(facts: list[Any], conjunction: str) -> str:
    """`2021, 2022 et 2023`; of many the first, and the number of the others."""
    *others, last = map(str, facts)
    if len(others) >= LISTED_MAX:
        others, last = others[:LISTED_MAX], f"{len(facts) - LISTED_MAX} …"
    return f"{', '.join(others)} {conjunction} {last}" if others else last
