"""The explanation of an answer of the ledger."""

from dataclasses import dataclass

from events.texts import Translatable


@dataclass(frozen=True, slots=True)
class Advice:
    """An answer explained."""

    term: Translatable
    rules: tuple[int, ...]
    """The numbers in docs/rules.md; none where only its chapter on review flags says it."""
    when: Translatable
    do: Translatable
