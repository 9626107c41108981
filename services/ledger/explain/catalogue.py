"""Writes docs/refusals.md: every answer that is not a plain yes, explained (`make catalogue`)."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from events import unreadable
from events.texts import Translatable
from services.ledger.domain.model.refusals import Refusal
from services.ledger.explain.answer import Advice, Answer
from services.ledger.explain.dead_letters import DEAD_LETTERS
from services.ledger.explain.facts import meaning
from services.ledger.explain.flags import FLAGS
from services.ledger.explain.refusals import CARRIED_OVER, REFUSALS
from services.ledger.explain.sentences import PLACES
from services.ledger.explain.waits import WAITS
from services.texts.translation import Sentence, both

PAGE = Path(__file__).parents[3] / "docs" / "refusals.md"

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


def page() -> str:
    """The page as it should stand in docs/."""
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


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
