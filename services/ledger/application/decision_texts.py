"""Texts of decisions: their sentences, with the facts formatted."""

from collections.abc import Mapping
from typing import Any

from events.texts import Translatable, _, pgettext
from services.ledger.domain import flags, refusals
from services.ledger.domain.flags import FlagCode
from services.ledger.domain.refusals import Missing, Refusal

PARKED: dict[Missing, Translatable] = {
    Missing.BUDGET: _("Waits for the initial vote of budget {id}."),
    Missing.GRANT: _("Waits for the deliberation that awards grant {id}."),
    Missing.CONVENTION: _("Waits for the signature of convention {id}."),
    Missing.RECOVERY: _("Waits for the recovery {id} to be ordered."),
}
"""The text of a parked event, by the kind of its missing dependency."""


CODE_TEXTS: dict[str, dict[str, Translatable]] = {
    "level": {
        "chapter": pgettext("level", "chapter"),
        "article": pgettext("level", "article"),
        "operation": _("operation"),
    },
    "state": {
        "paid": _("paid"),
        "rejected": _("rejected"),
        "cancelled": _("cancelled"),
        "in_force": _("in force"),
        "suspended": _("suspended"),
    },
    "kind": {
        "budget": _("budget"),
        "grant": _("grant"),
        "convention": _("convention"),
        "recovery": _("recovery"),
    },
    "of": {
        "services": _("services"),
        "total": _("total of the act"),
        "instalments": _("instalments"),
    },
    "field": {
        "name": _("name"),
        "siret": _("SIRET"),
        "representative": _("representative"),
        "signatory": _("signatory"),
    },
}
"""The texts of facts that are codes."""

DOCUMENTS: dict[str, Translatable] = {
    "activity_report": _("activity report"),
    "certified_accounts": _("certified accounts"),
    "financial_report": _("financial report"),
    "territorial_report": _("territorial report"),
    "evaluation": _("evaluation"),
}
"""The texts of the documents that beneficiaries owe."""

PLACES: dict[str, Translatable] = {
    "instalment": _(", instalment {instalment}"),
    "line": _(", line {line}"),
}
"""Facts that a flag may lack: its `{where}` is made of those present."""


LISTED_MAX = 10
"""The most items of a list in a sentence: a message must stay short, facts need not."""


def refusal_sentence(code: str, facts: Mapping[str, Any]) -> Translatable:
    """The reason of a refusal, and what to do."""
    return _rendered(refusals.SENTENCES[Refusal(code)], facts)


def flag_sentence(code: str, facts: Mapping[str, Any]) -> Translatable:
    """The text of a review flag."""
    return _rendered(flags.SENTENCES[FlagCode(code)], facts)


def parked_sentence(waits_for: Mapping[str, str]) -> Translatable:
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


def _rendered(sentence: Translatable, facts: Mapping[str, Any]) -> Translatable:
    rendered = {name: _fact(name, each) for name, each in facts.items()}
    french = {name: each.fr for name, each in rendered.items()}
    english = {name: each.en for name, each in rendered.items()}
    places = [place for name, place in PLACES.items() if facts.get(name) is not None]
    french["where"] = "".join(place.fr.format_map(french) for place in places)
    english["where"] = "".join(place.en.format_map(english) for place in places)
    return Translatable(fr=sentence.fr.format_map(french), en=sentence.en.format_map(english))


def _fact(name: str, fact: Any) -> Translatable:
    if fact is None:
        return Translatable("–")
    if name in CODE_TEXTS:
        return CODE_TEXTS[name][fact]
    if name.endswith("_cents"):
        return Translatable(euros_fr(fact), euros_en(fact))
    if name == "document":
        kind = DOCUMENTS[fact["kind"]]
        return Translatable(f"{kind.fr} {fact['year']}", f"{kind.en} {fact['year']}")
    if name == "documents":
        named = [_fact("document", each) for each in fact]
        french, english = [each.fr for each in named], [each.en for each in named]
        return Translatable(_listed(french, "et"), _listed(english, "and"))
    if isinstance(fact, list):
        return Translatable(_listed(fact, "et"), _listed(fact, "and"))
    if name == "due_on":
        return Translatable("/".join(reversed(fact.split("-"))), fact)
    if name == "line":
        rendered = line_label(fact)
    elif isinstance(fact, dict):
        rendered = ", ".join(str(each) for each in fact.values() if each is not None)
    else:
        rendered = str(fact)
    return Translatable(rendered, rendered)


def _listed(facts: list[Any], conjunction: str) -> str:
    """`2021, 2022 et 2023`; of many the first, and the number of the others."""
    *others, last = map(str, facts)
    if len(others) >= LISTED_MAX:
        others, last = others[:LISTED_MAX], f"{len(facts) - LISTED_MAX} …"
    return f"{', '.join(others)} {conjunction} {last}" if others else last
