"""What people read of a decision: its sentence, with the facts spelled for them."""

from collections.abc import Mapping
from typing import Any

from events.sentences import Sentence
from services.ledger.domain import flags, refusals
from services.ledger.domain.flags import FlagCode
from services.ledger.domain.refusals import Refusal

PARKED: dict[str, Sentence] = {
    "budget": Sentence(
        fr="En attente du vote initial du budget {id}.",
        en="Waits for the initial vote of budget {id}.",
    ),
    "grant": Sentence(
        fr="En attente de la délibération qui attribue la subvention {id}.",
        en="Waits for the deliberation that awards grant {id}.",
    ),
    "convention": Sentence(
        fr="En attente de la signature de la convention {id}.",
        en="Waits for the signature of convention {id}.",
    ),
}
"""What the sender reads of an event that waits, by the kind of thing that it waits for."""


WORDS: dict[str, dict[str, Sentence]] = {
    "level": {
        "chapter": Sentence("du chapitre", "chapter"),
        "article": Sentence("de l'article", "article"),
        "operation": Sentence("de l'opération", "operation"),
    },
    "state": {
        "paid": Sentence("payé", "paid"),
        "rejected": Sentence("rejeté", "rejected"),
    },
    "of": {
        "services": Sentence("délégations d'une ligne", "services of a line"),
        "total": Sentence("total", "total"),
        "instalments": Sentence("échéancier d'une ligne", "instalments of a line"),
    },
    "field": {
        "name": Sentence("nom", "name"),
        "siret": Sentence("SIRET", "SIRET"),
        "representative": Sentence("représentant", "representative"),
        "signatory": Sentence("signataire", "signatory"),
    },
}
"""Facts that are codes, as people say them."""


def refusal_sentence(code: str, facts: Mapping[str, Any]) -> Sentence:
    """Why an event was refused, and what to do."""
    return _told(refusals.SENTENCES[Refusal(code)], facts)


def flag_sentence(code: str, facts: Mapping[str, Any]) -> Sentence:
    """What a reviewer should look at."""
    return _told(flags.SENTENCES[FlagCode(code)], facts)


def parked_sentence(waits_for: Mapping[str, str]) -> Sentence:
    """What an event waits for."""
    return PARKED[waits_for["kind"]].render(waits_for)


def euros_fr(amount_cents: int) -> str:
    """`1 355 600,00 €`, its spaces such that no line breaks inside it."""
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


def _told(sentence: Sentence, facts: Mapping[str, Any]) -> Sentence:
    return Sentence(
        fr=sentence.fr.format_map({name: _fact(name, each, "fr") for name, each in facts.items()}),
        en=sentence.en.format_map({name: _fact(name, each, "en") for name, each in facts.items()}),
    )


def _fact(name: str, fact: Any, language: str) -> str:
    if fact is None:
        return "–"
    if name in WORDS:
        word = WORDS[name][fact]
        return word.fr if language == "fr" else word.en
    if name.endswith("_cents"):
        return euros_fr(fact) if language == "fr" else euros_en(fact)
    if name == "line":
        return line_label(fact)
    if isinstance(fact, list):
        return ", ".join(str(each) for each in fact)
    if isinstance(fact, dict):
        return ", ".join(str(each) for each in fact.values() if each is not None)
    return str(fact)
