"""Sentences for people, each in French and in English."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """One message in both languages of Écluse's users; `{name}` stands for a fact."""

    fr: str
    en: str

    def render(self, facts: Mapping[str, object]) -> "Sentence":
        """The sentence with its facts in place.

        Raises:
            KeyError: a fact that the sentence names is missing.
        """
        return Sentence(fr=self.fr.format_map(facts), en=self.en.format_map(facts))
