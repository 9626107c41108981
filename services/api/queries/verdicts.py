"""Explanation of a code of the ledger: its name, its sentence with the facts, what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from events.masking import masked
from events.texts import Translatable
from events.unreadable import Reason
from services.ledger.domain.model.flags import FlagCode
from services.ledger.domain.model.refusals import Missing
from services.ledger.explain.answer import Advice
from services.ledger.explain.dead_letters import DEAD_LETTERS
from services.ledger.explain.flags import FLAGS, flag_row
from services.ledger.explain.refusals import explained_refusal, refusal_row
from services.ledger.explain.sentences import flag_reason, parked_sentence, refusal_reason
from services.ledger.explain.waits import WAITS
from services.texts.translation import Sentence, both


@dataclass(frozen=True, slots=True)
class Verdict:
    """A code with its facts, and what people read of it, in both languages."""

    code: str
    facts: dict[str, Any]
    term: Sentence
    """Its name."""
    sentence: Sentence
    """Explanation with its facts, without advice."""
    do: Sentence
    """Advice."""


def refusal_verdict(code: str, facts: Mapping[str, Any]) -> Verdict:
    """Explanation of a refusal."""
    text = refusal_row({"code": code, "facts": facts})["facts"]
    return _verdict(code, text, explained_refusal(code, text), refusal_reason(code, text))


def flag_verdict(code: str, facts: Mapping[str, Any]) -> Verdict:
    """The explanation of a review flag."""
    text = flag_row({"code": code, "facts": facts})["facts"]
    return _verdict(code, text, FLAGS[FlagCode(code)], flag_reason(code, text))


def wait_verdict(kind: str, name: str | None) -> Verdict:
    """The explanation of what an event waits for."""
    facts = {"kind": kind, "id": name or ""}
    return _verdict(kind, facts, WAITS[Missing(kind)], parked_sentence(facts))


def dead_letter_verdict(reason: str, facts: Mapping[str, Any]) -> Verdict:
    """Explanation of a dead letter; `reason` is `<code>: <JSON pointer>`, or the code alone."""
    code = reason.partition(":")[0]
    advice = DEAD_LETTERS[Reason(code)]
    return _verdict(code, dict(sorted(facts.items())), advice, advice.when)


def _verdict(
    code: str, facts: Mapping[str, Any], advice: Advice, sentence: Translatable
) -> Verdict:
    unmasked = both(sentence)
    shown = Sentence(fr=masked(unmasked.fr), en=masked(unmasked.en))
    return Verdict(code, masked(dict(facts)), both(advice.term), shown, both(advice.do))
