"""An answer of the ledger, explained: its name, when it is given, what to do, its sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from events.texts import Translatable
from services.ledger.domain.model.lines import line_from_row


@dataclass(frozen=True, slots=True)
class Advice:
    """A code explained."""

    term: Translatable
    rules: tuple[int, ...]
    """The numbers in docs/rules.md; none where only its chapter on review flags says it."""
    when: Translatable
    do: Translatable


@dataclass(frozen=True, slots=True)
class Answer(Advice):
    """A code with facts, and the sentence that is published with them."""

    facts: tuple[str, ...]
    """In the order in which they are printed; a decision may lack some of them."""
    sentence: Translatable
    """Statement of what happened; what to do is said behind it."""

    def row(self, recorded: Mapping[str, Any]) -> dict[str, Any]:
        """A recorded code with its facts, in the order in which the contract prints them."""
        facts = {name: recorded["facts"][name] for name in self.facts if name in recorded["facts"]}
        if "line" in facts:
            facts["line"] = line_from_row(facts["line"]).row()
        if "act" in facts:
            facts["act"] = {name: facts["act"][name] for name in ("body", "number", "date")}
        return {"code": recorded["code"], "facts": facts}
