"""Texts of decisions: the names of codes, and sentences with their facts formatted."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from events.texts import Day, Euros, Translatable, _, pgettext
from services.ledger.domain.model.answers import FlagCode, Missing
from services.ledger.explain.answers import FLAGS, WAITS, Advice
from services.ledger.explain.refusals import explain_refusal

ORDER_STATES: Final = {
    "issued": _("issued"),
    "taken_in_charge": _("taken in charge"),
    "on_hold": _("on hold"),
    "rejected": _("rejected"),
    "paid": _("paid"),
    "cancelled": _("cancelled"),
}
"""States of a payment order (rules, 20)."""

GRANT_STATES: Final = {
    "announced": _("announced"),
    "awarded": _("awarded"),
    "paid": _("fully paid"),
    "lapsed": _("lapsed"),
    "withdrawn": _("withdrawn"),
    "carried": pgettext("grant", "carried from last year"),
    "carried_over": pgettext("grant", "carried over to next year"),
}
"""States of a grant. The ledger does not keep what money gives: the read model's queries do."""

OUTSIDE: Final[Mapping[str | None, Translatable]] = {
    "available": _("opening of credits"),
    "committed": _("carried from last year"),
    None: _("reduction of credits"),
}
"""The other end of a move from outside the budget, or to it, by the stage that it goes to."""

ENTRY_KINDS: Final = {
    "accounting_commitment": _("accounting commitment"),
    "legal_commitment": _("legal commitment"),
    "supplementary_commitment": _("supplementary commitment"),
    "decommitment": _("decommitment"),
    "carry_over": _("carry-over"),
}
"""Kinds of commitment entries."""


CODE_TEXTS: dict[str, dict[str, Translatable]] = {
    "level": {
        "chapter": pgettext("level", "chapter"),
        "article": pgettext("level", "article"),
        "operation": pgettext("level", "operation"),
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


AND = _("{others} and {last}")

LISTED_MAX = 10
"""The most items of a list in a sentence: a message must stay short, facts need not."""

FACT_MAX = 300
"""The characters of a fact, or of an item of a list, that a sentence repeats: as many as a name
has. A sentence of ten such items stays within the published schema (`events.values.Text`)."""


def refusal_reason(code: str, facts: Mapping[str, Any]) -> Translatable:
    """The reason of a refusal."""
    return _render(explain_refusal(code, facts).sentence, facts)


def refusal_sentence(code: str, facts: Mapping[str, Any]) -> Translatable:
    """The reason of a refusal, and what to do."""
    return _with_advice(refusal_reason(code, facts), explain_refusal(code, facts))


def flag_reason(code: str, facts: Mapping[str, Any]) -> Translatable:
    """The reason of a review flag."""
    return _render(FLAGS[FlagCode(code)].sentence, facts)


def flag_sentence(code: str, facts: Mapping[str, Any]) -> Translatable:
    """The reason of a review flag, and what to do."""
    return _with_advice(flag_reason(code, facts), FLAGS[FlagCode(code)])


def explain_wait(waits_for: Mapping[str, str]) -> Translatable:
    """The text of a parked event."""
    return _render(WAITS[Missing(waits_for["kind"])].sentence, waits_for)


def line_label(line: Mapping[str, str | None]) -> str:
    """`65/65748/61/489`: the codes of a line, absent ones as a dash."""
    members = ("chapter", "article", "function", "operation")
    return "/".join(line[member] or "–" for member in members)


class Codes(Protocol):
    """The codes of a budget line."""

    @property
    def chapter(self) -> str: ...
    @property
    def article(self) -> str: ...
    @property
    def function(self) -> str | None: ...
    @property
    def operation(self) -> str | None: ...


def line_order(line: Codes) -> tuple[str, str, str, tuple[int, str]]:
    """The place of a line among others that people read.

    M57's codes by their digits, since a code stands behind the one that it is part of (20, 204,
    21); operations by their number. The contract's lists are in the order of texts (rules, 35).
    """
    return (line.chapter, line.article, line.function or "", number_order(line.operation or ""))


def number_order(code: str) -> tuple[int, str]:
    """The place of an operation's code: by the number that it begins with (489, 490, 1978)."""
    digits = code[: len(code) - len(code.lstrip("0123456789"))]
    return (int(digits or 0), code)


def _with_advice(reason: Translatable, advice: Advice) -> Translatable:
    return Translatable("{reason} {do}", {"reason": reason, "do": advice.do})


def _render(text: Translatable, facts: Mapping[str, Any]) -> Translatable:
    shown = {name: _fact(name, each) for name, each in facts.items()}
    places = {
        name: place.render(shown) for name, place in PLACES.items() if facts.get(name) is not None
    }
    where = Translatable("".join(f"{{{name}}}" for name in places), places) if places else ""
    return text.render({**shown, "where": where})


def _fact(name: str, fact: Any) -> object:
    if fact is None:
        return "–"
    if name in CODE_TEXTS:
        return CODE_TEXTS[name][fact]
    if name.endswith("_cents"):
        return Euros(fact)
    if name == "document":
        return Translatable(
            "{kind} {year}", {"kind": DOCUMENTS[fact["kind"]], "year": fact["year"]}
        )
    if name == "documents":
        return _join([_fact("document", each) for each in fact])
    if isinstance(fact, list):
        return _join([_shorten(str(each)) for each in fact])
    if name == "due_on":
        return Day(fact)
    if name == "line":
        return _shorten(line_label(fact))
    if isinstance(fact, dict):
        return _shorten(", ".join(str(each) for each in fact.values() if each is not None))
    return _shorten(str(fact))


def _shorten(text: str) -> str:
    return text if len(text) <= FACT_MAX else text[:FACT_MAX] + "…"


def _join(facts: list[Any]) -> object:
    """`2021, 2022 and 2023`; of many the first, and the number of the others."""
    *others, last = facts
    if len(others) >= LISTED_MAX:
        others, last = others[:LISTED_MAX], f"{len(facts) - LISTED_MAX} …"
    return AND.render({"others": tuple(others), "last": last}) if others else last
