"""Explanation of a code of the ledger: its name, its sentence with the facts, what to do.

A module of its own, without SQL: rejections, grants, records and traces explain their codes by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from events.masking import mask
from events.texts import Translatable
from events.unreadable import Reason
from services.ledger.domain.model.answers import FlagCode, Missing
from services.ledger.explain.answers import DEAD_LETTERS, FLAGS, WAITS, Advice, flag_row
from services.ledger.explain.refusals import explain_refusal, refusal_row
from services.ledger.explain.sentences import explain_wait, flag_reason, refusal_reason
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
    return _verdict(code, text, explain_refusal(code, text), refusal_reason(code, text))


def flag_verdict(code: str, facts: Mapping[str, Any]) -> Verdict:
    """The explanation of a review flag."""
    text = flag_row({"code": code, "facts": facts})["facts"]
    return _verdict(code, text, FLAGS[FlagCode(code)], flag_reason(code, text))


def wait_verdict(kind: str, name: str | None) -> Verdict:
    """The explanation of what an event waits for."""
    facts = {"kind": kind, "id": name or ""}
    return _verdict(kind, facts, WAITS[Missing(kind)], explain_wait(facts))


def dead_letter_verdict(reason: str, facts: Mapping[str, Any]) -> Verdict:
    """Explanation of a dead letter; `reason` is `<code>: <JSON pointer>`, or the code alone."""
    code = reason.partition(":")[0]
    advice = DEAD_LETTERS[Reason(code)]
    return _verdict(code, dict(sorted(facts.items())), advice, advice.when)


def _verdict(
    code: str, facts: Mapping[str, Any], advice: Advice, sentence: Translatable
) -> Verdict:
    unmasked = both(sentence)
    shown = Sentence(fr=mask(unmasked.fr), en=mask(unmasked.en))
    return Verdict(code, mask(dict(facts)), both(advice.term), shown, both(advice.do))
