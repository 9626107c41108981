"""The explanation of an answer of the ledger."""

from dataclasses import dataclass

from events.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Advice:
    """An answer explained."""

    term: Sentence
    rules: tuple[int, ...]
    """The numbers in docs/rules.md; none where only its chapter on review flags says it."""
    when: Sentence
    do: Sentence
