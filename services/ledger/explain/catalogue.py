"""Writes docs/refusals.md and docs/life-cycles.md from the code (`make catalogue`)."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from events import unreadable
from events.texts import Translatable, _
from services.ledger.domain.model import conventions, orders
from services.ledger.domain.model.answers import Refusal
from services.ledger.explain.answers import DEAD_LETTERS, FLAGS, WAITS, Advice, Answer
from services.ledger.explain.refusals import CARRIED_OVER, REFUSALS
from services.ledger.explain.sentences import PLACES
from services.runtime.processing import status
from services.texts.translation import Sentence, both

ANSWERS_PAGE = Path(__file__).parents[3] / "docs" / "refusals.md"

PREFACE = """\
# Refus, signalements, attentes – refusals, review flags, waits

Écrit par `make catalogue` à partir du code ; `make test` refuse une page périmée.
*Written by `make catalogue` from the code; `make test` refuses a page that is stale.*

Les codes et les faits sont le contrat ([contract.md](contract.md)) ; les règles sont celles de
[rules.md](rules.md). Entre accolades, ce que le message met à la place. Les montants des faits sont
des entiers de centimes, ceux des messages des euros. Le message d'un refus ou d'un signalement
finit par « que faire ».
*Codes and facts are the contract, rules are those of rules.md. In braces, what the message puts in
its place. Amounts in facts are whole cents, those in messages euros. The message of a refusal or of
a review flag ends with “what to do”.*
"""

CHAPTERS = {
    "refusals": """\
## Refus – refusals

Dans l'ordre de priorité : de plusieurs, le premier est donné. Un refus ne déplace rien ;
l'événement est retenu, sauf `fiscal_year_closed` et `event_id_reused` ; qui veut une nouvelle
décision envoie un nouvel identifiant.
*In order of precedence: of several, the first is given. A refusal moves nothing; the event is
remembered, but for `fiscal_year_closed` and `event_id_reused`; whoever wants it decided again sends
a new id.*
""",
    "flags": """\
## Signalements – review flags

Quelqu'un devrait regarder ; l'événement est accepté et l'argent suit son cours.
*Somebody should look; the event is accepted and the money goes on.*
""",
    "waits": """\
## Attentes – what events wait for

L'événement est gardé, et décidé dès qu'arrive ce qu'il attend.
*The event is kept, and decided as soon as that arrives.*
""",
    "dead_letters": """\
## Enregistrements non conformes – dead letters

Ce n'est pas un événement du contrat. Rien n'en est retenu : corrigé, il peut garder
son identifiant.
*It is no event of the contract. Nothing is remembered of it: once corrected, it may keep its id.*
""",
}


def answers_page() -> str:
    """The text of docs/refusals.md."""
    chapters: dict[str, Mapping[Any, Answer]] = {
        "refusals": REFUSALS,
        "flags": FLAGS,
        "waits": WAITS,
    }
    parts = [PREFACE]
    for chapter, answers in chapters.items():
        parts.append(CHAPTERS[chapter])
        for code, each in answers.items():
            parts.append(_answer(code.value, each, each.facts, each.sentence))
            if code is Refusal.FISCAL_YEAR_CLOSED:
                of_reports = f"{code.value} {{budget, convention}}"
                parts.append(
                    _answer(of_reports, CARRIED_OVER, CARRIED_OVER.facts, CARRIED_OVER.sentence)
                )
    parts.append(CHAPTERS["dead_letters"])
    parts += [
        _answer(code.value, advice, (), unreadable.SENTENCES[code])
        for code, advice in DEAD_LETTERS.items()
    ]
    return "\n".join(parts)


def _answer(code: str, advice: Advice, facts: Iterable[str], message: Translatable) -> str:
    return "\n".join([*_lines(code, advice, facts, message), ""])


def _lines(code: str, advice: Advice, facts: Iterable[str], message: Translatable) -> Iterator[str]:
    yield f"### `{code}`"
    yield ""
    term, when, do = both(advice.term), both(advice.when), both(advice.do)
    shown = _with_places(message)
    yield f"**{term.fr}** – *{term.en}*{_rules(advice.rules)}"
    yield ""
    yield "| | en français | in English |"
    yield "|---|---|---|"
    yield f"| quand – when | {when.fr} | {when.en} |"
    yield f"| que faire – what to do | {do.fr} | {do.en} |"
    yield f"| message | {shown.fr} | {shown.en} |"
    for fact in facts:
        text = both(meaning(code, fact))
        yield f"| `{fact}` | {text.fr} | {text.en} |"


def _rules(numbers: tuple[int, ...]) -> str:
    if not numbers:
        return ""
    noun = "règle, rule" if len(numbers) == 1 else "règles, rules"
    return f" · {noun} {', '.join(map(str, numbers))}"


def _with_places(message: Translatable) -> Sentence:
    """The message, with what `{where}` may be in its stead."""
    template, places = both(message), [both(place) for place in PLACES.values()]
    return Sentence(
        fr=template.fr.replace("{where}", "".join(f"[{place.fr}]" for place in places)),
        en=template.en.replace("{where}", "".join(f"[{place.en}]" for place in places)),
    )


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


LIFE_CYCLES_PAGE: Final = Path(__file__).parents[3] / "docs" / "life-cycles.md"

Row = tuple[str | None, str | None, str]
"""A state, the cause of the transition (an event type, for orders), and the state after it."""


def diagram(table: Iterable[Row]) -> str:
    """A life cycle as a Mermaid state diagram."""
    labels: dict[tuple[str, str], list[str]] = {}
    for origin, event, target in table:
        arrow = ("[*]" if origin is None else str(origin), str(target))
        labels.setdefault(arrow, []).append(
            "any event" if event is None else event.removeprefix("ecluse.").removesuffix(".v1")
        )
    rows = [
        f"    {origin} --> {target}: {', '.join(names)}"
        for (origin, target), names in labels.items()
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", *rows, "```", ""])


def life_cycles_page() -> str:
    """The text of docs/life-cycles.md."""
    return f"""# Life cycles

Generated by `make catalogue` from the tables in the code; arrows bear the causes.

## A payment order

`LIFE_CYCLE` in `services/ledger/domain/model/orders.py` (rule 20). An order is issued by the event
that completes its conditions, of whatever type. A partial payment, and an acknowledgement that
repeats the state, change nothing of it.

{diagram(orders.LIFE_CYCLE)}
## A convention

`LIFE_CYCLE` in `services/ledger/domain/model/conventions.py` (rules 13, 17 and 32). An award
without convention has the same states.

{diagram(conventions.LIFE_CYCLE)}
## A partition task

`LIFE_CYCLE` in `services/runtime/processing/status.py`. A state is that of one partition of a
worker's input, as its status, `/partitions` and the metric `ecluse_partition_state` show it.

{diagram(status.LIFE_CYCLE)}"""


def main() -> None:
    """Write both pages."""
    ANSWERS_PAGE.write_text(answers_page(), encoding="utf-8")
    LIFE_CYCLES_PAGE.write_text(life_cycles_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
